package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * libibverbs' control path, under C's own names. Every function returns a pointer or a value &gt;= 0, or the negative errno.
 *
 * <p>{@link #LIBRARY} says first whether the library is there; without it every function throws that sentence.
 *
 * <p>Threading: as the verbs, safe for all threads, except that an object must not be used while it is destroyed.
 */
public final class Ibverbs {
    public static final Library LIBRARY = Library.open(
            "libibverbs.so.1",
            "dev.verbena.libibverbs",
            "install rdma-core 32 or later (Debian, Ubuntu: apt install libibverbs1 ibverbs-providers;"
                    + " Fedora, RHEL: dnf install libibverbs)",
            "ibv_get_device_list",
            "ibv_free_device_list",
            "ibv_get_device_guid",
            "ibv_open_device",
            "ibv_close_device",
            "ibv_query_device",
            "ibv_query_port",
            "_ibv_query_gid_table",
            "ibv_query_pkey",
            "ibv_alloc_pd",
            "ibv_dealloc_pd",
            "ibv_reg_mr_iova2",
            "ibv_dereg_mr",
            "ibv_create_comp_channel",
            "ibv_destroy_comp_channel",
            "ibv_create_cq",
            "ibv_resize_cq",
            "ibv_destroy_cq",
            "ibv_get_cq_event",
            "ibv_ack_cq_events",
            "ibv_create_srq",
            "ibv_modify_srq",
            "ibv_query_srq",
            "ibv_destroy_srq",
            "ibv_create_qp",
            "ibv_modify_qp",
            "ibv_query_qp",
            "ibv_destroy_qp",
            "ibv_create_ah",
            "ibv_destroy_ah",
            "ibv_attach_mcast",
            "ibv_detach_mcast",
            "ibv_get_async_event",
            "ibv_ack_async_event");

    private static final MethodHandle IBV_GET_DEVICE_LIST =
            NativeCall.nullAndErrno(LIBRARY, "ibv_get_device_list", NativeCall.POINTER);
    private static final MethodHandle IBV_FREE_DEVICE_LIST =
            NativeCall.cannotFail(LIBRARY, "ibv_free_device_list", FunctionDescriptor.ofVoid(NativeCall.POINTER));
    private static final MethodHandle IBV_OPEN_DEVICE =
            NativeCall.nullAndErrno(LIBRARY, "ibv_open_device", NativeCall.POINTER);
    private static final MethodHandle IBV_CLOSE_DEVICE =
            NativeCall.minusOneAndErrno(LIBRARY, "ibv_close_device", NativeCall.POINTER);
    private static final MethodHandle IBV_QUERY_DEVICE =
            NativeCall.returnsErrno(LIBRARY, "ibv_query_device", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_QUERY_PORT =
            NativeCall.returnsErrno(LIBRARY, "ibv_query_port", NativeCall.POINTER, NativeCall.BYTE, NativeCall.POINTER);
    private static final MethodHandle IBV_QUERY_GID_TABLE = NativeCall.returnsNegativeErrno(
            LIBRARY,
            "_ibv_query_gid_table",
            NativeCall.POINTER,
            NativeCall.POINTER,
            NativeCall.LONG,
            NativeCall.INT,
            NativeCall.LONG);
    private static final MethodHandle IBV_GET_DEVICE_GUID = NativeCall.cannotFail(
            LIBRARY, "ibv_get_device_guid", FunctionDescriptor.of(NativeCall.LONG, NativeCall.POINTER));
    private static final MethodHandle IBV_QUERY_PKEY = NativeCall.minusOneAndErrno(
            LIBRARY, "ibv_query_pkey", NativeCall.POINTER, NativeCall.BYTE, NativeCall.INT, NativeCall.POINTER);
    private static final MethodHandle IBV_ALLOC_PD =
            NativeCall.nullAndErrno(LIBRARY, "ibv_alloc_pd", NativeCall.POINTER);
    private static final MethodHandle IBV_DEALLOC_PD =
            NativeCall.returnsErrno(LIBRARY, "ibv_dealloc_pd", NativeCall.POINTER);
    private static final MethodHandle IBV_REG_MR_IOVA2 = NativeCall.nullAndErrno(
            LIBRARY,
            "ibv_reg_mr_iova2",
            NativeCall.POINTER,
            NativeCall.POINTER,
            NativeCall.LONG,
            NativeCall.LONG,
            NativeCall.INT);
    private static final MethodHandle IBV_DEREG_MR =
            NativeCall.returnsErrno(LIBRARY, "ibv_dereg_mr", NativeCall.POINTER);
    private static final MethodHandle IBV_CREATE_COMP_CHANNEL =
            NativeCall.nullAndErrno(LIBRARY, "ibv_create_comp_channel", NativeCall.POINTER);
    private static final MethodHandle IBV_DESTROY_COMP_CHANNEL =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_comp_channel", NativeCall.POINTER);
    private static final MethodHandle IBV_CREATE_CQ = NativeCall.nullAndErrno(
            LIBRARY,
            "ibv_create_cq",
            NativeCall.POINTER,
            NativeCall.INT,
            NativeCall.POINTER,
            NativeCall.POINTER,
            NativeCall.INT);
    private static final MethodHandle IBV_RESIZE_CQ =
            NativeCall.returnsErrno(LIBRARY, "ibv_resize_cq", NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle IBV_DESTROY_CQ =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_cq", NativeCall.POINTER);
    private static final MethodHandle IBV_GET_CQ_EVENT = NativeCall.minusOneAndErrno(
            LIBRARY, "ibv_get_cq_event", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_ACK_CQ_EVENTS = NativeCall.cannotFail(
            LIBRARY, "ibv_ack_cq_events", FunctionDescriptor.ofVoid(NativeCall.POINTER, NativeCall.INT));
    private static final MethodHandle IBV_CREATE_SRQ =
            NativeCall.nullAndErrno(LIBRARY, "ibv_create_srq", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_MODIFY_SRQ =
            NativeCall.returnsErrno(LIBRARY, "ibv_modify_srq", NativeCall.POINTER, NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle IBV_QUERY_SRQ =
            NativeCall.returnsErrno(LIBRARY, "ibv_query_srq", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_DESTROY_SRQ =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_srq", NativeCall.POINTER);
    private static final MethodHandle IBV_CREATE_QP =
            NativeCall.nullAndErrno(LIBRARY, "ibv_create_qp", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_MODIFY_QP =
            NativeCall.returnsErrno(LIBRARY, "ibv_modify_qp", NativeCall.POINTER, NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle IBV_QUERY_QP = NativeCall.returnsErrno(
            LIBRARY, "ibv_query_qp", NativeCall.POINTER, NativeCall.POINTER, NativeCall.INT, NativeCall.POINTER);
    private static final MethodHandle IBV_DESTROY_QP =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_qp", NativeCall.POINTER);
    private static final MethodHandle IBV_CREATE_AH =
            NativeCall.nullAndErrno(LIBRARY, "ibv_create_ah", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_DESTROY_AH =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_ah", NativeCall.POINTER);
    private static final MethodHandle IBV_ATTACH_MCAST = NativeCall.returnsErrno(
            LIBRARY, "ibv_attach_mcast", NativeCall.POINTER, NativeCall.POINTER, NativeCall.SHORT);
    private static final MethodHandle IBV_DETACH_MCAST = NativeCall.returnsErrno(
            LIBRARY, "ibv_detach_mcast", NativeCall.POINTER, NativeCall.POINTER, NativeCall.SHORT);
    private static final MethodHandle IBV_GET_ASYNC_EVENT =
            NativeCall.minusOneAndErrno(LIBRARY, "ibv_get_async_event", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle IBV_ACK_ASYNC_EVENT =
            NativeCall.cannotFail(LIBRARY, "ibv_ack_async_event", FunctionDescriptor.ofVoid(NativeCall.POINTER));

    private static final MethodHandle QUERY_DEVICE_EX = NativeCall.returnsErrno(
            null, "query_device_ex", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER, NativeCall.LONG);
    private static final MethodHandle QUERY_PORT = NativeCall.returnsErrno(
            null, "query_port", NativeCall.POINTER, NativeCall.BYTE, NativeCall.POINTER, NativeCall.LONG);
    private static final MethodHandle ALLOC_MW =
            NativeCall.nullAndErrno(null, "alloc_mw", NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle BIND_MW =
            NativeCall.returnsErrno(null, "bind_mw", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle DEALLOC_MW = NativeCall.returnsErrno(null, "dealloc_mw", NativeCall.POINTER);

    private Ibverbs() {}

    public static long ibv_get_device_list(long numDevices) {
        try {
            return (long) IBV_GET_DEVICE_LIST.invokeExact(numDevices);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void ibv_free_device_list(long list) {
        try {
            IBV_FREE_DEVICE_LIST.invokeExact(list);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_open_device(long device) {
        try {
            return (long) IBV_OPEN_DEVICE.invokeExact(device);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_close_device(long context) {
        try {
            return (int) IBV_CLOSE_DEVICE.invokeExact(context);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_query_device(long context, long attr) {
        try {
            return (int) IBV_QUERY_DEVICE.invokeExact(context, attr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Fills only the old prefix of the struct: zero it first, and prefer the {@link VerbsContext} slot. */
    public static int ibv_query_port(long context, byte portNum, long attr) {
        try {
            return (int) IBV_QUERY_PORT.invokeExact(context, portNum, attr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** The function behind the inline {@code ibv_query_gid_table}: the used entries of all ports. */
    public static long ibv_query_gid_table(long context, long entries, long maxEntries, int flags, long entrySize) {
        try {
            return (long) IBV_QUERY_GID_TABLE.invokeExact(context, entries, maxEntries, flags, entrySize);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Big-endian, read as a {@code long}. */
    public static long ibv_get_device_guid(long device) {
        try {
            return (long) IBV_GET_DEVICE_GUID.invokeExact(device);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_query_pkey(long context, byte portNum, int index, long pkey) {
        try {
            return (int) IBV_QUERY_PKEY.invokeExact(context, portNum, index, pkey);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_alloc_pd(long context) {
        try {
            return (long) IBV_ALLOC_PD.invokeExact(context);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_dealloc_pd(long pd) {
        try {
            return (int) IBV_DEALLOC_PD.invokeExact(pd);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Unlike the exported {@code ibv_reg_mr} it takes the optional access flags too. */
    public static long ibv_reg_mr_iova2(long pd, long addr, long length, long iova, int access) {
        try {
            return (long) IBV_REG_MR_IOVA2.invokeExact(pd, addr, length, iova, access);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_dereg_mr(long mr) {
        try {
            return (int) IBV_DEREG_MR.invokeExact(mr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_create_comp_channel(long context) {
        try {
            return (long) IBV_CREATE_COMP_CHANNEL.invokeExact(context);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_destroy_comp_channel(long channel) {
        try {
            return (int) IBV_DESTROY_COMP_CHANNEL.invokeExact(channel);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_create_cq(long context, int cqe, long cqContext, long channel, int compVector) {
        try {
            return (long) IBV_CREATE_CQ.invokeExact(context, cqe, cqContext, channel, compVector);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_resize_cq(long cq, int cqe) {
        try {
            return (int) IBV_RESIZE_CQ.invokeExact(cq, cqe);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Waits, uninterruptibly, until every event of the queue has been acknowledged. */
    public static int ibv_destroy_cq(long cq) {
        try {
            return (int) IBV_DESTROY_CQ.invokeExact(cq);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_get_cq_event(long channel, long cq, long cqContext) {
        try {
            return (int) IBV_GET_CQ_EVENT.invokeExact(channel, cq, cqContext);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void ibv_ack_cq_events(long cq, int nevents) {
        try {
            IBV_ACK_CQ_EVENTS.invokeExact(cq, nevents);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_create_srq(long pd, long initAttr) {
        try {
            return (long) IBV_CREATE_SRQ.invokeExact(pd, initAttr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_modify_srq(long srq, long attr, int attrMask) {
        try {
            return (int) IBV_MODIFY_SRQ.invokeExact(srq, attr, attrMask);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_query_srq(long srq, long attr) {
        try {
            return (int) IBV_QUERY_SRQ.invokeExact(srq, attr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Waits, uninterruptibly, until every event of the queue has been acknowledged. */
    public static int ibv_destroy_srq(long srq) {
        try {
            return (int) IBV_DESTROY_SRQ.invokeExact(srq);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_create_qp(long pd, long initAttr) {
        try {
            return (long) IBV_CREATE_QP.invokeExact(pd, initAttr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_modify_qp(long qp, long attr, int attrMask) {
        try {
            return (int) IBV_MODIFY_QP.invokeExact(qp, attr, attrMask);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_query_qp(long qp, long attr, int attrMask, long initAttr) {
        try {
            return (int) IBV_QUERY_QP.invokeExact(qp, attr, attrMask, initAttr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Waits, uninterruptibly, until every event of the queue pair has been acknowledged. */
    public static int ibv_destroy_qp(long qp) {
        try {
            return (int) IBV_DESTROY_QP.invokeExact(qp);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long ibv_create_ah(long pd, long attr) {
        try {
            return (long) IBV_CREATE_AH.invokeExact(pd, attr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_destroy_ah(long ah) {
        try {
            return (int) IBV_DESTROY_AH.invokeExact(ah);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_attach_mcast(long qp, long gid, short lid) {
        try {
            return (int) IBV_ATTACH_MCAST.invokeExact(qp, gid, lid);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_detach_mcast(long qp, long gid, short lid) {
        try {
            return (int) IBV_DETACH_MCAST.invokeExact(qp, gid, lid);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int ibv_get_async_event(long context, long event) {
        try {
            return (int) IBV_GET_ASYNC_EVENT.invokeExact(context, event);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void ibv_ack_async_event(long event) {
        try {
            IBV_ACK_ASYNC_EVENT.invokeExact(event);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int query_device_ex(MemorySegment function, long context, long input, long attr, long attrSize) {
        try {
            return (int) QUERY_DEVICE_EX.invokeExact(function, context, input, attr, attrSize);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int query_port(MemorySegment function, long context, byte portNum, long attr, long attrSize) {
        try {
            return (int) QUERY_PORT.invokeExact(function, context, portNum, attr, attrSize);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long alloc_mw(MemorySegment function, long pd, int type) {
        try {
            return (long) ALLOC_MW.invokeExact(function, pd, type);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** For windows of type 1; those of type 2 are bound by a work request. */
    public static int bind_mw(MemorySegment function, long qp, long mw, long bind) {
        try {
            return (int) BIND_MW.invokeExact(function, qp, mw, bind);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int dealloc_mw(MemorySegment function, long mw) {
        try {
            return (int) DEALLOC_MW.invokeExact(function, mw);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }
}
