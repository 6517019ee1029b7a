package dev.verbena.cli;

import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why a command did not do what it was asked to: one line for a person, a code for a program, and the exit code.
 *
 * <p>Threading: immutable.
 */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    static final String LAB_HINT = "./verbena lab demo shows Verbena on Soft-RoCE without RDMA hardware";

    /** Kinds of failure; their names are the codes in a JSON document. */
    public enum Code {
        /** It ran and failed. */
        FAILED(ExitCodes.FAILED),
        /** Data arrived that is not what was sent. */
        NOT_VERIFIED(ExitCodes.FAILED),
        /** The command line cannot be understood. */
        USAGE(ExitCodes.USAGE),
        /** There is no usable provider or device. */
        NO_DEVICE(ExitCodes.NO_DEVICE),
        /** The peer said no, or nobody listens. */
        PEER_REFUSED(ExitCodes.PEER),
        /** The peer cannot be reached. */
        PEER_UNREACHABLE(ExitCodes.PEER),
        /** The peer was there and is gone. */
        PEER_LOST(ExitCodes.PEER),
        /** The peer did not do in time what it should. */
        TIMEOUT(ExitCodes.PEER),
        /** Ctrl-C. */
        INTERRUPTED(ExitCodes.INTERRUPTED);

        private final int exitCode;

        Code(int exitCode) {
            this.exitCode = exitCode;
        }

        int exitCode() {
            return exitCode;
        }
    }

    private final Code code;
    private final String hint;

    /**
     * A failure whose mending is unknown.
     *
     * @param code its kind
     * @param message what happened
     */
    public Failure(Code code, String message) {
        this(code, message, "", null);
    }

    /**
     * A failure.
     *
     * @param code its kind
     * @param message what happened
     * @param hint how to mend it
     */
    public Failure(Code code, String message, String hint) {
        this(code, message, hint, null);
    }

    /**
     * A failure that follows from another.
     *
     * @param code its kind
     * @param message what happened
     * @param hint how to mend it, empty when unknown
     * @param cause why
     */
    public Failure(Code code, String message, String hint, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.hint = hint;
    }

    /**
     * Its kind.
     *
     * @return the code of the document
     */
    public Code code() {
        return code;
    }

    /** What happened. */
    String text() {
        return String.valueOf(getMessage());
    }

    /** How to mend it, empty when unknown. */
    String hint() {
        return hint;
    }

    /** The one line for a person. */
    String line() {
        return hint.isEmpty() ? text() : text() + "; " + hint;
    }

    /** What an exception means to the one who typed the command. */
    static Failure of(Throwable e) {
        return switch (e) {
            case Failure failure -> failure;
            case VerbsException verbs -> of(verbs);
            case InterruptedException interrupted -> new Failure(Code.INTERRUPTED, "interrupted", "", interrupted);
            default -> new Failure(Code.FAILED, e.getMessage() == null ? e.toString() : e.getMessage(), "", e);
        };
    }

    private static Failure of(VerbsException e) {
        Code code = switch (e.errno()) {
            case Errno.ENODEV, Errno.ENOSYS -> Code.NO_DEVICE;
            case Errno.EACCES, Errno.EPERM -> e.verb().equals("ibv_open_device") ? Code.NO_DEVICE : Code.FAILED;
            case Errno.EADDRNOTAVAIL -> Code.NO_DEVICE;
            case Errno.ETIMEDOUT -> Code.TIMEOUT;
            case Errno.ECONNREFUSED -> Code.PEER_REFUSED;
            case Errno.ECONNRESET -> Code.PEER_LOST;
            case Errno.ENETUNREACH, Errno.EHOSTUNREACH -> Code.PEER_UNREACHABLE;
            default -> Code.FAILED;
        };
        return new Failure(code, String.valueOf(e.getMessage()), "", e);
    }

    /**
     * What the error of a request says about the peer.
     *
     * @param status the error of its completion
     * @return {@link Code#PEER_LOST} also for REM_OP_ERR: a process that is killed loses its memory before its queue
     *     pairs
     */
    public static Code codeOf(CompletionStatus status) {
        return switch (status) {
            case WR_FLUSH_ERR, RETRY_EXC_ERR, RNR_RETRY_EXC_ERR, RESP_TIMEOUT_ERR, REM_ABORT_ERR, REM_OP_ERR ->
                Code.PEER_LOST;
            case REM_ACCESS_ERR, REM_INV_REQ_ERR, REM_INV_RD_REQ_ERR -> Code.PEER_REFUSED;
            default -> Code.FAILED;
        };
    }

    /**
     * What a failed step of the connection manager means.
     *
     * @param event that says it
     * @param peer for people
     * @return the failure
     */
    public static Failure of(ConnectionEvent event, String peer) {
        int errno = Math.abs(event.status());
        return switch (event.type()) {
            case REJECTED -> new Failure(Code.PEER_REFUSED, peer + " refused the connection: " + event.explain());
            case DISCONNECTED -> new Failure(Code.PEER_LOST, peer + " ended the connection");
            case ADDR_ERROR, ROUTE_ERROR ->
                new Failure(
                        errno == Errno.ENODEV || errno == Errno.EADDRNOTAVAIL ? Code.NO_DEVICE : Code.PEER_UNREACHABLE,
                        peer + " cannot be reached: " + event.explain());
            case DEVICE_REMOVAL -> new Failure(Code.NO_DEVICE, "the device is gone");
            default -> new Failure(Code.PEER_UNREACHABLE, peer + " cannot be reached: " + event.explain());
        };
    }

    /**
     * A wait that took too long.
     *
     * @param what was waited for
     * @param waited how long
     * @return to be thrown
     */
    public static Failure timeout(String what, Duration waited) {
        return new Failure(
                Code.TIMEOUT, what + " did not come within " + DurationConverter.text(waited), "--timeout allows more");
    }
}
