package dev.verbena.verbs;

/**
 * The states of a queue pair; see ibv_modify_qp(3).
 *
 * <p>Threading: immutable.
 */
public enum QueuePairState {
    RESET,
    INIT,
    /** RTR. */
    READY_TO_RECEIVE,
    /** RTS. */
    READY_TO_SEND,
    /** SQD: the send queue drains; new requests wait. */
    SEND_QUEUE_DRAINED,
    /** SQE: a send failed on UC or UD; receives go on. */
    SEND_QUEUE_ERROR,
    ERROR,
    /** A state that this version does not know. */
    UNKNOWN;

    private static final QueuePairState[] VALUES = values();

    /** The number of {@code enum ibv_qp_state}. */
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    public int code() {
        return ordinal();
    }

    /** The state with a number of {@code enum ibv_qp_state}; {@link #UNKNOWN} for a foreign one. */
    public static QueuePairState of(int code) {
        return code >= 0 && code < VALUES.length ? VALUES[code] : UNKNOWN;
    }

    /** Whether a send request may be posted. */
    public boolean maySend() {
        return this == READY_TO_SEND || this == SEND_QUEUE_DRAINED || this == SEND_QUEUE_ERROR || this == ERROR;
    }

    /** Whether a receive request may be posted. */
    public boolean mayReceive() {
        return this != RESET && this != UNKNOWN;
    }
}
