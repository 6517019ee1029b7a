package dev.verbena.cli;

/**
 * How a command says how it went.
 *
 * <p>Threading: constants.
 */
public final class ExitCodes {
    /** The command did what it was asked to. */
    public static final int OK = 0;

    /** It ran, and what it ran failed: data not verified, a check that says FAIL. */
    public static final int FAILED = 1;

    /** The command line cannot be understood. */
    public static final int USAGE = 2;

    /** There is no provider or device that could do it. */
    public static final int NO_DEVICE = 3;

    /** The peer refused, was lost or did not answer in time. */
    public static final int PEER = 4;

    /** Ctrl-C; what the JVM itself ends with on SIGINT. */
    public static final int INTERRUPTED = 130;

    private ExitCodes() {}
}
