package dev.verbena.softroce;

import java.util.List;

/**
 * What a command in a container did.
 *
 * @param command the command
 * @param exitCode its exit code; 124 when its time was over, 137 when it was killed
 * @param out its standard output
 * @param err its standard error
 */
public record CommandResult(List<String> command, int exitCode, String out, String err) {
    /** Of {@code timeout}, which ends commands whose time is over. */
    static final int TIMED_OUT = 124;

    public CommandResult {
        command = List.copyOf(command);
    }

    public boolean timedOut() {
        return exitCode == TIMED_OUT;
    }

    /**
     * Returns this, if the command succeeded.
     *
     * @throws AssertionError with all it printed, if not
     */
    public CommandResult requireSuccess() {
        if (exitCode != 0) {
            throw new AssertionError(this);
        }
        return this;
    }

    @Override
    public String toString() {
        return String.join(" ", command) + ": exit code " + exitCode + (timedOut() ? " (its time was over)" : "")
                + "\n--- standard output\n" + out + "--- standard error\n" + err;
    }
}
