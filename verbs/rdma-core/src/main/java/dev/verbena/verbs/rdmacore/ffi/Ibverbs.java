package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.MemorySegment;

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

    private static final NativeCall IBV_GET_DEVICE_LIST = NativeCall.nullAndErrno(LIBRARY, "ibv_get_device_list");
    private static final NativeCall IBV_FREE_DEVICE_LIST = NativeCall.cannotFail(LIBRARY, "ibv_free_device_list");
    private static final NativeCall IBV_OPEN_DEVICE = NativeCall.nullAndErrno(LIBRARY, "ibv_open_device");
    private static final NativeCall IBV_CLOSE_DEVICE = NativeCall.minusOneAndErrno(LIBRARY, "ibv_close_device");
    private static final NativeCall IBV_QUERY_DEVICE = NativeCall.returnsErrno(LIBRARY, "ibv_query_device");
    private static final NativeCall IBV_QUERY_PORT = NativeCall.returnsErrno(LIBRARY, "ibv_query_port");
    private static final NativeCall IBV_QUERY_GID_TABLE =
            NativeCall.returnsNegativeErrno(LIBRARY, "_ibv_query_gid_table");
    private static final NativeCall IBV_GET_DEVICE_GUID = NativeCall.cannotFail(LIBRARY, "ibv_get_device_guid");
    private static final NativeCall IBV_QUERY_PKEY = NativeCall.minusOneAndErrno(LIBRARY, "ibv_query_pkey");
    private static final NativeCall IBV_ALLOC_PD = NativeCall.nullAndErrno(LIBRARY, "ibv_alloc_pd");
    private static final NativeCall IBV_DEALLOC_PD = NativeCall.returnsErrno(LIBRARY, "ibv_dealloc_pd");
    private static final NativeCall IBV_REG_MR_IOVA2 = NativeCall.nullAndErrno(LIBRARY, "ibv_reg_mr_iova2");
    private static final NativeCall IBV_DEREG_MR = NativeCall.returnsErrno(LIBRARY, "ibv_dereg_mr");
    private static final NativeCall IBV_CREATE_COMP_CHANNEL =
            NativeCall.nullAndErrno(LIBRARY, "ibv_create_comp_channel");
    private static final NativeCall IBV_DESTROY_COMP_CHANNEL =
            NativeCall.returnsErrno(LIBRARY, "ibv_destroy_comp_channel");
    private static final NativeCall IBV_CREATE_CQ = NativeCall.nullAndErrno(LIBRARY, "ibv_create_cq");
    private static final NativeCall IBV_RESIZE_CQ = NativeCall.returnsErrno(LIBRARY, "ibv_resize_cq");
    private static final NativeCall IBV_DESTROY_CQ = NativeCall.returnsErrno(LIBRARY, "ibv_destroy_cq");
    private static final NativeCall IBV_GET_CQ_EVENT = NativeCall.minusOneAndErrno(LIBRARY, "ibv_get_cq_event");
    private static final NativeCall IBV_ACK_CQ_EVENTS = NativeCall.cannotFail(LIBRARY, "ibv_ack_cq_events");
    private static final NativeCall IBV_CREATE_SRQ = NativeCall.nullAndErrno(LIBRARY, "ibv_create_srq");
    private static final NativeCall IBV_MODIFY_SRQ = NativeCall.returnsErrno(LIBRARY, "ibv_modify_srq");
    private static final NativeCall IBV_QUERY_SRQ = NativeCall.returnsErrno(LIBRARY, "ibv_query_srq");
    private static final NativeCall IBV_DESTROY_SRQ = NativeCall.returnsErrno(LIBRARY, "ibv_destroy_srq");
    private static final NativeCall IBV_CREATE_QP = NativeCall.nullAndErrno(LIBRARY, "ibv_create_qp");
    private static final NativeCall IBV_MODIFY_QP = NativeCall.returnsErrno(LIBRARY, "ibv_modify_qp");
    private static final NativeCall IBV_QUERY_QP = NativeCall.returnsErrno(LIBRARY, "ibv_query_qp");
    private static final NativeCall IBV_DESTROY_QP = NativeCall.returnsErrno(LIBRARY, "ibv_destroy_qp");
    private static final NativeCall IBV_CREATE_AH = NativeCall.nullAndErrno(LIBRARY, "ibv_create_ah");
    private static final NativeCall IBV_DESTROY_AH = NativeCall.returnsErrno(LIBRARY, "ibv_destroy_ah");
    private static final NativeCall IBV_ATTACH_MCAST = NativeCall.returnsErrno(LIBRARY, "ibv_attach_mcast");
    private static final NativeCall IBV_DETACH_MCAST = NativeCall.returnsErrno(LIBRARY, "ibv_detach_mcast");
    private static final NativeCall IBV_GET_ASYNC_EVENT = NativeCall.minusOneAndErrno(LIBRARY, "ibv_get_async_event");
    private static final NativeCall IBV_ACK_ASYNC_EVENT = NativeCall.cannotFail(LIBRARY, "ibv_ack_async_event");

    private static final NativeCall QUERY_DEVICE_EX = NativeCall.returnsErrno();
    private static final NativeCall QUERY_PORT = NativeCall.returnsErrno();
    private static final NativeCall ALLOC_MW = NativeCall.nullAndErrno();
    private static final NativeCall BIND_MW = NativeCall.returnsErrno();
    private static final NativeCall DEALLOC_MW = NativeCall.returnsErrno();

    private Ibverbs() {}

    public static long ibv_get_device_list(long numDevices) {
        return IBV_GET_DEVICE_LIST.call(numDevices);
    }

    public static void ibv_free_device_list(long list) {
        IBV_FREE_DEVICE_LIST.call(list);
    }

    public static long ibv_open_device(long device) {
        return IBV_OPEN_DEVICE.call(device);
    }

    public static int ibv_close_device(long context) {
        return (int) IBV_CLOSE_DEVICE.call(context);
    }

    public static int ibv_query_device(long context, long attr) {
        return (int) IBV_QUERY_DEVICE.call(context, attr);
    }

    /** Fills only the old prefix of the struct: zero it first, and prefer the {@link VerbsContext} slot. */
    public static int ibv_query_port(long context, int portNum, long attr) {
        return (int) IBV_QUERY_PORT.call(context, portNum, attr);
    }

    /** The function behind the inline {@code ibv_query_gid_table}: the used entries of all ports. */
    public static long ibv_query_gid_table(long context, long entries, long maxEntries, int flags, long entrySize) {
        return IBV_QUERY_GID_TABLE.call(context, entries, maxEntries, flags, entrySize);
    }

    /** Big-endian, read as a {@code long}. */
    public static long ibv_get_device_guid(long device) {
        return IBV_GET_DEVICE_GUID.call(device);
    }

    public static int ibv_query_pkey(long context, int portNum, int index, long pkey) {
        return (int) IBV_QUERY_PKEY.call(context, portNum, index, pkey);
    }

    public static long ibv_alloc_pd(long context) {
        return IBV_ALLOC_PD.call(context);
    }

    public static int ibv_dealloc_pd(long pd) {
        return (int) IBV_DEALLOC_PD.call(pd);
    }

    /** Unlike the exported {@code ibv_reg_mr} it takes the optional access flags too. */
    public static long ibv_reg_mr_iova2(long pd, long addr, long length, long iova, int access) {
        return IBV_REG_MR_IOVA2.call(pd, addr, length, iova, access);
    }

    public static int ibv_dereg_mr(long mr) {
        return (int) IBV_DEREG_MR.call(mr);
    }

    public static long ibv_create_comp_channel(long context) {
        return IBV_CREATE_COMP_CHANNEL.call(context);
    }

    public static int ibv_destroy_comp_channel(long channel) {
        return (int) IBV_DESTROY_COMP_CHANNEL.call(channel);
    }

    public static long ibv_create_cq(long context, int cqe, long cqContext, long channel, int compVector) {
        return IBV_CREATE_CQ.call(context, cqe, cqContext, channel, compVector);
    }

    public static int ibv_resize_cq(long cq, int cqe) {
        return (int) IBV_RESIZE_CQ.call(cq, cqe);
    }

    /** Waits, uninterruptibly, until every event of the queue has been acknowledged. */
    public static int ibv_destroy_cq(long cq) {
        return (int) IBV_DESTROY_CQ.call(cq);
    }

    public static int ibv_get_cq_event(long channel, long cq, long cqContext) {
        return (int) IBV_GET_CQ_EVENT.call(channel, cq, cqContext);
    }

    public static void ibv_ack_cq_events(long cq, int nevents) {
        IBV_ACK_CQ_EVENTS.call(cq, nevents);
    }

    public static long ibv_create_srq(long pd, long initAttr) {
        return IBV_CREATE_SRQ.call(pd, initAttr);
    }

    public static int ibv_modify_srq(long srq, long attr, int attrMask) {
        return (int) IBV_MODIFY_SRQ.call(srq, attr, attrMask);
    }

    public static int ibv_query_srq(long srq, long attr) {
        return (int) IBV_QUERY_SRQ.call(srq, attr);
    }

    /** Waits, uninterruptibly, until every event of the queue has been acknowledged. */
    public static int ibv_destroy_srq(long srq) {
        return (int) IBV_DESTROY_SRQ.call(srq);
    }

    public static long ibv_create_qp(long pd, long initAttr) {
        return IBV_CREATE_QP.call(pd, initAttr);
    }

    public static int ibv_modify_qp(long qp, long attr, int attrMask) {
        return (int) IBV_MODIFY_QP.call(qp, attr, attrMask);
    }

    public static int ibv_query_qp(long qp, long attr, int attrMask, long initAttr) {
        return (int) IBV_QUERY_QP.call(qp, attr, attrMask, initAttr);
    }

    /** Waits, uninterruptibly, until every event of the queue pair has been acknowledged. */
    public static int ibv_destroy_qp(long qp) {
        return (int) IBV_DESTROY_QP.call(qp);
    }

    public static long ibv_create_ah(long pd, long attr) {
        return IBV_CREATE_AH.call(pd, attr);
    }

    public static int ibv_destroy_ah(long ah) {
        return (int) IBV_DESTROY_AH.call(ah);
    }

    public static int ibv_attach_mcast(long qp, long gid, int lid) {
        return (int) IBV_ATTACH_MCAST.call(qp, gid, lid);
    }

    public static int ibv_detach_mcast(long qp, long gid, int lid) {
        return (int) IBV_DETACH_MCAST.call(qp, gid, lid);
    }

    public static int ibv_get_async_event(long context, long event) {
        return (int) IBV_GET_ASYNC_EVENT.call(context, event);
    }

    public static void ibv_ack_async_event(long event) {
        IBV_ACK_ASYNC_EVENT.call(event);
    }

    public static int query_device_ex(MemorySegment function, long context, long input, long attr, long attrSize) {
        return (int) QUERY_DEVICE_EX.callAt(function, context, input, attr, attrSize);
    }

    public static int query_port(MemorySegment function, long context, int portNum, long attr, long attrSize) {
        return (int) QUERY_PORT.callAt(function, context, portNum, attr, attrSize);
    }

    public static long alloc_mw(MemorySegment function, long pd, int type) {
        return ALLOC_MW.callAt(function, pd, type);
    }

    /** For windows of type 1; those of type 2 are bound by a work request. */
    public static int bind_mw(MemorySegment function, long qp, long mw, long bind) {
        return (int) BIND_MW.callAt(function, qp, mw, bind);
    }

    public static int dealloc_mw(MemorySegment function, long mw) {
        return (int) DEALLOC_MW.callAt(function, mw);
    }
}
