package dev.verbena.verbs.rdmacore.ffi;

/**
 * What {@code ibv_get_async_event} fills in.
 *
 * <pre>{@code
 * struct ibv_async_event {
 *        0  union { struct ibv_cq *; struct ibv_qp *; struct ibv_srq *; struct ibv_wq *; int port_num; } element;
 *        8  enum ibv_event_type                                                                          event_type;
 * }  size 16
 * }</pre>
 */
@CStruct("struct ibv_async_event")
public final class IbvAsyncEvent {
    @CStruct.SizeOf
    public static final int SIZE = 16;

    @CStruct.Offset(value = "element", bytes = 8)
    static final int ELEMENT = 0;

    @CStruct.Offset(value = "event_type", bytes = 4)
    static final int EVENT_TYPE = 8;

    @CStruct.Value
    public static final int IBV_EVENT_CQ_ERR = 0;

    @CStruct.Value
    public static final int IBV_EVENT_QP_FATAL = 1;

    @CStruct.Value
    public static final int IBV_EVENT_QP_REQ_ERR = 2;

    @CStruct.Value
    public static final int IBV_EVENT_QP_ACCESS_ERR = 3;

    @CStruct.Value
    public static final int IBV_EVENT_COMM_EST = 4;

    @CStruct.Value
    public static final int IBV_EVENT_SQ_DRAINED = 5;

    @CStruct.Value
    public static final int IBV_EVENT_PATH_MIG = 6;

    @CStruct.Value
    public static final int IBV_EVENT_PATH_MIG_ERR = 7;

    @CStruct.Value
    public static final int IBV_EVENT_DEVICE_FATAL = 8;

    @CStruct.Value
    public static final int IBV_EVENT_PORT_ACTIVE = 9;

    @CStruct.Value
    public static final int IBV_EVENT_PORT_ERR = 10;

    @CStruct.Value
    public static final int IBV_EVENT_LID_CHANGE = 11;

    @CStruct.Value
    public static final int IBV_EVENT_PKEY_CHANGE = 12;

    @CStruct.Value
    public static final int IBV_EVENT_SM_CHANGE = 13;

    @CStruct.Value
    public static final int IBV_EVENT_SRQ_ERR = 14;

    @CStruct.Value
    public static final int IBV_EVENT_SRQ_LIMIT_REACHED = 15;

    @CStruct.Value
    public static final int IBV_EVENT_QP_LAST_WQE_REACHED = 16;

    @CStruct.Value
    public static final int IBV_EVENT_CLIENT_REREGISTER = 17;

    @CStruct.Value
    public static final int IBV_EVENT_GID_CHANGE = 18;

    @CStruct.Value
    public static final int IBV_EVENT_WQ_FATAL = 19;

    private IbvAsyncEvent() {}

    public static long element(long event) {
        return Memory.getLong(event + ELEMENT);
    }

    public static void element(long event, long value) {
        Memory.putLong(event + ELEMENT, value);
    }

    public static int eventType(long event) {
        return Memory.getInt(event + EVENT_TYPE);
    }

    public static void eventType(long event, int value) {
        Memory.putInt(event + EVENT_TYPE, value);
    }
}
