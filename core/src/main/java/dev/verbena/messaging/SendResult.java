package dev.verbena.messaging;

/**
 * What a {@code try...} of sending answers when it does not take the message. The caller still has it.
 *
 * <p>Threading: constants and pure functions.
 */
public final class SendResult {
    /** It was taken. */
    public static final int SENT = 0;
    /** No credit or no slot: try again after the loop has turned. */
    public static final int BACK_PRESSURED = -1;
    /** The connection is closed or closing. */
    public static final int CLOSED = -2;
    /** Longer than can be claimed. */
    public static final int TOO_LONG = -3;

    private SendResult() {}

    /** The name of a result. */
    public static String name(long result) {
        if (result >= 0) {
            return "SENT";
        }
        return switch ((int) result) {
            case BACK_PRESSURED -> "BACK_PRESSURED";
            case CLOSED -> "CLOSED";
            case TOO_LONG -> "TOO_LONG";
            default -> "UNKNOWN(" + result + ")";
        };
    }
}
