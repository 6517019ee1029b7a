package dev.verbena.cli;

import java.time.Duration;
import picocli.CommandLine.Option;

/**
 * How long a command with two sides waits: an option mixin, set by picocli before the command runs.
 *
 * <p>Threading: written once, before anybody reads it.
 */
public final class Timeouts {
    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            defaultValue = "60s",
            description = "How long any one wait for the other side may take. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private Duration step;

    @Option(
            names = "--accept-timeout",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            defaultValue = "10m",
            description = "How long a server waits for a client. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // as above
    private Duration accept;

    /** Made by picocli, with the command that has it. */
    public Timeouts() {}

    /** Longest wait for the other side. */
    public Duration step() {
        return step;
    }

    /** Longest wait of a server for a client. */
    public Duration accept() {
        return accept;
    }
}
