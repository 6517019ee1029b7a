package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/**
 * librdmacm, under C's own names. Every function returns a pointer or a value &gt;= 0, or the negative errno.
 *
 * <p>{@link #LIBRARY} says first whether the library is there; without it every function throws that sentence.
 *
 * <p>Threading: safe for all threads, except that an id must not be used while it is destroyed.
 */
public final class Rdmacm {
    public static final Library LIBRARY = Library.open(
            "librdmacm.so.1",
            "dev.verbena.librdmacm",
            "install rdma-core 32 or later (Debian, Ubuntu: apt install librdmacm1; Fedora, RHEL: dnf install librdmacm)",
            "rdma_create_event_channel",
            "rdma_destroy_event_channel",
            "rdma_create_id",
            "rdma_destroy_id",
            "rdma_bind_addr",
            "rdma_resolve_addr",
            "rdma_resolve_route",
            "rdma_connect",
            "rdma_establish",
            "rdma_listen",
            "rdma_accept",
            "rdma_reject",
            "rdma_notify",
            "rdma_disconnect",
            "rdma_join_multicast",
            "rdma_leave_multicast",
            "rdma_get_cm_event",
            "rdma_ack_cm_event",
            "rdma_get_src_port",
            "rdma_get_dst_port",
            "rdma_get_devices",
            "rdma_free_devices",
            "rdma_set_option",
            "rdma_migrate_id",
            "rdma_init_qp_attr",
            "rdma_create_qp",
            "rdma_destroy_qp");

