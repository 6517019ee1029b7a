package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Works over the link as told, line by line, through a named pipe: {@code LinkWork PIPE DEVICE-A ADDRESS-A DEVICE-B ADDRESS-B}.
 *
 * <p>{@code exchange N}: N messages of both directions' worth of every one-sided kind, checked byte by byte; prints
 * {@code exchanged N MILLIS}. {@code pending}: posts a WRITE, a SEND and a READ and waits for the end of each; prints
 * {@code pending MILLIS STATUS STATUS STATUS STATE}. {@code ports}: prints {@code watching}, then twice, as soon as both
 * devices have told of their port, {@code ports EVENT STATE EVENT STATE}. {@code end}.
 */
final class LinkWork {
    private static final int BYTES = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private LinkWork() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        System.out.println("ready");
        while (true) {
            try (BufferedReader commands = Files.newBufferedReader(Path.of(args[0]), StandardCharsets.UTF_8)) {
                for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                    if (line.equals("end")) {
                        return;
                    }
                    perform(line, args);
                }
            }
        }
    }

    private static void perform(String command, String[] args) throws IOException, InterruptedException {
        try (End a = new End(args[1], args[2]);
                End b = new End(args[3], args[4])) {
            a.qp.connect(b.qp.localEndpoint(b.gid));
            b.qp.connect(a.qp.localEndpoint(a.gid));
            long startNs = System.nanoTime();
            if (command.startsWith("exchange ")) {
                int rounds = Integer.parseInt(command.substring("exchange ".length()));
                for (int round = 0; round < rounds; round++) {
                    exchange(a, b, round);
                }
                System.out.println("exchanged " + rounds + " " + millisSince(startNs));
            } else if (command.equals("pending")) {
                System.out.println("pending " + pending(a, b, startNs));
            } else if (command.equals("ports")) {
                System.out.println("watching");
                System.out.println("ports " + a.nextPortEvent() + " " + b.nextPortEvent());
                System.out.println("ports " + a.nextPortEvent() + " " + b.nextPortEvent());
            } else {
                throw new IllegalArgumentException(command);
            }
        }
    }

    private static void exchange(End a, End b, int round) {
        a.fill(0, BYTES, round);
        assertThat(b.qp.postReceive(1, b.memory.address(), BYTES, b.memory.lkey()))
                .isZero();
        assertThat(a.qp.postSend(2, a.memory.address(), BYTES, a.memory.lkey(), SendFlags.SIGNALED))
                .isZero();
        assertThat(b.next()).isEqualTo(CompletionStatus.SUCCESS);
        assertThat(a.next()).isEqualTo(CompletionStatus.SUCCESS);
        b.check(0, BYTES, round);

        a.fill(0, BYTES, round + 1);
        assertThat(a.qp.postWrite(
                        3,
                        a.memory.address(),
                        BYTES,
                        a.memory.lkey(),
                        b.memory.address(),
                        b.memory.rkey(),
                        SendFlags.SIGNALED))
                .isZero();
        assertThat(a.next()).isEqualTo(CompletionStatus.SUCCESS);
        b.check(0, BYTES, round + 1);

        b.fill(0, BYTES, round + 2);
        assertThat(a.qp.postRead(
                        4,
                        a.memory.address(),
                        BYTES,
                        a.memory.lkey(),
                        b.memory.address(),
                        b.memory.rkey(),
                        SendFlags.SIGNALED))
                .isZero();
        assertThat(a.next()).isEqualTo(CompletionStatus.SUCCESS);
        a.check(0, BYTES, round + 2);

        b.memory.memory().set(ValueLayout.JAVA_LONG, 0, round);
        assertThat(a.qp.postFetchAndAdd(
                        5,
                        a.memory.address(),
                        a.memory.lkey(),
                        b.memory.address(),
                        b.memory.rkey(),
                        7,
                        SendFlags.SIGNALED))
                .isZero();
        assertThat(a.next()).isEqualTo(CompletionStatus.SUCCESS);
        assertThat(a.memory.memory().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(round);
        assertThat(b.memory.memory().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(round + 7L);
    }

    private static String pending(End a, End b, long startNs) {
        assertThat(a.qp.postWrite(
                        1,
                        a.memory.address(),
                        BYTES,
                        a.memory.lkey(),
                        b.memory.address(),
                        b.memory.rkey(),
                        SendFlags.SIGNALED))
                .isZero();
        assertThat(a.qp.postSend(2, a.memory.address(), BYTES, a.memory.lkey(), SendFlags.SIGNALED))
                .isZero();
        assertThat(a.qp.postRead(
                        3,
                        a.memory.address(),
                        BYTES,
                        a.memory.lkey(),
                        b.memory.address(),
                        b.memory.rkey(),
                        SendFlags.SIGNALED))
                .isZero();
        List<CompletionStatus> ends = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ends.add(a.next());
        }
        long millis = millisSince(startNs);
        QueuePairState state = a.qp.query().state();
        return millis + " " + ends.get(0) + " " + ends.get(1) + " " + ends.get(2) + " " + state;
    }

    private static long millisSince(long startNs) {
        return (System.nanoTime() - startNs) / 1_000_000;
    }

    /** One side: a device with a queue pair and memory. */
    private static final class End implements AutoCloseable {
        final Context context;
        final GidEntry gid;
        final CompletionQueue cq;
        final QueuePair qp;
        final MemoryRegion memory;
        private final WorkCompletions completions = new WorkCompletions(1);
        private PortAttributes.State port = PortAttributes.State.ACTIVE;

        End(String device, String address) throws IOException {
            context = Verbs.open(device);
            gid = context.chooseGid(1, InetAddress.getByName(address));
            ProtectionDomain pd = context.allocateProtectionDomain();
            cq = context.createCompletionQueue(16);
            qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
            memory = pd.allocate(BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
        }

        /** The next event after which the port is in another state, and that state; going down may be told twice. */
        String nextPortEvent() throws InterruptedException {
            while (true) {
                AsyncEvent event = context.awaitAsyncEvent(PATIENCE);
                if (event == null) {
                    throw new AssertionError("no event within " + PATIENCE + " on " + context);
                }
                PortAttributes.State state = context.queryPort(1).state();
                if (state != port) {
                    port = state;
                    return event.type() + " " + state;
                }
            }
        }

        CompletionStatus next() {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (cq.poll(completions) == 0) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("no completion within " + PATIENCE + " on " + qp);
                }
                Thread.onSpinWait();
            }
            return completions.statusOf(0);
        }

        void fill(int from, int to, int seed) {
            for (int i = from; i < to; i++) {
                memory.memory().set(ValueLayout.JAVA_BYTE, i, pattern(i, seed));
            }
        }

        void check(int from, int to, int seed) {
            for (int i = from; i < to; i++) {
                byte found = memory.memory().get(ValueLayout.JAVA_BYTE, i);
                if (found != pattern(i, seed)) {
                    throw new AssertionError("byte " + i + " is " + found + ", not " + pattern(i, seed));
                }
            }
        }

        private static byte pattern(int index, int seed) {
            return (byte) (index * 31 + seed * 17 + (index >> 8));
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
