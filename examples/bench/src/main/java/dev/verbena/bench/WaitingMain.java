package dev.verbena.bench;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * What does waiting cost, by polling, by polling and then sleeping, and by sleeping? Expected: a poller answers within a
 * microsecond and takes a whole processor, a sleeper tens of microseconds and nothing while nothing comes; who polls for a while
 * first does as a poller while messages follow each other, and as a sleeper otherwise.
 *
 * <p>Two processes, bound to a processor each: {@code java -cp verbena-bench.jar dev.verbena.bench.WaitingMain}. Times are half
 * of a round trip of 64 bytes; processor time is that of the whole answering process.
 *
 * <p>Threading: one thread a side.
 */
final class WaitingMain {
    private static final int BYTES = 64;
    private static final int OVER = -1;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long PHASE_NS = 3_000_000_000L;
    /** Some tens of microseconds. */
    private static final int POLLS_BEFORE_SLEEP = 1000;

    private static final int ROUNDS_MAX = 1 << 23;

    private final Mode mode;
    private final CompletionChannel channel;
    private final CompletionQueue cq;
    private final QueuePair qp;
    private final MemoryRegion memory;
    private final WorkCompletions completions = new WorkCompletions(4);
    private boolean armed;

    /** How a side waits. */
    private enum Mode {
        POLL,
        POLL_THEN_SLEEP,
        SLEEP
    }

    private WaitingMain(Mode mode, Context context) {
        this.mode = mode;
        ProtectionDomain pd = context.allocateProtectionDomain();
        channel = context.createCompletionChannel();
        cq = context.createCompletionQueue(64, channel, 0);
        qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
        memory = pd.allocate(BYTES, AccessFlags.LOCAL_WRITE);
    }

    /** Measures, or answers whoever measures: mode and port. */
    public static void main(String[] args) throws Exception {
        if (args.length == 2) {
            LocalPair.endWithStandardInput();
            answer(Mode.valueOf(args[0]), Integer.parseInt(args[1]));
            return;
        }
        PrintStream out = System.out;
        out.println(
                "waiting           one way: median     99 %   every ms: median     99 %   processor: busy   every ms   idle");
        for (Mode mode : Mode.values()) {
            measure(mode, out);
        }
        System.exit(0);
    }

    // ---------------------------------------------------------------- both sides

    private void post() {
        Endpoint.taken(qp.postReceive(1, memory.address(), BYTES, memory.lkey()));
    }

    private void send(int immediate) {
        Endpoint.taken(
                qp.postSendWithImmediate(2, memory.address(), BYTES, memory.lkey(), immediate, SendFlags.SIGNALED));
    }

    /** Waits for a message; answers its immediate data. */
    private int await() throws InterruptedException {
        for (int empty = 0; ; empty++) {
            int polled = cq.poll(completions);
            for (int index = 0; index < polled; index++) {
                completions.requireSuccess(index);
                if (completions.isReceive(index)) {
                    int immediate = completions.immediate(index);
                    post();
                    return immediate;
                }
            }
            if (polled > 0) {
                empty = 0;
            } else if (mode == Mode.POLL || (mode == Mode.POLL_THEN_SLEEP && empty < POLLS_BEFORE_SLEEP)) {
                Thread.onSpinWait();
            } else if (armed) {
                CompletionQueue _ = channel.await(PATIENCE);
                armed = false;
            } else {
                // What came before it was armed is polled once more.
                cq.requestNotify(false);
                armed = true;
            }
        }
    }

    private static ConnectionEvent next(EventChannel events, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = events.await(PATIENCE);
        if (event == null || event.type() != type) {
            throw new IllegalStateException("expected " + type + ", there came " + event);
        }
        return event;
    }

    // ---------------------------------------------------------------- the other process