    private static final MethodHandle RDMA_CREATE_EVENT_CHANNEL =
            NativeCall.nullAndErrno(LIBRARY, "rdma_create_event_channel");
    private static final MethodHandle RDMA_DESTROY_EVENT_CHANNEL =
            NativeCall.cannotFail(LIBRARY, "rdma_destroy_event_channel", FunctionDescriptor.ofVoid(NativeCall.POINTER));
    private static final MethodHandle RDMA_CREATE_ID = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_create_id", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle RDMA_DESTROY_ID =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_destroy_id", NativeCall.POINTER);
    private static final MethodHandle RDMA_BIND_ADDR =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_bind_addr", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_RESOLVE_ADDR = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_resolve_addr", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle RDMA_RESOLVE_ROUTE =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_resolve_route", NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle RDMA_CONNECT =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_connect", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_ESTABLISH =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_establish", NativeCall.POINTER);
    private static final MethodHandle RDMA_LISTEN =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_listen", NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle RDMA_ACCEPT =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_accept", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_REJECT = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_reject", NativeCall.POINTER, NativeCall.POINTER, NativeCall.BYTE);
    private static final MethodHandle RDMA_NOTIFY =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_notify", NativeCall.POINTER, NativeCall.INT);
    private static final MethodHandle RDMA_DISCONNECT =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_disconnect", NativeCall.POINTER);
    private static final MethodHandle RDMA_JOIN_MULTICAST = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_join_multicast", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_LEAVE_MULTICAST =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_leave_multicast", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_GET_CM_EVENT =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_get_cm_event", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_ACK_CM_EVENT =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_ack_cm_event", NativeCall.POINTER);
    private static final MethodHandle RDMA_GET_SRC_PORT = NativeCall.cannotFail(
            LIBRARY, "rdma_get_src_port", FunctionDescriptor.of(NativeCall.SHORT, NativeCall.POINTER));
    private static final MethodHandle RDMA_GET_DST_PORT = NativeCall.cannotFail(
            LIBRARY, "rdma_get_dst_port", FunctionDescriptor.of(NativeCall.SHORT, NativeCall.POINTER));
    private static final MethodHandle RDMA_GET_DEVICES =
            NativeCall.nullAndErrno(LIBRARY, "rdma_get_devices", NativeCall.POINTER);
    private static final MethodHandle RDMA_FREE_DEVICES =
            NativeCall.cannotFail(LIBRARY, "rdma_free_devices", FunctionDescriptor.ofVoid(NativeCall.POINTER));
    private static final MethodHandle RDMA_SET_OPTION = NativeCall.minusOneAndErrno(
            LIBRARY,
            "rdma_set_option",
            NativeCall.POINTER,
            NativeCall.INT,
            NativeCall.INT,
            NativeCall.POINTER,
            NativeCall.LONG);
    private static final MethodHandle RDMA_MIGRATE_ID =
            NativeCall.minusOneAndErrno(LIBRARY, "rdma_migrate_id", NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_INIT_QP_ATTR = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_init_qp_attr", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_CREATE_QP = NativeCall.minusOneAndErrno(
            LIBRARY, "rdma_create_qp", NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final MethodHandle RDMA_DESTROY_QP =
            NativeCall.cannotFail(LIBRARY, "rdma_destroy_qp", FunctionDescriptor.ofVoid(NativeCall.POINTER));

    private Rdmacm() {}

    public static long rdma_create_event_channel() {
        try {
            return (long) RDMA_CREATE_EVENT_CHANNEL.invokeExact();
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void rdma_destroy_event_channel(long channel) {
        try {
            RDMA_DESTROY_EVENT_CHANNEL.invokeExact(channel);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_create_id(long channel, long id, long context, int portSpace) {
        try {
            return (int) RDMA_CREATE_ID.invokeExact(channel, id, context, portSpace);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Waits, uninterruptibly, until every event of the id has been acknowledged. */
    public static int rdma_destroy_id(long id) {
        try {
            return (int) RDMA_DESTROY_ID.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_bind_addr(long id, long address) {
        try {
            return (int) RDMA_BIND_ADDR.invokeExact(id, address);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_resolve_addr(long id, long sourceAddress, long destinationAddress, int timeoutMs) {
        try {
            return (int) RDMA_RESOLVE_ADDR.invokeExact(id, sourceAddress, destinationAddress, timeoutMs);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_resolve_route(long id, int timeoutMs) {
        try {
            return (int) RDMA_RESOLVE_ROUTE.invokeExact(id, timeoutMs);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_connect(long id, long connParam) {
        try {
            return (int) RDMA_CONNECT.invokeExact(id, connParam);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** The connecting side's last word, when it made its queue pair itself. */
    public static int rdma_establish(long id) {
        try {
            return (int) RDMA_ESTABLISH.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_listen(long id, int backlog) {
        try {
            return (int) RDMA_LISTEN.invokeExact(id, backlog);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_accept(long id, long connParam) {
        try {
            return (int) RDMA_ACCEPT.invokeExact(id, connParam);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_reject(long id, long privateData, byte privateDataLen) {
        try {
            return (int) RDMA_REJECT.invokeExact(id, privateData, privateDataLen);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_notify(long id, int event) {
        try {
            return (int) RDMA_NOTIFY.invokeExact(id, event);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_disconnect(long id) {
        try {
            return (int) RDMA_DISCONNECT.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_join_multicast(long id, long address, long context) {
        try {
            return (int) RDMA_JOIN_MULTICAST.invokeExact(id, address, context);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_leave_multicast(long id, long address) {
        try {
            return (int) RDMA_LEAVE_MULTICAST.invokeExact(id, address);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_get_cm_event(long channel, long event) {
        try {
            return (int) RDMA_GET_CM_EVENT.invokeExact(channel, event);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_ack_cm_event(long event) {
        try {
            return (int) RDMA_ACK_CM_EVENT.invokeExact(event);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Big-endian. */
    public static short rdma_get_src_port(long id) {
        try {
            return (short) RDMA_GET_SRC_PORT.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Big-endian. */
    public static short rdma_get_dst_port(long id) {
        try {
            return (short) RDMA_GET_DST_PORT.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long rdma_get_devices(long numDevices) {
        try {
            return (long) RDMA_GET_DEVICES.invokeExact(numDevices);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void rdma_free_devices(long list) {
        try {
            RDMA_FREE_DEVICES.invokeExact(list);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_set_option(long id, int level, int optname, long optval, long optlen) {
        try {
            return (int) RDMA_SET_OPTION.invokeExact(id, level, optname, optval, optlen);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_migrate_id(long id, long channel) {
        try {
            return (int) RDMA_MIGRATE_ID.invokeExact(id, channel);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_init_qp_attr(long id, long qpAttr, long qpAttrMask) {
        try {
            return (int) RDMA_INIT_QP_ATTR.invokeExact(id, qpAttr, qpAttrMask);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int rdma_create_qp(long id, long pd, long initAttr) {
        try {
            return (int) RDMA_CREATE_QP.invokeExact(id, pd, initAttr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static void rdma_destroy_qp(long id) {
        try {
            RDMA_DESTROY_QP.invokeExact(id);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }
}
