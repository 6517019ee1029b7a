package dev.verbena.bench.perftest;

import dev.verbena.bench.BenchmarkCommand;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.cli.DurationConverter;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.QueuePairType;
import java.io.Console;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * One of perftest's benchmarks, with perftest's options.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        sortOptions = false,
        footer = {
            "",
            "Without HOST it is the server. Either side may be perftest's own program.",
            "",
            "Examples:",
            "  verbena bench ${COMMAND-NAME} --local",
            "  verbena bench ${COMMAND-NAME} -d rxe1             (the server)",
            "  verbena bench ${COMMAND-NAME} -d rxe0 10.7.0.2    (the client)",
            "  ib_${COMMAND-NAME} -d rxe0 -x 1 10.7.0.2          (perftest's client)"
        })
public final class PerftestCommand extends BenchmarkCommand {
    private static final int LARGE_BYTES = 8192;
    private static final int MODERATION = 100;
    private static final int MEASURED_MIN = 5;
    private static final String DEFAULT_FILE = "perftest_out.json";

    private final Test test;

    @Option(
            names = {"-i", "--ib-port"},
            paramLabel = "PORT",
            defaultValue = "1",
            description = "Port of the device. Default: ${DEFAULT-VALUE}.")
    private int ibPort;

    @Option(
            names = {"-x", "--gid-index"},
            paramLabel = "INDEX",
            description = "Index of the port's GID. Default: the one that 'verbena gids' shows as chosen.")
    private @Nullable Integer gidIndex;

