package dev.verbena.bench.perftest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.cli.DurationConverter;
import java.io.Console;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * perftest's options about how much is measured and what is printed of it.
 *
 * <p>Threading: set by picocli, then read only.
 */
final class Measure {
    /** perftest's least number of iterations. */
    static final int ITERATIONS_MIN = 5;

    private static final String DEFAULT_FILE = "perftest_out.json";

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            description = "Bytes of a message. Default: of messages 64; else 2 for latency, 65536 for bandwidth.")
    @Nullable
    Integer size;

    @Option(
            names = {"-n", "--iters"},
            paramLabel = "COUNT",
            description = "Messages, on each queue pair. Default: 1000; for write_bw 5000.")
    @Nullable
    Integer iterations;

    @Option(
            names = {"-D", "--duration"},
            paramLabel = "SECONDS",
            description = "Run so long instead; the first and the last quarter do not count.")
    @Nullable
    Integer seconds;

    @Option(
            names = {"-F", "--CPU-freq"},
            description = "For perftest's sake: the processor's frequency does not matter here.")
    @SuppressWarnings("UnusedVariable") // times are those of the clock
    private boolean anyFrequency;

    @Option(
            names = {"-H", "--report-histogram"},
            description = "Print all times, sorted; latency only.")
    boolean sorted;

    @Option(
            names = {"-U", "--report-unsorted"},
            description = "Print all times as they came; latency only.")
    boolean unsorted;

    @Option(names = "--report_gbits", description = "Bandwidth in Gbit/s instead of MiB/s.")
    private boolean gigabits;

    @Option(names = "--out_json", description = "Write perftest's JSON to " + DEFAULT_FILE + ", or to --out_json_file.")
    private boolean perftestJson;

    @Option(names = "--out_json_file", paramLabel = "FILE", description = "Write perftest's JSON there.")
    private @Nullable Path perftestFile;

    @Option(
            names = "--rate",
            paramLabel = "COUNT",
            defaultValue = "0",
            description = "Begin so many a second, and measure from when each was due; latency only.")
    double perSecond;

    @Option(
            names = "--warm-up",
            paramLabel = "TIME",
            converter = WarmUpConverter.class,
            defaultValue = "3s",
            description =
                    "Rehearse before, at most so long: with another Verbena on both sides, with perftest within this "
                            + "process; 0 for not at all. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    Duration warmUp;

    /** A time, also none. */
    static final class WarmUpConverter implements picocli.CommandLine.ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            return value.matches("0(ms|s|m|h)?") ? Duration.ZERO : new DurationConverter().convert(value);
        }
    }

    /** How many iterations, where there is no duration. */
    int iterations(int otherwise) {
        return iterations == null ? otherwise : iterations;
    }

    /** How long, 0 for iterations. */
    int seconds() {
        return seconds == null ? 0 : seconds;
    }

    /** What does not go together; null when all does. */
    @Nullable
    String complaint(boolean latency, String command) {
        if (!latency && (sorted || unsorted || perSecond > 0)) {
            return "-H, -U and --rate are for latency, not for " + command;
        }
        if ((sorted || unsorted) && iterations != null && iterations > Times.EACH_MAX) {
            return "-H and -U go with --iters of at most " + Times.EACH_MAX;
        }
        if (seconds != null && (iterations != null || sorted || unsorted)) {
            return "--duration does not go with --iters, -H or -U";
        }
        return null;
    }

    /** Where results go. */
    @SuppressWarnings("SystemConsoleNull") // it may be null, says its documentation
    Output output(Consumer<String> lines, ObjectNode fields, BenchDocument document) {
        boolean wanted = perftestJson || perftestFile != null;
        Path file = perftestFile == null ? Path.of(DEFAULT_FILE) : perftestFile;
        Console console = System.console();
        return new Output(
                lines,
                fields,
                document,
                new PerftestJson(wanted ? file : null),
                gigabits,
                unsorted ? Output.Each.UNSORTED : sorted ? Output.Each.SORTED : Output.Each.NONE,
                console != null && console.isTerminal());
    }
}
