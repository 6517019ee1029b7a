package dev.verbena.verbs;

/**
 * Kinds of asynchronous events, in the order of {@code enum ibv_event_type}; see ibv_get_async_event(3).
 *
 * <p>Threading: immutable.
 */
public enum AsyncEventType {
    CQ_ERR,
    QP_FATAL,
    QP_REQ_ERR,
    QP_ACCESS_ERR,
    COMM_EST,
    SQ_DRAINED,
    PATH_MIG,
    PATH_MIG_ERR,
    DEVICE_FATAL,
    PORT_ACTIVE,
    PORT_ERR,
    LID_CHANGE,
    PKEY_CHANGE,
    SM_CHANGE,
    SRQ_ERR,
    SRQ_LIMIT_REACHED,
    QP_LAST_WQE_REACHED,
    CLIENT_REREGISTER,
    GID_CHANGE,
    WQ_FATAL,
    /** A kind that this version does not know. */
    UNKNOWN;

    private static final AsyncEventType[] VALUES = values();

    /** The kind with a number of the C enum; {@link #UNKNOWN} for a foreign one. */
    public static AsyncEventType of(int code) {
        return code >= 0 && code < VALUES.length - 1 ? VALUES[code] : UNKNOWN;
    }
}
