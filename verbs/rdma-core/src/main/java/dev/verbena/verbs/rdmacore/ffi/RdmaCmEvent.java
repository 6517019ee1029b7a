package dev.verbena.verbs.rdmacore.ffi;

/**
 * One event of rdma_cm. It must be acknowledged, and is gone afterwards.
 *
 * <pre>{@code
 * struct rdma_cm_event {
 *        0  struct rdma_cm_id *     id;
 *        8  struct rdma_cm_id *     listen_id;
 *       16  enum rdma_cm_event_type event;
 *       20  int                     status;
 *       24  struct rdma_conn_param  param.conn;
 *       24  struct rdma_ud_param    param.ud;
 * }  size 80
 * }</pre>
 */
@CStruct("struct rdma_cm_event")
public final class RdmaCmEvent {
    @CStruct.SizeOf
    public static final int SIZE = 80;

    @CStruct.Offset(value = "id", bytes = 8)
    static final int ID = 0;

    @CStruct.Offset(value = "listen_id", bytes = 8)
    static final int LISTEN_ID = 8;

    @CStruct.Offset(value = "event", bytes = 4)
    static final int EVENT = 16;

    @CStruct.Offset(value = "status", bytes = 4)
    static final int STATUS = 20;

    @CStruct.Offset(value = "param.conn", bytes = 24)
    static final int CONN = 24;

    @CStruct.Offset(value = "param.ud", bytes = 56)
    static final int UD = 24;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ADDR_RESOLVED = 0;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ADDR_ERROR = 1;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ROUTE_RESOLVED = 2;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ROUTE_ERROR = 3;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_CONNECT_REQUEST = 4;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_CONNECT_RESPONSE = 5;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_CONNECT_ERROR = 6;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_UNREACHABLE = 7;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_REJECTED = 8;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ESTABLISHED = 9;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_DISCONNECTED = 10;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_DEVICE_REMOVAL = 11;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_MULTICAST_JOIN = 12;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_MULTICAST_ERROR = 13;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_ADDR_CHANGE = 14;

    @CStruct.Value
    public static final int RDMA_CM_EVENT_TIMEWAIT_EXIT = 15;

    private RdmaCmEvent() {}

    public static long id(long event) {
        return Memory.getLong(event + ID);
    }

    public static long listenId(long event) {
        return Memory.getLong(event + LISTEN_ID);
    }

    public static int event(long event) {
        return Memory.getInt(event + EVENT);
    }

    public static int status(long event) {
        return Memory.getInt(event + STATUS);
    }

    /** The address of the nested {@code struct rdma_conn_param}. */
    public static long conn(long event) {
        return event + CONN;
    }

    /** The address of the nested {@code struct rdma_ud_param}. */
    public static long ud(long event) {
        return event + UD;
    }
}
