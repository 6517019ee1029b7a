package dev.verbena.queuepair;

import org.jspecify.annotations.Nullable;

/**
 * Why a connection ended or did not come about: one reason, given to everything that was under way on it.
 *
 * <p>Threading: immutable.
 */
public final class ConnectionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Kinds of ends. */
    public enum Reason {
        /** This side closed it. */
        CLOSED,
        /** The peer closed it in good order. */
        PEER_CLOSED,
        /** The peer is gone or does not answer. */
        PEER_LOST,
        /** The peer refused the connection, or nobody listens. */
        REFUSED,
        /** Time was over. */
        TIMEOUT,
        /** The peer sent what the protocol does not allow. */
        PROTOCOL,
        /** The device reported an error. */
        DEVICE,
        /** The program's handler threw. */
        HANDLER,
        /** Too much is waiting to be sent: the program does not heed back pressure. */
        BACK_PRESSURE,
        /** The peer did not take a long message. */
        REJECTED
    }

    private final Reason reason;

    /** An end with an explanation, and what led to it if that was an exception. */
    public ConnectionException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** An end with an explanation. */
    public ConnectionException(Reason reason, String message) {
        this(reason, message, null);
    }

    /** Its kind. */
    public Reason reason() {
        return reason;
    }

    /** Whether one of the sides wanted it. */
    public boolean isOrderly() {
        return reason == Reason.CLOSED || reason == Reason.PEER_CLOSED;
    }
}
