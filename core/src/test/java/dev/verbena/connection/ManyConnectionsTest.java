package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.messaging.SendResult;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.SharedReceives;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Connections that share receives: idle ones cost little, busy ones get what they need, and none starves another. */
final class ManyConnectionsTest {
    /** An idle connection has 4 credits for data and 6 for control frames. */
    private static final int IDLE_CREDITS = 10;

    private static QueuePairManagerConfig sharing(QueuePairManagerConfig config, int receives) {
        return config.sharedReceives(receives).receiverNotReadyRetries(0);
    }

    private static SharedReceives shared(QueuePairManager manager) {
        SharedReceives shared = manager.loops().getFirst().sharedReceives();
        assertThat(shared).isNotNull();
        return shared;
    }

    private static ByteBuf bytes(QueuePairManager manager, int length) {
        return manager.allocator().directBuffer(length).writeZero(length);
    }

    @Test
    void anIdleConnectionTakesLessThan64KiBOfRegisteredMemory() throws Exception {
        int count = TestDevices.rounds(1000);
        try (QueuePairManager server =
                        QueuePairManager.open(sharing(Pair.config(), 16_384).connectionsPerLoopMax(count));
                QueuePairManager client = QueuePairManager.open(
                        sharing(Pair.clientConfig(), 16_384).connectionsPerLoopMax(count))) {
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger received = new AtomicInteger();
            Listener listener = server.listen(Pair.loopback(0), connection -> {
                connection.onMessage(message -> received.incrementAndGet());
                accepted.incrementAndGet();
            });
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                connections.add(client.connect(listener.address()).get(10, TimeUnit.SECONDS));
            }
            await().untilAtomic(accepted, org.hamcrest.Matchers.is(count));

            // What send slots take, and the receives that are spoken for.
            long bytes = server.memoryInUseBytes()
                    + (long) shared(server).spokenFor() * shared(server).slotBytes();
            assertThat(bytes / count).isLessThanOrEqualTo(64 << 10);
            if (count == 1000) {
                // Everything that is registered, with what is left of the slabs.
                assertThat(server.budget().usedBytes() / count).isLessThanOrEqualTo(64 << 10);
            }
            assertThat(shared(server).granted()).isEqualTo(IDLE_CREDITS * count);

            // They work, all of them, and are idle again afterwards.
            for (Connection connection : connections) {
                for (int n = 0; n < 10; n++) {
                    CompletableFuture<Void> _ = connection.send(bytes(client, 64));
                }
            }
            await().untilAtomic(received, org.hamcrest.Matchers.is(10 * count));
            await().untilAsserted(() -> assertThat(shared(server).granted()).isEqualTo(IDLE_CREDITS * count));
            for (Connection connection : connections) {
                CompletableFuture<ConnectionException> _ = connection.abort();
            }
            await().untilAsserted(() -> {
                assertThat(server.connectionCount()).isZero();
                assertThat(client.connectionCount()).isZero();
                Pair.checkSharedReceives(server);
                Pair.checkSharedReceives(client);
            });
        }
    }

    @Test
    void whoIsIdleComesBackToItsBaseFromAnyWindow() throws Exception {
        int count = 32;
        try (QueuePairManager server = QueuePairManager.open(sharing(Pair.config(), 4096));
                QueuePairManager client = QueuePairManager.open(Pair.clientConfig())) {
            Listener listener = server.listen(Pair.loopback(0), connection -> connection.onMessage(message -> {}));
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                connections.add(client.connect(listener.address()).get(10, TimeUnit.SECONDS));
            }
            for (Connection connection : connections) {
                for (int n = 0; n < 16; n++) {
                    CompletableFuture<Void> _ = connection.send(bytes(client, 64));
                }
            }
            // Three messages in each 100 ms are worth a window of six, which lies between the base and its double.
            for (int round = 0; round < 15; round++) {
                for (Connection connection : connections) {
                    connection.send(bytes(client, 64)).get(10, TimeUnit.SECONDS);
                }
                TimeUnit.MILLISECONDS.sleep(33);
            }
            await().untilAsserted(() -> assertThat(shared(server).granted()).isEqualTo(IDLE_CREDITS * count));
        }
    }

    @Test
    void aProgramThatKeepsAllMessagesOfOnePeerStopsThatPeerOnly() throws Exception {
        Queue<ByteBuf> kept = new ConcurrentLinkedQueue<>();
        try (Pair pair = new Pair(
                config -> sharing(config, 500),
                connection -> connection.onMessage((type, message) -> {
                    if (type == 1) {
                        kept.add(message.retain());
                    } else {
                        CompletableFuture<Void> _ = connection.send(message.retain());
                    }
                }))) {
            for (int i = 0; i < 1000; i++) {
                CompletableFuture<Void> _ = pair.toServer.send(1, bytes(pair.client, 1000));
            }
            // Its base, and half of what is left when its own 10 are spoken for.
            await().until(() -> kept.size() == 4 + (500 - IDLE_CREDITS) / 2);

            for (int i = 0; i < 3; i++) {
                Connection other = pair.client.connect(pair.listener.address()).get(10, TimeUnit.SECONDS);
                AtomicInteger back = new AtomicInteger();
                other.onMessage(message -> back.incrementAndGet());
                for (int n = 0; n < 2000; n++) {
                    CompletableFuture<Void> _ = other.send(bytes(pair.client, 64));
                }
                await().untilAtomic(back, org.hamcrest.Matchers.is(2000));
                other.close();
            }
            assertThat(pair.toServer.counters().messagesSent).isLessThan(1000);

            AtomicInteger released = new AtomicInteger();
            await().until(() -> {
                for (ByteBuf message = kept.poll(); message != null; message = kept.poll()) {
                    message.release();
                    released.incrementAndGet();
                }
                return released.get() == 1000;
            });
        }
    }

    @Test
    void whenTheBudgetIsSpentCreditsStopAndGoOnWhenMessagesAreReleased() throws Exception {
        Queue<ByteBuf> kept = new ConcurrentLinkedQueue<>();
        // 2 MiB of slabs for send slots, and 2 MiB for receives: 512 of the 8000.
        try (QueuePairManager server =
                        QueuePairManager.open(sharing(Pair.config(), 8000).lockedMemoryMaxBytes(4 << 20));
                QueuePairManager client = QueuePairManager.open(Pair.clientConfig())) {
            Listener listener = server.listen(
                    Pair.loopback(0), connection -> connection.onMessage(message -> kept.add(message.retain())));
            Connection connection = client.connect(listener.address()).get(10, TimeUnit.SECONDS);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
                futures.add(connection.send(bytes(client, 1000)));
            }
            await().until(() -> kept.size() > 200 && shared(server).isShort());
            await().during(Duration.ofMillis(100)).until(() -> kept.size() <= 512);
            assertThat(futures.getLast()).isNotDone();

            AtomicInteger released = new AtomicInteger();
            await().until(() -> {
                for (ByteBuf message = kept.poll(); message != null; message = kept.poll()) {
                    message.release();
                    released.incrementAndGet();
                }
                return released.get() == 3000;
            });
            assertThat(shared(server).slots()).isLessThanOrEqualTo(512);
            connection.close();
            await().untilAsserted(() -> Pair.checkSharedReceives(server));
        }
    }

    @Test
    void creditsGrowWithTrafficAndComeBackWhenItIsOver() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (Pair pair = new Pair(
                config -> sharing(config, 1000),
                connection -> connection.onMessage(message -> received.incrementAndGet()))) {
            for (int round = 1; round <= 3; round++) {
                int total = 20_000 * round;
                int most = 0;
                for (int i = 0; i < 20_000; i++) {
                    ByteBuf message = bytes(pair.client, 64);
                    while (pair.toServer.trySend(message) != SendResult.SENT) {
                        Thread.onSpinWait();
                    }
                    most = Math.max(most, shared(pair.server).granted());
                }
                await().until(() -> received.get() == total);
                assertThat(most).as("credits while there is traffic").isGreaterThan(2 * IDLE_CREDITS);
                await().until(() -> shared(pair.server).granted() <= IDLE_CREDITS);
            }
        }
    }

    @Test
    void aPeerOfVersion1NeverGetsMoreThanItWasTold() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (QueuePairManager server = QueuePairManager.open(sharing(Pair.config(), 500));
                Listener listener = server.listen(
                        Pair.loopback(0), connection -> connection.onMessage(message -> received.incrementAndGet()));
                RawPeer peer = new RawPeer(listener.address())) {
            byte[] old = new Handshake(112, 16, RawPeer.SLOT).encode();
            old[4] = 1;
            old[5] = 1;
            peer.connect(Arrays.copyOf(old, 16));
            int credits = 4;
            int toReturn = 0;
            for (int sent = 0; sent < 120; sent++) {
                while (credits == 0) {
                    ByteBuffer frame = peer.receive();
                    assertThat(frame.get(0)).as("a frame of kind CREDIT").isEqualTo((byte) 3);
                    credits += frame.getShort(2);
                    toReturn++;
                    assertThat(credits).isLessThanOrEqualTo(4);
                }
                assertThat(peer.send(RawPeer.frame(1, toReturn, 0, 1, (byte) 1)))
                        .isTrue();
                toReturn = 0;
                credits--;
            }
            await().untilAtomic(received, org.hamcrest.Matchers.is(120));
        }
    }

    @Test
    void aPeerThatSendsMoreThanItsCreditsLosesItsConnectionAndNoOtherDoes() throws Exception {
        BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
        // Nobody takes its messages, so its credits end.
        try (Pair pair = new Pair(config -> sharing(config, 200), connection -> connection.onClose(causes::add))) {
            BlockingQueue<byte[]> back = new LinkedBlockingQueue<>();
            pair.toServer.onMessage(message -> back.add(ByteBufUtil.getBytes(message)));
            pair.toClient.onMessage(message -> {
                CompletableFuture<Void> _ = pair.toClient.send(message.retain());
            });
            for (int i = 0; i < 3; i++) {
                try (RawPeer bad = new RawPeer(pair.listener.address()).connected()) {
                    @Nullable ConnectionException cause = null;
                    for (int sent = 0;
                            cause == null && sent < 300 && bad.send(RawPeer.frame(1, 0, 0, 1, (byte) 1));
                            sent++) {
                        cause = causes.poll();
                    }
                    cause = cause != null ? cause : causes.poll(10, TimeUnit.SECONDS);
                    assertThat(cause).isNotNull().hasMessageContaining("no credit");
                    assertThat(cause.reason()).isEqualTo(Reason.PROTOCOL);
                }
                pair.toServer.send(bytes(pair.client, 77)).get(10, TimeUnit.SECONDS);
                assertThat(back.poll(10, TimeUnit.SECONDS)).hasSize(77);
            }
        }
    }
}
