package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.verbena.messaging.SendResult;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.verbs.VerbsException;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A connection ends with one cause, everything under way is told once, and nothing is left. */
@ParameterizedClass
@EnumSource(Receiving.class)
final class EndsTest {
    private final Receiving receiving;

    EndsTest(Receiving receiving) {
        this.receiving = receiving;
    }

    private static ByteBuf bytes(QueuePairManager manager, int length) {
        return manager.allocator().directBuffer(length).writeZero(length);
    }

    private static BlockingQueue<ConnectionException> causes(Connection connection) {
        BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
        connection.onClose(causes::add);
        return causes;
    }

    private static Reason reasonOf(BlockingQueue<ConnectionException> causes) throws InterruptedException {
        ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
        assertThat(cause).isNotNull();
        return cause.reason();
    }

    @Test
    void closingDeliversEverythingThatWasSentAndTellsBothSides() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (Pair pair =
                new Pair(receiving, connection -> connection.onMessage(message -> received.incrementAndGet()))) {
            BlockingQueue<ConnectionException> atClient = causes(pair.toServer);
            BlockingQueue<ConnectionException> atServer = causes(pair.toClient);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                futures.add(pair.toServer.send(bytes(pair.client, i % 50 == 0 ? 20_000 : 100)));
            }

            pair.toServer.close();

