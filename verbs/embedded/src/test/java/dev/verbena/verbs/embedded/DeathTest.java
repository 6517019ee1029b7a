package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A peer process is killed while it sends as fast as it can. What was delivered before is whole; the connection ends, the
 * receives that are left are flushed, and nothing of the peer stays.
 */
final class DeathTest {
    private static final int ROUNDS = 3;
    /** The promise is 100 ms; test machines are shared, so that a tenfold is asked for. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    @Test
    @Timeout(value = 150, unit = TimeUnit.SECONDS)
    void theSurvivorOfAKilledPeerIsToldAndFlushedAndKeepsNothing() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println("kill -9 at random moments: -Dseed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        VerbsProvider provider = Verbs.provider("embedded");
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider)) {
            ConnectionId listener = channel.createId(PortSpace.TCP);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listener.listen(4);
            int rounds = ROUNDS * Math.max(1, Integer.getInteger("scale", 1));
            int[] left = new int[rounds];
            for (int round = 0; round < rounds; round++) {
                survive(context, channel, listener, random.nextInt(20_000));
                left[round] = descriptors();
            }
            assertThat(left[rounds - 1]).as("open descriptors").isLessThanOrEqualTo(left[0]);
        }
    }

    private static void survive(Context context, EventChannel channel, ConnectionId listener, int messages)
            throws IOException, InterruptedException {
        InetSocketAddress address = listener.localAddress();
        int port = address == null ? 0 : address.getPort();
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        VictimMain.class.getName(),
                        String.valueOf(port))
                .inheritIO()
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (ProtectionDomain pd = context.allocateProtectionDomain();
                CompletionQueue cq = context.createCompletionQueue(4 * VictimMain.SLOTS)) {
            QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq).receiveSlots(VictimMain.SLOTS));
            MemoryRegion memory =
                    pd.allocate((long) VictimMain.SLOTS * VictimMain.MESSAGE_BYTES, AccessFlags.LOCAL_WRITE);
            ConnectionId id = next(channel, ConnectionEventType.CONNECT_REQUEST).id();
            id.attach(qp);
            for (int slot = 0; slot < VictimMain.SLOTS; slot++) {
                post(qp, memory, slot);
            }
            id.accept(ConnectionParameters.DEFAULT.withRetries(6, 7));
            next(channel, ConnectionEventType.ESTABLISHED);

            WorkCompletions completions = new WorkCompletions(16);
            long received = 0;
            while (received < messages) {
                received = take(qp, cq, memory, completions, received);
            }
            victim.destroyForcibly();
            long killed = System.nanoTime();

            next(channel, ConnectionEventType.DISCONNECTED);
            int flushed = 0;
            while (flushed < VictimMain.SLOTS && System.nanoTime() - killed < LIMIT.toNanos()) {
                int polled = cq.poll(completions);
                for (int index = 0; index < polled; index++) {
                    if (completions.succeeded(index)) {
                        check(memory, (int) completions.id(index), received++);
                        flushed++;
                    } else {
                        assertThat(completions.statusOf(index)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
                        flushed++;
                    }
                }
            }
            assertThat(flushed)
                    .as("receives completed or flushed within " + LIMIT)
                    .isEqualTo(VictimMain.SLOTS);
            assertThat(qp.query().state()).isEqualTo(QueuePairState.ERROR);
            System.err.println("killed after " + received + " messages, all over after "
                    + (System.nanoTime() - killed) / 1000 + " us");
            id.close();
        } finally {
            victim.destroyForcibly().waitFor();
        }
    }

    private static void post(QueuePair qp, MemoryRegion memory, int slot) {
        long at = memory.address() + (long) slot * VictimMain.MESSAGE_BYTES;
        assertThat(qp.postReceive(slot, at, VictimMain.MESSAGE_BYTES, memory.lkey()))
                .isZero();
    }

    private static long take(
            QueuePair qp, CompletionQueue cq, MemoryRegion memory, WorkCompletions completions, long already) {
        long received = already;
        int polled = cq.poll(completions);
        for (int index = 0; index < polled; index++) {
            completions.requireSuccess(index);
            int slot = (int) completions.id(index);
            check(memory, slot, received++);
            post(qp, memory, slot);
        }
        return received;
    }

    private static void check(MemoryRegion memory, int slot, long number) {
        byte expected = (byte) number;
        long from = (long) slot * VictimMain.MESSAGE_BYTES;
        for (long offset = from; offset < from + VictimMain.MESSAGE_BYTES; offset++) {
            if (memory.memory().get(ValueLayout.JAVA_BYTE, offset) != expected) {
                throw new AssertionError("message " + number + " is not whole at byte " + (offset - from));
            }
        }
    }

    private static int descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return (int) open.count();
        }
    }

    private static ConnectionEvent next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(Duration.ofSeconds(20));
        assertThat(event).as(type.toString()).isNotNull();
        if (event == null) {
            throw new AssertionError();
        }
        assertThat(event.type()).as("%s", event).isEqualTo(type);
        return event;
    }
}
