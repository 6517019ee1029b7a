package dev.verbena.verbs.rdmacore.ffi;

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

    private static final NativeCall RDMA_CREATE_EVENT_CHANNEL =
            NativeCall.nullAndErrno(LIBRARY, "rdma_create_event_channel");
    private static final NativeCall RDMA_DESTROY_EVENT_CHANNEL =
            NativeCall.cannotFail(LIBRARY, "rdma_destroy_event_channel");
    private static final NativeCall RDMA_CREATE_ID = NativeCall.minusOneAndErrno(LIBRARY, "rdma_create_id");
    private static final NativeCall RDMA_DESTROY_ID = NativeCall.minusOneAndErrno(LIBRARY, "rdma_destroy_id");
    private static final NativeCall RDMA_BIND_ADDR = NativeCall.minusOneAndErrno(LIBRARY, "rdma_bind_addr");
    private static final NativeCall RDMA_RESOLVE_ADDR = NativeCall.minusOneAndErrno(LIBRARY, "rdma_resolve_addr");
    private static final NativeCall RDMA_RESOLVE_ROUTE = NativeCall.minusOneAndErrno(LIBRARY, "rdma_resolve_route");
    private static final NativeCall RDMA_CONNECT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_connect");
    private static final NativeCall RDMA_ESTABLISH = NativeCall.minusOneAndErrno(LIBRARY, "rdma_establish");
    private static final NativeCall RDMA_LISTEN = NativeCall.minusOneAndErrno(LIBRARY, "rdma_listen");
    private static final NativeCall RDMA_ACCEPT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_accept");
    private static final NativeCall RDMA_REJECT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_reject");
    private static final NativeCall RDMA_NOTIFY = NativeCall.minusOneAndErrno(LIBRARY, "rdma_notify");
    private static final NativeCall RDMA_DISCONNECT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_disconnect");
    private static final NativeCall RDMA_JOIN_MULTICAST = NativeCall.minusOneAndErrno(LIBRARY, "rdma_join_multicast");
    private static final NativeCall RDMA_LEAVE_MULTICAST = NativeCall.minusOneAndErrno(LIBRARY, "rdma_leave_multicast");
    private static final NativeCall RDMA_GET_CM_EVENT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_get_cm_event");
    private static final NativeCall RDMA_ACK_CM_EVENT = NativeCall.minusOneAndErrno(LIBRARY, "rdma_ack_cm_event");
    private static final NativeCall RDMA_GET_SRC_PORT = NativeCall.cannotFail(LIBRARY, "rdma_get_src_port");
    private static final NativeCall RDMA_GET_DST_PORT = NativeCall.cannotFail(LIBRARY, "rdma_get_dst_port");
    private static final NativeCall RDMA_GET_DEVICES = NativeCall.nullAndErrno(LIBRARY, "rdma_get_devices");
    private static final NativeCall RDMA_FREE_DEVICES = NativeCall.cannotFail(LIBRARY, "rdma_free_devices");
    private static final NativeCall RDMA_SET_OPTION = NativeCall.minusOneAndErrno(LIBRARY, "rdma_set_option");
    private static final NativeCall RDMA_MIGRATE_ID = NativeCall.minusOneAndErrno(LIBRARY, "rdma_migrate_id");
    private static final NativeCall RDMA_INIT_QP_ATTR = NativeCall.minusOneAndErrno(LIBRARY, "rdma_init_qp_attr");
    private static final NativeCall RDMA_CREATE_QP = NativeCall.minusOneAndErrno(LIBRARY, "rdma_create_qp");
    private static final NativeCall RDMA_DESTROY_QP = NativeCall.cannotFail(LIBRARY, "rdma_destroy_qp");

    private Rdmacm() {}

    public static long rdma_create_event_channel() {
        return RDMA_CREATE_EVENT_CHANNEL.call();
    }

    public static void rdma_destroy_event_channel(long channel) {
        RDMA_DESTROY_EVENT_CHANNEL.call(channel);
    }

    public static int rdma_create_id(long channel, long id, long context, int portSpace) {
        return (int) RDMA_CREATE_ID.call(channel, id, context, portSpace);
    }

    /** Waits, uninterruptibly, until every event of the id has been acknowledged. */
    public static int rdma_destroy_id(long id) {
        return (int) RDMA_DESTROY_ID.call(id);
    }

    public static int rdma_bind_addr(long id, long address) {
        return (int) RDMA_BIND_ADDR.call(id, address);
    }

    public static int rdma_resolve_addr(long id, long sourceAddress, long destinationAddress, int timeoutMs) {
        return (int) RDMA_RESOLVE_ADDR.call(id, sourceAddress, destinationAddress, timeoutMs);
    }

    public static int rdma_resolve_route(long id, int timeoutMs) {
        return (int) RDMA_RESOLVE_ROUTE.call(id, timeoutMs);
    }

    public static int rdma_connect(long id, long connParam) {
        return (int) RDMA_CONNECT.call(id, connParam);
    }

    /** The connecting side's last word, when it made its queue pair itself. */
    public static int rdma_establish(long id) {
        return (int) RDMA_ESTABLISH.call(id);
    }

    public static int rdma_listen(long id, int backlog) {
        return (int) RDMA_LISTEN.call(id, backlog);
    }

    public static int rdma_accept(long id, long connParam) {
        return (int) RDMA_ACCEPT.call(id, connParam);
    }

    public static int rdma_reject(long id, long privateData, int privateDataLen) {
        return (int) RDMA_REJECT.call(id, privateData, privateDataLen);
    }

    public static int rdma_notify(long id, int event) {
        return (int) RDMA_NOTIFY.call(id, event);
    }

    public static int rdma_disconnect(long id) {
        return (int) RDMA_DISCONNECT.call(id);
    }

    public static int rdma_join_multicast(long id, long address, long context) {
        return (int) RDMA_JOIN_MULTICAST.call(id, address, context);
    }

    public static int rdma_leave_multicast(long id, long address) {
        return (int) RDMA_LEAVE_MULTICAST.call(id, address);
    }

    public static int rdma_get_cm_event(long channel, long event) {
        return (int) RDMA_GET_CM_EVENT.call(channel, event);
    }

    public static int rdma_ack_cm_event(long event) {
        return (int) RDMA_ACK_CM_EVENT.call(event);
    }

    /** Big-endian. */
    public static short rdma_get_src_port(long id) {
        return (short) RDMA_GET_SRC_PORT.call(id);
    }

    /** Big-endian. */
    public static short rdma_get_dst_port(long id) {
        return (short) RDMA_GET_DST_PORT.call(id);
    }

    public static long rdma_get_devices(long numDevices) {
        return RDMA_GET_DEVICES.call(numDevices);
    }

    public static void rdma_free_devices(long list) {
        RDMA_FREE_DEVICES.call(list);
    }

    public static int rdma_set_option(long id, int level, int optname, long optval, long optlen) {
        return (int) RDMA_SET_OPTION.call(id, level, optname, optval, optlen);
    }

    public static int rdma_migrate_id(long id, long channel) {
        return (int) RDMA_MIGRATE_ID.call(id, channel);
    }

    public static int rdma_init_qp_attr(long id, long qpAttr, long qpAttrMask) {
        return (int) RDMA_INIT_QP_ATTR.call(id, qpAttr, qpAttrMask);
    }

    public static int rdma_create_qp(long id, long pd, long initAttr) {
        return (int) RDMA_CREATE_QP.call(id, pd, initAttr);
    }

    public static void rdma_destroy_qp(long id) {
        RDMA_DESTROY_QP.call(id);
    }
}