            assertThat(futures).allSatisfy(future -> assertThat(future).isCompletedWithValue(null));
            assertThat(reasonOf(atClient)).isEqualTo(Reason.CLOSED);
            assertThat(reasonOf(atServer)).isEqualTo(Reason.PEER_CLOSED);
            assertThat(received).hasValue(2000);
            ByteBuf late = bytes(pair.client, 1);
            assertThat(pair.toServer.trySend(late)).isEqualTo(SendResult.CLOSED);
            assertThat(late.release()).isTrue();
        }
    }

    @Test
    void whatIsUnderWayAtAnAbortFailsOnceWithTheCauseAndNothingIsLeaked() throws Exception {
        // The server's handler never comes: 112 messages are taken, the rest waits.
        try (Pair pair = new Pair(receiving, connection -> {})) {
            BlockingQueue<ConnectionException> atServer = causes(pair.toClient);
            AtomicInteger failed = new AtomicInteger();
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                CompletableFuture<Void> future = pair.toServer.send(bytes(pair.client, 2000));
                futures.add(future.whenComplete((value, failure) -> {
                    if (failure instanceof ConnectionException cause && cause.reason() == Reason.CLOSED) {
                        failed.incrementAndGet();
                    }
                }));
            }
            await().until(() -> pair.toServer.counters().messagesSent == 112);

            assertThat(pair.toServer.abort().get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.CLOSED);

            await().until(() -> futures.stream().allMatch(CompletableFuture::isDone));
            assertThat(failed.get()).isBetween(888, 1000);
            assertThat(reasonOf(atServer)).isEqualTo(Reason.PEER_LOST);
        }
    }

    @Test
    void aLongMessageUnderWayAtTheEndFailsAndItsMemoryComesBack() throws Exception {
        try (Pair pair = new Pair(receiving, connection -> {})) {
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                futures.add(pair.toServer.send(bytes(pair.client, 1 << 20)));
            }
            CompletableFuture<ConnectionException> end = pair.toClient.abort();
            assertThat(end.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.CLOSED);
            // Some may have been read already; none is left without an end, and Pair checks the memory.
            await().untilAsserted(() -> assertThat(futures).allMatch(CompletableFuture::isDone));
            CompletableFuture<Void> late = pair.toServer.send(bytes(pair.client, 1 << 20));
            assertThatThrownBy(() -> late.get(10, TimeUnit.SECONDS)).cause().isInstanceOf(ConnectionException.class);
        }
    }

    @Test
    void aHandlerThatThrowsEndsItsConnectionAndNoOther() throws Exception {
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage(message -> {
                    if (message.readableBytes() == 13) {
                        throw new IllegalStateException("I do not like 13");
                    }
                    CompletableFuture<Void> _ = connection.send(message.retain());
                }))) {
            Connection other = pair.client.connect(pair.listener.address()).get(10, TimeUnit.SECONDS);
            BlockingQueue<Integer> back = new LinkedBlockingQueue<>();
            other.onMessage(message -> back.add(message.readableBytes()));
            BlockingQueue<ConnectionException> atServer = causes(pair.toClient);

            CompletableFuture<Void> _ = pair.toServer.send(bytes(pair.client, 13));

            ConnectionException cause = atServer.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining("I do not like 13");
            assertThat(cause.reason()).isEqualTo(Reason.HANDLER);
            other.send(bytes(pair.client, 5)).get(10, TimeUnit.SECONDS);
            assertThat(back.poll(10, TimeUnit.SECONDS)).isEqualTo(5);
            other.close();
        }
    }

    @Test
    void aCancelledFutureWithdrawsAMessageThatWaits() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (Pair pair = new Pair(receiving, connection -> {})) {
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                futures.add(pair.toServer.send(bytes(pair.client, 2000)));
            }
            await().until(() -> pair.toServer.counters().messagesSent == 112);
            assertThat(futures.getLast().cancel(false)).isTrue();

            pair.toClient.onMessage(message -> received.incrementAndGet());

            pair.toServer.send(bytes(pair.client, 1)).get(10, TimeUnit.SECONDS);
            await().untilAsserted(() -> assertThat(received).hasValue(200));
        }
    }

    @Test
    void whereNobodyListensConnectingFailsAfterItsRetries() {
        try (QueuePairManager manager =
                QueuePairManager.open(receiving.apply(Pair.clientConfig()).connectRetries(3))) {
            CompletableFuture<Connection> future = manager.connect(Pair.loopback(1));
            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED))
                    .hasMessageContaining("nobody listens");
            await().untilAsserted(() -> assertThat(manager.memoryInUseBytes()).isZero());
        }
    }

    @Test
    void aListenerThatComesLaterIsFoundByARetry() throws Exception {
        try (QueuePairManager server = QueuePairManager.open(receiving.apply(Pair.config()));
                QueuePairManager client = QueuePairManager.open(
                        receiving.apply(Pair.clientConfig()).connectRetries(50))) {
            InetSocketAddress address;
            try (Listener first = server.listen(Pair.loopback(0), connection -> {})) {
                address = first.address();
            }
            CompletableFuture<Connection> future = client.connect(address);
            await().during(Duration.ofMillis(100)).until(() -> !future.isDone());

            try (Listener again = server.listen(address, connection -> {})) {
                assertThat(future.get(10, TimeUnit.SECONDS).isOpen()).isTrue();
                assertThat(again.address()).isEqualTo(address);
            }
        }
    }

    @Test
    void connectingEndsWhenItsTimeIsOverOrItIsCancelled() throws Exception {
        QueuePairManagerConfig config =
                receiving.apply(Pair.clientConfig()).connectRetries(1000).connectTimeout(Duration.ofMillis(300));
        try (QueuePairManager manager = QueuePairManager.open(config)) {
            CompletableFuture<Connection> late = manager.connect(Pair.loopback(1));
            assertThatThrownBy(() -> late.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT))
                    .hasMessageContaining("nobody listens");
            assertThat(manager.connect(Pair.loopback(1)).cancel(false)).isTrue();
            await().untilAsserted(() -> assertThat(manager.memoryInUseBytes()).isZero());
        }
    }

    @Test
    void anAddressOfAnotherHostIsRefusedWithTheReason() {
        QueuePairManagerConfig config = receiving.apply(Pair.clientConfig()).connectTimeout(Duration.ofSeconds(1));
        try (QueuePairManager manager = QueuePairManager.open(config)) {
            CompletableFuture<Connection> future = manager.connect(new InetSocketAddress("192.0.2.1", 4711));
            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .hasMessageContaining(TestDevices.areEmbedded() ? "is not an address of this host" : "192.0.2.1");
            assertThatThrownBy(() -> manager.listen(new InetSocketAddress("192.0.2.1", 4711), connection -> {}))
                    .isInstanceOf(VerbsException.class);
        }
    }

    @Test
    void moreConnectionsThanTheCompletionQueueHoldsAreRefusedWithTheSum() throws Exception {
        QueuePairManagerConfig small =
                receiving.apply(Pair.clientConfig()).connectionsPerLoopMax(2).connectRetries(0);
        try (QueuePairManager server = QueuePairManager.open(receiving.apply(Pair.config()));
                QueuePairManager client = QueuePairManager.open(small);
                Listener listener = server.listen(Pair.loopback(0), connection -> {})) {
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                connections.add(client.connect(listener.address()).get(10, TimeUnit.SECONDS));
            }
            assertThatThrownBy(() -> client.connect(listener.address()).get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("connectionsPerLoopMax");
            connections.forEach(Connection::close);
            await().until(() -> client.connectionCount() == 0);
            assertThat(client.connect(listener.address())
                            .get(10, TimeUnit.SECONDS)
                            .isOpen())
                    .isTrue();
        }
    }

    @Test
    void closingTheManagerClosesItsConnectionsInGoodOrder() throws Exception {
        try (Pair pair = new Pair(receiving, connection -> {})) {
            BlockingQueue<ConnectionException> atServer = causes(pair.toClient);
            pair.client.close();
            assertThat(reasonOf(atServer)).isEqualTo(Reason.PEER_CLOSED);
            assertThatThrownBy(() -> pair.client.connect(pair.listener.address()))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aManagerThatIsClosedWhileItConnectsLeavesNoFutureWithoutAnEnd() throws Exception {
        try (QueuePairManager server = QueuePairManager.open(Pair.config());
                Listener listener = server.listen(Pair.loopback(0), connection -> {})) {
            for (int round = 0; round < TestDevices.rounds(10); round++) {
                QueuePairManager client = QueuePairManager.open(Pair.clientConfig());
                Queue<CompletableFuture<Connection>> futures = new ConcurrentLinkedQueue<>();
                Thread connecting = Thread.ofPlatform().start(() -> {
                    try {
                        while (futures.size() < 50) {
                            futures.add(client.connect(listener.address()));
                        }
                    } catch (IllegalStateException e) {
                        // It is closed.
                    }
                });
                int enough = round % 5;
                await().until(() -> futures.size() >= enough);

                client.close();

                connecting.join();
                assertThat(futures).allSatisfy(future -> assertThat(future).isDone());
            }
            await().untilAsserted(() -> assertThat(server.connectionCount()).isZero());
        }
    }

    @Test
    void aHandlerThatThrowsAtTheFirstWordFailsTheAttempt() throws Exception {
        try (QueuePairManager server = QueuePairManager.open(Pair.config());
                QueuePairManager client = QueuePairManager.open(Pair.clientConfig());
                Listener listener = server.listen(Pair.loopback(0), connection -> {})) {
            CompletableFuture<Connection> future = client.connect(null, listener.address(), connection -> {
                throw new IllegalStateException("not today");
            });
            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.HANDLER))
                    .hasMessageContaining("not today");
        }
    }

    @Test
    void connectionsThatComeAndGoLeaveNothing() throws Exception {
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage(message -> {
                    CompletableFuture<Void> _ = connection.send(message.retain());
                }))) {
            long before = pair.server.budget().usedBytes();
            for (int i = 0; i < 40; i++) {
                Connection connection =
                        pair.client.connect(pair.listener.address()).get(10, TimeUnit.SECONDS);
                CompletableFuture<Integer> back = new CompletableFuture<>();
                connection.onMessage(message -> back.complete(message.readableBytes()));
                connection.send(bytes(pair.client, i)).get(10, TimeUnit.SECONDS);
                assertThat(back.get(10, TimeUnit.SECONDS)).isEqualTo(i);
                if (i % 2 == 0) {
                    connection.close();
                } else {
                    connection.abort().get(10, TimeUnit.SECONDS);
                }
            }
            await().untilAsserted(
                            () -> assertThat(pair.server.connectionCount()).isEqualTo(1));
            assertThat(pair.client.connectionCount()).isEqualTo(1);
            assertThat(pair.server.budget().usedBytes() - before).isLessThanOrEqualTo(4 << 20);
        }
    }
}
