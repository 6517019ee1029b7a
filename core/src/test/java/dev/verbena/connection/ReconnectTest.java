package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connecting again: when, how often, and that nothing is sent twice. */
final class ReconnectTest {
    private static final ReconnectPolicy QUICK = new ReconnectPolicy(Duration.ofMillis(20), Duration.ofMillis(100), 50);

    private final QueuePairManager server = QueuePairManager.open(Pair.config());
    private final QueuePairManager client =
            QueuePairManager.open(Pair.clientConfig().connectRetries(0));
    private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    private final BlockingQueue<Connection> told = new LinkedBlockingQueue<>();

    @AfterEach
    void nothingIsLeft() {
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            assertThat(client.connectionCount()).isZero();
            assertThat(server.connectionCount()).isZero();
            assertThat(client.memoryInUseBytes()).isZero();
            assertThat(server.memoryInUseBytes()).isZero();
        });
        client.close();
        server.close();
    }

    private static Connection next(BlockingQueue<Connection> connections) throws InterruptedException {
        Connection connection = connections.poll(10, TimeUnit.SECONDS);
        assertThat(connection).isNotNull();
        return connection;
    }

    private ByteBuf bytes(int length) {
        return client.allocator().directBuffer(length).writeZero(length);
    }

    @Test
    void whatWasUnderWayFailsAndIsNotSentAgainOnTheNextConnection() throws Exception {
        AtomicInteger heardLater = new AtomicInteger();
        try (Listener listener = server.listen(Pair.loopback(0), accepted::add);
                Reconnector reconnector = client.connect(listener.address(), QUICK, told::add)) {
            Connection first = next(told);
            Connection peer = next(accepted);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                // The peer's handler never comes, so most of them wait.
                futures.add(first.send(bytes(2000)));
            }

            CompletableFuture<ConnectionException> _ = peer.abort();

            Connection second = next(told);
            assertThat(second).isNotSameAs(first);
            assertThat(reconnector.connection().get(10, TimeUnit.SECONDS)).isSameAs(second);
            assertThat(reconnector.attempts()).isEqualTo(2);
            await().untilAsserted(() -> assertThat(futures).allMatch(CompletableFuture::isDone));
            assertThat(futures.getLast())
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .havingCause()
                    .isSameAs(first.cause());
            next(accepted).onMessage(message -> heardLater.addAndGet(message.readableBytes()));
            second.send(bytes(7)).get(10, TimeUnit.SECONDS);
            await().until(() -> heardLater.get() > 0);
            assertThat(heardLater).as("only what was sent on it").hasValue(7);
        }
    }

    @Test
    void aServerThatComesBackIsFoundAndTheWaitingFutureIsOfTheNextConnection() throws Exception {
        InetSocketAddress address;
        Reconnector reconnector;
        try (Listener listener = server.listen(Pair.loopback(0), accepted::add)) {
            address = listener.address();
            reconnector = client.connect(address, QUICK, told::add);
            assertThat(next(told).isOpen()).isTrue();
        }
        next(accepted).close();
        await().until(() -> reconnector.attempts() >= 3);
        CompletableFuture<Connection> waiting = reconnector.connection();
        assertThat(waiting).isNotDone();

        try (Listener again = server.listen(address, accepted::add)) {
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isSameAs(next(told));
            assertThat(again.address()).isEqualTo(address);
            reconnector.close();
            assertThat(reconnector.ended().get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.CLOSED);
        }
    }

    @Test
    void itEndsWithTheLastCauseWhenTheLimitIsReached() throws Exception {
        ReconnectPolicy three = new ReconnectPolicy(Duration.ofMillis(5), Duration.ofMillis(20), 3);
        Reconnector reconnector = client.connect(Pair.loopback(1), three, told::add);

        ConnectionException cause = reconnector.ended().get(20, TimeUnit.SECONDS);

        assertThat(cause.reason()).isEqualTo(Reason.REFUSED);
        assertThat(cause).hasMessageContaining("nobody listens");
        assertThat(reconnector.attempts()).isEqualTo(4);
        assertThatThrownBy(() -> reconnector.connection().get()).hasCause(cause);
        assertThat(told).isEmpty();
    }

    @Test
    void closingItEndsTheTryingInAPauseAndInAnAttempt() throws Exception {
        ReconnectPolicy patient = new ReconnectPolicy(Duration.ofMinutes(1), Duration.ofMinutes(1), 3);
        Reconnector pausing = client.connect(Pair.loopback(1), patient, told::add);
        Reconnector trying = client.connect(new InetSocketAddress("192.0.2.1", 1), QUICK, told::add);
        await().until(() -> pausing.attempts() == 1 && !pausing.connection().isDone());

        pausing.close();
        trying.close();
        trying.close();

        assertThat(pausing.ended().get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.CLOSED);
        assertThat(trying.ended().get(10, TimeUnit.SECONDS)).isNotNull();
        int attempts = trying.attempts();
        await().during(Duration.ofMillis(200)).until(() -> trying.attempts() == attempts);
        assertThat(told).isEmpty();
    }

    @Test
    void aConnectionThatTheProgramClosesOrThatItsHandlerEndsIsNotMadeAgain() throws Exception {
        try (Listener listener = server.listen(Pair.loopback(0), accepted::add)) {
            Reconnector closedByProgram = client.connect(listener.address(), QUICK, told::add);
            next(told).close();
            assertThat(closedByProgram.ended().get(10, TimeUnit.SECONDS).reason())
                    .isEqualTo(Reason.CLOSED);

            Reconnector endedByHandler = client.connect(listener.address(), QUICK, connection -> {
                throw new IllegalStateException("not today");
            });
            ConnectionException cause = endedByHandler.ended().get(10, TimeUnit.SECONDS);
            assertThat(cause.reason()).isEqualTo(Reason.HANDLER);
            assertThat(endedByHandler.attempts()).isEqualTo(1);
            assertThat(closedByProgram.attempts()).isEqualTo(1);
        }
    }

    @Test
    void pausesDoubleUpToTheLongestAndChanceTakesUpToHalf() {
        ReconnectPolicy policy = new ReconnectPolicy(Duration.ofNanos(1000), Duration.ofNanos(6000), 9);
        assertThat(List.of(
                        policy.pauseNs(1, 1),
                        policy.pauseNs(2, 1),
                        policy.pauseNs(3, 1),
                        policy.pauseNs(4, 1),
                        policy.pauseNs(1_000_000, 1)))
                .containsExactly(1000L, 2000L, 4000L, 6000L, 6000L);
        assertThat(policy.pauseNs(3, 0)).isEqualTo(2000);
        assertThatThrownBy(() -> new ReconnectPolicy(Duration.ZERO, Duration.ofSeconds(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ReconnectPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ReconnectPolicy(Duration.ofSeconds(1), Duration.ofSeconds(1), -1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