    @Option(
            names = {"-c", "--connection"},
            paramLabel = "RC|UC|UD",
            defaultValue = "RC",
            description = "Transport service. Default: ${DEFAULT-VALUE}.")
    private Connection connection = Connection.RC;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            description = "Bytes of a message. Default: 2 for latency, 65536 for bandwidth, 8 for atomics.")
    private @Nullable Integer size;

    @Option(
            names = {"-a", "--all"},
            description = "Run over sizes from 2 to 2^23; over datagrams to the MTU.")
    private boolean all;

    @Option(
            names = {"-n", "--iters"},
            paramLabel = "COUNT",
            description = "Messages, on each queue pair. Default: 1000; for write_bw 5000.")
    private @Nullable Integer iterations;

    @Option(
            names = {"-D", "--duration"},
            paramLabel = "SECONDS",
            description = "Run so long instead; the first and the last quarter do not count.")
    private @Nullable Integer seconds;

    @Option(
            names = {"-m", "--mtu"},
            paramLabel = "BYTES",
            description = "MTU of the path: 256, 512, 1024, 2048 or 4096. Default: the port's.")
    private @Nullable Integer mtu;

    @Option(
            names = {"-q", "--qp"},
            paramLabel = "COUNT",
            defaultValue = "1",
            description = "Queue pairs, bandwidth only. Default: ${DEFAULT-VALUE}.")
    private int queuePairs;

    @Option(
            names = {"-t", "--tx-depth"},
            paramLabel = "COUNT",
            description = "Requests under way on a queue pair, bandwidth only. Default: 128.")
    private @Nullable Integer sendSlots;

    @Option(
            names = {"-r", "--rx-depth"},
            paramLabel = "COUNT",
            description = "Receives posted on a queue pair, send only. Default: 512.")
    private @Nullable Integer receiveSlots;

    @Option(
            names = {"-I", "--inline_size"},
            paramLabel = "BYTES",
            description = "Greatest message that is sent inline. Default: what the device takes, at most perftest's.")
    private @Nullable Integer inlineBytes;

    @Option(
            names = {"-l", "--post_list"},
            paramLabel = "COUNT",
            defaultValue = "1",
            description = "Requests posted at once, bandwidth only. Default: ${DEFAULT-VALUE}.")
    private int postList;

    @Option(
            names = {"-Q", "--cq-mod"},
            paramLabel = "COUNT",
            description = "Every how many-th request has a completion, bandwidth only. Default: 100; above 8 KiB 1.")
    private @Nullable Integer moderation;

    @Option(
            names = {"-e", "--events"},
            description = "Sleep until there are completions instead of polling.")
    private boolean events;

    @Option(
            names = {"-b", "--bidirectional"},
            description = "Both sides send at once, bandwidth only.")
    private boolean bothWays;

    @Option(
            names = {"-F", "--CPU-freq"},
            description = "For perftest's sake: the processor's frequency does not matter here.")
    @SuppressWarnings("UnusedVariable") // times are those of the clock
    private boolean anyFrequency;

    @Option(
            names = {"-H", "--report-histogram"},
            description = "Print all times, sorted; latency only.")
    private boolean sorted;

    @Option(
            names = {"-U", "--report-unsorted"},
            description = "Print all times as they came; latency only.")
    private boolean unsorted;

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
    private double perSecond;

    @Option(
            names = "--warm-up",
            paramLabel = "TIME",
            description =
                    "Rehearse before, at most so long: with another Verbena on both sides, with perftest within this "
                            + "process; 0 for not at all. Default: 3s.")
    private @Nullable String warmUp;

    /**
     * The command of a benchmark.
     *
     * @param test which one
     */
    public PerftestCommand(Test test) {
        this.test = test;
    }

    /** Transport services, as people write them. */
    enum Connection {
        RC,
        UC,
        UD
    }

    @Override
    protected void check() {
        super.check();
        within("--ib-port", ibPort, 1, 255);
        within("--size", size == null ? 1 : size, 1, Settings.LAST_OF_ALL);
        within("--iters", iterations == null ? MEASURED_MIN : iterations, MEASURED_MIN, 100_000_000);
        within("--duration", seconds == null ? 1 : seconds, 1, 86_400);
        within("--qp", queuePairs, 1, 16_384);
        within("--tx-depth", sendSlots == null ? 1 : sendSlots, 1, 15_000);
        within("--rx-depth", receiveSlots == null ? 1 : receiveSlots, 1, 16_384);
        within("--inline_size", inlineBytes == null ? 0 : inlineBytes, 0, 912);
        within("--post_list", postList, 1, 15_000);
        within("--cq-mod", moderation == null ? 1 : moderation, 1, 1024);
        within("--gid-index", gidIndex == null ? 0 : gidIndex, 0, 65_535);
        within("--rate", (long) Math.ceil(perSecond), 0, 100_000_000);
        checkTogether();
        if (pathMtu() == Mtu.UNKNOWN && mtu != null) {
            throw usage("--mtu " + mtu + " is none of 256, 512, 1024, 2048, 4096");
        }
    }

    private void checkTogether() {
        if (test.isLatency()
                && (queuePairs > 1 || postList > 1 || moderation != null || bothWays || sendSlots != null)) {
            throw usage("--qp, --tx-depth, --post_list, --cq-mod and --bidirectional are for bandwidth, not for "
                    + test.command());
        }
        if (!test.isLatency() && (sorted || unsorted || perSecond > 0)) {
            throw usage("-H, -U and --rate are for latency, not for " + test.command());
        }
        if ((sorted || unsorted) && settingsIterations() > Times.EACH_MAX) {
            throw usage("-H and -U go with --iters of at most " + Times.EACH_MAX);
        }
        if (test.verb() == Verb.ATOMIC && (all || (size != null && size != Long.BYTES))) {
            throw usage("an atomic has 8 bytes: --size and --all do not go with " + test.command());
        }
        if (seconds != null && (all || iterations != null || sorted || unsorted)) {
            throw usage("--duration does not go with --all, --iters, -H or -U");
        }
        if ((connection == Connection.UD && test.verb() != Verb.SEND)
                || (connection == Connection.UC && test.verb().isRequest())) {
            throw usage(connection + " queue pairs have no " + test.verb().title());
        }
        if (seconds == null && settingsIterations() % postList != 0) {
            throw usage("--iters " + settingsIterations() + " is no multiple of --post_list " + postList);
        }
        if (moderation != null && postList > 1 && postList % moderation != 0) {
            throw usage("--post_list " + postList + " is no multiple of --cq-mod " + moderation);
        }
        if (postList > slots()) {
            throw usage("--post_list " + postList + " is more than --tx-depth " + slots());
        }
    }

    private int settingsIterations() {
        return iterations == null ? test.defaultIterations() : iterations;
    }

    private int slots() {
        int slots = sendSlots == null ? test.defaultSendSlots() : sendSlots;
        return seconds == null ? Math.min(slots, settingsIterations()) : slots;
    }

    private Mtu pathMtu() {
        for (Mtu candidate : Mtu.values()) {
            if (mtu != null && candidate.bytes() == mtu && candidate != Mtu.UNKNOWN) {
                return candidate;
            }
        }
        return Mtu.UNKNOWN;
    }

    private Settings settings(Mtu active) {
        int bytes = all ? Settings.LAST_OF_ALL : size == null ? test.defaultBytes() : size;
        if (connection == Connection.UD && bytes > active.bytes()) {
            if (size != null && !all) {
                throw usage("--size " + bytes + " is more than a datagram carries: " + active.bytes());
            }
            bytes = active.bytes();
        }
        int slots = slots();
        int receives = receiveSlots == null ? test.defaultReceiveSlots() : receiveSlots;
        int every = moderation != null
                ? moderation
                : postList > 1 ? postList : bytes > LARGE_BYTES && !all && !events ? 1 : MODERATION;
        return new Settings(
                test,
                isClient(),
                bytes,
                all,
                seconds == null ? settingsIterations() : 0,
                seconds == null ? 0 : seconds,
                queuePairs,
                slots,
                seconds == null && test.verb() == Verb.SEND ? Math.min(receives, settingsIterations()) : receives,
                inlineBytes == null ? -1 : inlineBytes,
                postList,
                Math.min(every, slots),
                QueuePairType.valueOf(connection.name()),
                events,
                bothWays,
                pathMtu(),
                perSecond,
                timeout());
    }

    @Override
    protected void measure(Report report, BenchDocument document) throws InterruptedException {
        Device device = device(provider());
        try (Context context = device.open()) {
            GidEntry gid = gid(context);
            PortAttributes port = context.queryPort(ibPort);
            boolean routed = port.linkLayer() != PortAttributes.LinkLayer.INFINIBAND || gidIndex != null;
            Settings settings = settings(pathMtu() == Mtu.UNKNOWN ? port.activeMtu() : pathMtu());
            if (pathMtu() != Mtu.UNKNOWN && pathMtu().bytes() > port.activeMtu().bytes()) {
                throw usage("--mtu " + mtu + " is more than the active MTU of " + device.name() + ": "
                        + port.activeMtu().bytes());
            }
            try (PeerChannel channel = meet()) {
                Session session =
                        new Session(settings, context, gid, routed, channel, warmUpTime(), output(report, document));
                onStop(session.run()::stop);
                session.play();
            } catch (Run.Stopped e) {
                throw new Failure(
                        Failure.Code.INTERRUPTED, "interrupted; the results above are of what there was", "", e);
            }
        }
    }

    private Duration warmUpTime() {
        if (warmUp == null) {
            return Duration.ofSeconds(3);
        }
        try {
            return warmUp.matches("0[a-z]*") ? Duration.ZERO : new DurationConverter().convert(warmUp);
        } catch (picocli.CommandLine.TypeConversionException e) {
            throw usage("--warm-up: " + e.getMessage());
        }
    }

    @SuppressWarnings("SystemConsoleNull") // it may be null, says its documentation
    private Output output(Report report, BenchDocument document) {
        boolean wanted = perftestJson || perftestFile != null;
        Path file = perftestFile == null ? Path.of(DEFAULT_FILE) : perftestFile;
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        return new Output(
                this::say,
                report.fields(),
                document,
                new PerftestJson(wanted ? file : null),
                gigabits,
                unsorted ? Output.Each.UNSORTED : sorted ? Output.Each.SORTED : Output.Each.NONE,
                terminal);
    }

    private PeerChannel meet() throws InterruptedException {
        return isClient()
                ? PeerChannel.connect(server(), timeout(), isPatient())
                : PeerChannel.accept(port(), acceptTimeout(), timeout(), () -> {
                    say("");
                    say("************************************");
                    say("* Waiting for client to connect... *");
                    say("************************************");
                });
    }

    private GidEntry gid(Context context) {
        if (gidIndex == null) {
            return context.chooseGid(ibPort, null);
        }
        return context.queryGids(ibPort).stream()
                .filter(entry -> entry.index() == gidIndex && !entry.gid().isZero())
                .findFirst()
                .orElseThrow(() -> new Failure(
                        Failure.Code.NO_DEVICE,
                        context + " has no GID with index " + gidIndex + " at port " + ibPort,
                        "'verbena gids' lists them"));
    }
}