    private static void answer(Mode mode, int port) throws InterruptedException {
        try (Context context = Verbs.open("embedded0");
                EventChannel events = EventChannel.open(Verbs.provider("embedded"))) {
            WaitingMain side = new WaitingMain(mode, context);
            ConnectionId id = events.createId(PortSpace.TCP);
            id.resolveAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE);
            next(events, ConnectionEventType.ADDR_RESOLVED);
            id.resolveRoute(PATIENCE);
            next(events, ConnectionEventType.ROUTE_RESOLVED);
            id.attach(side.qp);
            side.post();
            side.post();
            id.connect(ConnectionParameters.DEFAULT);
            next(events, ConnectionEventType.ESTABLISHED);
            while (side.await() != OVER) {
                side.send(0);
            }
            id.close();
        }
    }

    private static Process start(Mode mode, int port) throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                WaitingMain.class.getName(),
                mode.name(),
                String.valueOf(port));
        return new ProcessBuilder(Pinning.bound(1, command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    // ---------------------------------------------------------------- the measuring side

    private static void measure(Mode mode, PrintStream out) throws Exception {
        try (Context context = Verbs.open("embedded0");
                EventChannel events = EventChannel.open(Verbs.provider("embedded"))) {
            ConnectionId listener = events.createId(PortSpace.TCP);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listener.listen(1);
            InetSocketAddress address = listener.localAddress();
            Process peer = start(mode, address == null ? 0 : address.getPort());
            try {
                WaitingMain side = new WaitingMain(mode, context);
                ConnectionId id =
                        next(events, ConnectionEventType.CONNECT_REQUEST).id();
                id.attach(side.qp);
                side.post();
                side.post();
                id.accept(ConnectionParameters.DEFAULT);
                next(events, ConnectionEventType.ESTABLISHED);
                side.report(peer, out);
                side.send(OVER);
                peer.waitFor();
            } finally {
                peer.destroyForcibly();
            }
        }
    }

    private void report(Process peer, PrintStream out) throws InterruptedException {
        long[] each = new long[ROUNDS_MAX];
        int _ = rounds(each, 0);
        Phase busy = new Phase(peer);
        int rounds = rounds(each, 0);
        double busyShare = busy.processorShare();
        double[] followed = {percentile(each, rounds, 50), percentile(each, rounds, 99)};
        Phase seldom = new Phase(peer);
        rounds = rounds(each, 1_000_000);
        double seldomShare = seldom.processorShare();
        double[] alone = {percentile(each, rounds, 50), percentile(each, rounds, 99)};
        Phase idle = new Phase(peer);
        Thread.sleep(Duration.ofNanos(PHASE_NS));
        out.printf(
                "%-16s %10.2f us %8.2f us %12.2f us %8.2f us %12.0f %% %8.1f %% %5.1f %%%n",
                mode.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                followed[0],
                followed[1],
                alone[0],
                alone[1],
                100 * busyShare,
                100 * seldomShare,
                100 * idle.processorShare());
    }

    /** Round trips for some time, with so much between them; answers how many. */
    private int rounds(long[] each, long pauseNs) throws InterruptedException {
        long start = System.nanoTime();
        int rounds = 0;
        while (System.nanoTime() - start < PHASE_NS && rounds < each.length) {
            if (pauseNs > 0) {
                LockSupport.parkNanos(pauseNs);
            }
            long before = System.nanoTime();
            send(0);
            int _ = await();
            each[rounds++] = System.nanoTime() - before;
        }
        return rounds;
    }

    private static double percentile(long[] each, int rounds, int percent) {
        Arrays.sort(each, 0, rounds);
        return each[(int) ((rounds - 1L) * percent / 100)] / 2e3;
    }

    /** The processor time of a process from now on. */
    private static final class Phase {
        private final Process process;
        private final Duration before;
        private final long start = System.nanoTime();

        Phase(Process process) {
            this.process = process;
            before = used();
        }

        private Duration used() {
            return process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
        }

        double processorShare() {
            return used().minus(before).toNanos() / (double) (System.nanoTime() - start);
        }
    }
}
