package dev.verbena.bench.perftest;

import dev.verbena.bench.BenchmarkCommand;
import dev.verbena.bench.Pinning;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairType;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code msg_lat} and {@code msg_bw}: what perftest measures of SENDs, of the messages that the core makes of them. Their
 * columns are the same; the protocol is the core's own.
 *
 * <p>Threading: runs on the main thread, which drives the manager's loop.
 */
@Command(
        sortOptions = false,
        footer = {
            "",
            "Without HOST it is the server, which needs no other options than -d and -p.",
            "",
            "Examples:",
            "  verbena bench ${COMMAND-NAME} --local -s 64",
            "  verbena bench ${COMMAND-NAME} -d rxe1             (the server)",
            "  verbena bench ${COMMAND-NAME} -d rxe0 10.7.0.2    (the client)"
        })
public final class MessageCommand extends BenchmarkCommand {
    private static final int BYTES = 64;
    private static final int BYTES_MAX = 1 << 23;
    private static final int LATENCY_ITERATIONS = 1000;
    private static final int BANDWIDTH_ITERATIONS = 5000;

    private final boolean latency;

    @Mixin
    private final Measure measure = new Measure();

    /**
     * The command of a benchmark.
     *
     * @param latency whether it is {@code msg_lat}
     */
    public MessageCommand(boolean latency) {
        this.latency = latency;
    }

    /**
     * The command's name.
     *
     * @return {@code msg_lat} or {@code msg_bw}
     */
    public String command() {
        return latency ? "msg_lat" : "msg_bw";
    }

    @Override
    protected void check() {
        super.check();
        within("--size", measure.size == null ? 1 : measure.size, 1, BYTES_MAX);
        within("--iters", measure.iterations(Measure.ITERATIONS_MIN), Measure.ITERATIONS_MIN, 100_000_000);
        within("--duration", measure.seconds == null ? 1 : measure.seconds, 1, 86_400);
        within("--rate", (long) Math.ceil(measure.perSecond), 0, 100_000_000);
        String complaint = measure.complaint(latency, command());
        if (complaint != null) {
            throw usage(complaint);
        }
    }

    /** The part of the settings that messages have. */
    private Settings settings(int iterations, int seconds, double perSecond) {
        int bytes = measure.size == null ? BYTES : measure.size;
        return new Settings(
                latency ? Test.SEND_LAT : Test.SEND_BW,
                isClient(),
                bytes,
                false,
                iterations,
                seconds,
                1,
                1,
                1,
                0,
                1,
                1,
                QueuePairType.RC,
                false,
                false,
                false,
                Mtu.UNKNOWN,
                perSecond,
                timeout());
    }

    @Override
    protected void measure(Report report, BenchDocument document) throws InterruptedException {
        Device device = device(provider());
        Output output = measure.output(this::say, report.fields(), document);
        try (QueuePairManager manager = QueuePairManager.open(new QueuePairManagerConfig()
                .device(device.name())
                .waitingPolicy(WaitingPolicy.APPLICATION)
                .connectTimeout(timeout()))) {
            Run run = new Run(isClient() ? timeout() : acceptTimeout());
            onStop(run::stop);
            if (isClient()) {
                Connection connection = connect(manager, server(), run);
                document.peer("Verbena on " + server().getHostString());
                client(new MessageLoops(manager, connection, run), run, output);
            } else {
                new MessageLoops(manager, accept(manager, run), run).serve();
                document.conditions("what the client did", Pinning.own());
            }
        } catch (Run.Stopped e) {
            throw new Failure(Failure.Code.INTERRUPTED, "interrupted; the results above are of what there was", "", e);
        }
    }

    private Connection connect(QueuePairManager manager, InetSocketAddress server, Run run)
            throws InterruptedException {
        long end = System.nanoTime() + timeout().toNanos();
        while (true) {
            CompletableFuture<Connection> future = manager.connect(server);
            int empty = 0;
            while (!future.isDone()) {
                empty = manager.loops().getFirst().poll() > 0 ? 0 : run.idle(empty, "the connection");
            }
            try {
                return future.get();
            } catch (ExecutionException e) {
                boolean early = e.getCause() instanceof ConnectionException refused
                        && refused.reason() == ConnectionException.Reason.REFUSED;
                if (!early || !isPatient() || System.nanoTime() - end > 0) {
                    throw new Failure(
                            early ? Failure.Code.PEER_REFUSED : Failure.Code.PEER_UNREACHABLE,
                            why(e),
                            "start the same benchmark without HOST there first",
                            e);
                }
            }
        }
    }

    private static String why(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
    }

    private Connection accept(QueuePairManager manager, Run run) {
        AtomicReference<Connection> accepted = new AtomicReference<>();
        try (Listener _ = manager.listen(new InetSocketAddress(port()), accepted::set)) {
            say("* Waiting for client to connect... *");
            Connection connection = null;
            int empty = 0;
            while (connection == null) {
                empty = manager.loops().getFirst().poll() > 0 ? 0 : run.idle(empty, "a client");
                connection = accepted.get();
            }
            return connection;
        }
    }

    private void client(MessageLoops loops, Run run, Output output) {
        output.document().conditions(rehearse(loops), Pinning.own());
        int iterations =
                measure.seconds == null ? measure.iterations(latency ? LATENCY_ITERATIONS : BANDWIDTH_ITERATIONS) : 0;
        Settings settings = settings(iterations, measure.seconds(), measure.perSecond);
        output.say(" " + (latency ? "Message Latency Test" : "Message BW Test") + ", RC, one connection");
        Run.Stopped stopped = null;
        if (latency) {
            output.say(settings.isDuration() ? LatencyResult.DURATION_HEADING : LatencyResult.HEADING);
            Times times = new Times(settings);
            Cost cost = new Cost();
            try (Progress _ = output.progress(run, iterations, settings.seconds())) {
                loops.echo(settings, times);
            } catch (Run.Stopped e) {
                stopped = e;
            }
            cost.stop();
            if (times.count() > 3) {
                output.latency(settings, times, cost);
            }
        } else {
            output.say(BandwidthResult.heading(output.gigabits()));
            Rates rates = new Rates(settings, false);
            Cost cost = new Cost();
            try (Progress _ = output.progress(run, iterations, settings.seconds())) {
                loops.flood(settings, rates);
            } catch (Run.Stopped e) {
                stopped = e;
            }
            cost.stop();
            if (stopped == null) {
                output.bandwidth(settings, rates, cost, BandwidthResult.of(settings.bytes(), rates, output.gigabits()));
            }
        }
        if (stopped != null) {
            throw stopped;
        }
        loops.end();
    }

    private String rehearse(MessageLoops loops) {
        if (measure.warmUp.isZero()) {
            return "none";
        }
        Rehearsal rehearsal = new Rehearsal(settings(LATENCY_ITERATIONS, 0, 0), measure.warmUp);
        while (!rehearsal.isEnough()) {
            Settings turn = settings(rehearsal.next(), 0, 0);
            long before = System.nanoTime();
            if (latency) {
                loops.echo(turn, new Times(turn));
            } else {
                loops.flood(turn, new Rates(turn, false));
            }
            rehearsal.took(turn.iterations(), System.nanoTime() - before);
        }
        return rehearsal.describe("with the other side");
    }
}
