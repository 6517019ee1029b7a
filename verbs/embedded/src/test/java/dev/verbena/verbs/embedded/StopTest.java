package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A peer process is stopped while it writes into our memory without a pause. The memory is taken back in bounded time, and
 * what the peer still writes when it goes on reaches nobody's bytes.
 */
final class StopTest {
    private static final Duration DEREGISTRATION_LIMIT = Duration.ofSeconds(10);

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void memoryTakenBackFromAStoppedWriterIsNotWrittenAnyMore() throws Exception {
        VerbsProvider provider = Verbs.provider("embedded");
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider);
                ProtectionDomain pd = context.allocateProtectionDomain();
                CompletionQueue cq = context.createCompletionQueue(16)) {
            ConnectionId listener = channel.createId(PortSpace.TCP);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listener.listen(1);
            Process victim = start(listener);
            try {
                MemoryRegion memory =
                        pd.allocate(WriterMain.WRITE_BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
                QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
                accept(channel, qp, memory);
                MemorySegment bytes = memory.memory();
                Awaitility.await()
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> bytes.get(ValueLayout.JAVA_BYTE, 0) == 0x77);

                signal(victim, "-STOP");
                long start = System.nanoTime();
                memory.close();
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(DEREGISTRATION_LIMIT);
                MemoryRegion next = pd.allocate(WriterMain.WRITE_BYTES, AccessFlags.LOCAL_WRITE);
                next.memory().fill((byte) 0x11);
                signal(victim, "-CONT");

                // Its WRITE under way ends, the next one fails, and it ends by itself.
                assertThat(victim.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(victim.exitValue()).isZero();
                MemorySegment expected = next.memory();
                for (long offset = 0; offset < expected.byteSize(); offset += Long.BYTES) {
                    if (expected.get(ValueLayout.JAVA_LONG, offset) != 0x1111_1111_1111_1111L) {
                        throw new AssertionError("byte " + offset + " was written by a peer that had lost its right");
                    }
                }
            } finally {
                victim.destroyForcibly().waitFor();
            }
        }
    }

    private static Process start(ConnectionId listener) throws Exception {
        InetSocketAddress address = listener.localAddress();
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WriterMain.class.getName(),
                        String.valueOf(address == null ? 0 : address.getPort()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void accept(EventChannel channel, QueuePair qp, MemoryRegion memory) throws InterruptedException {
        ConnectionId id = next(channel, ConnectionEventType.CONNECT_REQUEST).id();
        id.attach(qp);
        byte[] where = ByteBuffer.allocate(12)
                .putLong(memory.address())
                .putInt(memory.rkey())
                .array();
        id.accept(ConnectionParameters.DEFAULT.withPrivateData(where));
        next(channel, ConnectionEventType.ESTABLISHED);
    }

    private static ConnectionEvent next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(Duration.ofSeconds(20));
        if (event == null || event.type() != type) {
            throw new AssertionError("expected " + type + ", there came " + event);
        }
        return event;
    }

    private static void signal(Process process, String signal) throws Exception {
        Process kill = new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }
}
