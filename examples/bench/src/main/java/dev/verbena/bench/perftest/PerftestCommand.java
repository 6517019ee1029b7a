package dev.verbena.bench.perftest;

import dev.verbena.bench.BenchmarkCommand;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.spi.VerbsProvider;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "Without HOST it is the server.",
            "",
            "Examples:",
            "  verbena bench ${COMMAND-NAME} --local",
            "  verbena bench ${COMMAND-NAME} -d rxe1             (the server)",
            "  verbena bench ${COMMAND-NAME} -d rxe0 10.7.0.2    (the client)"
        })
public final class PerftestCommand extends BenchmarkCommand {
    private static final int LARGE_BYTES = 8192;
    private static final int MODERATION = 100;

    private final Test test;

    @Mixin
    private final Measure measure = new Measure();

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
            names = {"-a", "--all"},
            description = "Run over sizes from 2 to 2^23; over datagrams to the MTU.")
    private boolean all;

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
            names = {"-R", "--rdma_cm"},
            description =
                    "Exchange and connect through the connection manager instead of TCP; RC only, and HOST is an address"
                            + " of the RDMA device.")
    private boolean byManager;

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
        within("--size", measure.size == null ? 1 : measure.size, 1, Settings.LAST_OF_ALL);
        within("--iters", measure.iterations(Measure.ITERATIONS_MIN), Measure.ITERATIONS_MIN, 100_000_000);
        within("--duration", measure.seconds == null ? 1 : measure.seconds, 1, 86_400);
        within("--rate", (long) Math.ceil(measure.perSecond), 0, 100_000_000);
        within("--ib-port", ibPort, 1, 255);
        within("--qp", queuePairs, 1, 16_384);
        within("--tx-depth", sendSlots == null ? 1 : sendSlots, 1, 15_000);
        within("--rx-depth", receiveSlots == null ? 1 : receiveSlots, 1, 16_384);
        within("--inline_size", inlineBytes == null ? 0 : inlineBytes, 0, 912);
        within("--post_list", postList, 1, 15_000);
        within("--cq-mod", moderation == null ? 1 : moderation, 1, 1024);
        within("--gid-index", gidIndex == null ? 0 : gidIndex, 0, 65_535);
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
        if (byManager && connection != Connection.RC) {
            throw usage("-R goes with -c RC, not with " + connection);
        }
        String complaint = measure.complaint(test.isLatency(), test.command());
        if (complaint != null) {
            throw usage(complaint);
        }
        if (measure.seconds != null && all) {
            throw usage("--duration does not go with --all");
        }
        if (test.verb() == Verb.ATOMIC && (all || (measure.size != null && measure.size != Long.BYTES))) {
            throw usage("an atomic has 8 bytes: --size and --all do not go with " + test.command());
        }
        if ((connection == Connection.UD && test.verb() != Verb.SEND)
                || (connection == Connection.UC && test.verb().isRequest())) {
            throw usage(connection + " queue pairs have no " + test.verb().title());
        }
        if (measure.seconds == null && settingsIterations() % postList != 0) {
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
        return measure.iterations(test.defaultIterations());
    }

    private int slots() {
        int slots = sendSlots == null ? test.defaultSendSlots() : sendSlots;
        return measure.seconds == null ? Math.min(slots, settingsIterations()) : slots;
    }

    private Mtu pathMtu() {
        return mtu == null ? Mtu.UNKNOWN : mtuOf(mtu);
    }

    private Settings settings(Mtu active) {
        int bytes = all ? Settings.LAST_OF_ALL : measure.size == null ? test.defaultBytes() : measure.size;
        if (connection == Connection.UD && bytes > active.bytes()) {
            if (measure.size != null && !all) {
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
                measure.seconds == null ? settingsIterations() : 0,
                measure.seconds(),
                queuePairs,
                slots,
                measure.seconds == null && test.verb() == Verb.SEND
                        ? Math.min(receives, settingsIterations())
                        : receives,
                inlineBytes == null ? -1 : inlineBytes,
                postList,
                Math.min(every, slots),
                QueuePairType.valueOf(connection.name()),
                events,
                bothWays,
                byManager,
                pathMtu(),
                // The server answers; it is the client that keeps to a rate.
                isClient() ? measure.perSecond : 0,
                timeout());
    }

    @Override
    protected void measure(Report report, BenchDocument document) throws InterruptedException {
        VerbsProvider provider = provider();
        if (byManager) {
            // The device is the one that the peer is reached through.
            try (CmChannel channel = isClient()
                    ? CmChannel.connect(provider, server(), timeout(), isPatient())
                    : CmChannel.accept(provider, port(), acceptTimeout(), timeout(), this::sayWaiting)) {
                if (deviceName != null && !deviceName.equals(channel.deviceName())) {
                    throw usage("-d " + deviceName + ": with -R the way to " + channel.name()
                            + " decides, and it goes through " + channel.deviceName());
                }
                try (Context context = device(provider, channel.deviceName()).open()) {
                    channel.open(context);
                    play(report, document, context, () -> channel);
                }
            }
            return;
        }
        Device device = device(provider);
        try (Context context = device.open()) {
            play(report, document, context, this::meet);
        }
    }

    /** Where the other side comes from. */
    private interface Meeting {
        PeerChannel meet() throws InterruptedException;
    }

    private void play(Report report, BenchDocument document, Context context, Meeting meeting)
            throws InterruptedException {
        GidEntry gid = gid(context, ibPort, gidIndex);
        PortAttributes port = context.queryPort(ibPort);
        boolean routed = port.linkLayer() != PortAttributes.LinkLayer.INFINIBAND || gidIndex != null;
        Settings settings = settings(pathMtu() == Mtu.UNKNOWN ? port.activeMtu() : pathMtu());
        if (pathMtu() != Mtu.UNKNOWN && pathMtu().bytes() > port.activeMtu().bytes()) {
            throw usage("--mtu " + mtu + " is more than the active MTU of "
                    + context.device().name() + ": " + port.activeMtu().bytes());
        }
        try (PeerChannel channel = meeting.meet()) {
            Session session = new Session(
                    settings,
                    context,
                    gid,
                    routed,
                    channel,
                    measure.warmUp,
                    measure.output(this::say, report.fields(), document));
            onStop(session.run()::stop);
            session.play();
        } catch (Run.Stopped e) {
            throw new Failure(Failure.Code.INTERRUPTED, "interrupted; the results above are of what there was", "", e);
        }
    }

    private PeerChannel meet() throws InterruptedException {
        return isClient()
                ? TcpChannel.connect(server(), timeout(), isPatient())
                : TcpChannel.accept(port(), acceptTimeout(), timeout(), this::sayWaiting);
    }

    private void sayWaiting() {
        say("");
        say("************************************");
        say("* Waiting for client to connect... *");
        say("************************************");
    }
}
