package dev.verbena.verbs;

/**
 * What a post answers when it does not take a request. A refusal is a value, not an exception: the caller polls
 * completions and posts again. Programming errors (a wrong state, a closed object, too many entries) throw instead.
 *
 * <p>Threading: constants and pure functions.
 */
public final class Refusal {
    /** The send queue has no free slot: poll completions, then post again. */
    public static final int SEND_QUEUE_FULL = -1;
    /** The receive queue, or the shared receive queue, has no free slot. */
    public static final int RECEIVE_QUEUE_FULL = -2;
    /** The device refused for a reason of its own; {@link QueuePair#lastErrno()} names it. */
    public static final int DEVICE_ERROR = -3;

    private Refusal() {}

    /** The name of a refusal. */
    public static String name(int refusal) {
        return switch (refusal) {
            case SEND_QUEUE_FULL -> "SEND_QUEUE_FULL";
            case RECEIVE_QUEUE_FULL -> "RECEIVE_QUEUE_FULL";
            case DEVICE_ERROR -> "DEVICE_ERROR";
            default -> "UNKNOWN(" + refusal + ")";
        };
    }
}
