package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.SharedReceives;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Two managers on the devices of the test with a connection between them; ends with the check that nothing leaked. */
final class Pair implements AutoCloseable {
    final QueuePairManager client;
    final QueuePairManager server;
    final Listener listener;
    final Connection toServer;
    final Connection toClient;

    Pair(Consumer<Connection> onServer) throws Exception {
        this(UnaryOperator.identity(), onServer);
    }

    Pair(UnaryOperator<QueuePairManagerConfig> configure, Consumer<Connection> onServer) throws Exception {
        client = QueuePairManager.open(configure.apply(clientConfig()));
        server = QueuePairManager.open(configure.apply(config()));
        CompletableFuture<Connection> accepted = new CompletableFuture<>();
        listener = server.listen(loopback(0), connection -> {
            onServer.accept(connection);
            accepted.complete(connection);
        });
        toServer = client.connect(listener.address()).get(10, TimeUnit.SECONDS);
        toClient = accepted.get(10, TimeUnit.SECONDS);
    }

    /** Of the side that listens, or of both in one. */
    static QueuePairManagerConfig config() {
        return TestDevices.SERVER.config();
    }

    /** Of the side that connects. */
    static QueuePairManagerConfig clientConfig() {
        return TestDevices.CLIENT.config();
    }

    /** Where the listening side is. */
    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(TestDevices.SERVER.address(), port);
    }

    /** Closes the connection and waits until neither side has anything of it. */
    void closeConnectionAndCheck() {
        toServer.close();
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            assertThat(client.connectionCount()).isZero();
            assertThat(server.connectionCount()).isZero();
            assertThat(client.memoryInUseBytes()).as("client's memory").isZero();
            assertThat(server.memoryInUseBytes()).as("server's memory").isZero();
            checkSharedReceives(client);
            checkSharedReceives(server);
        });
    }

    /** Every receive is posted and nobody speaks for one. */
    static void checkSharedReceives(QueuePairManager manager) {
        for (EventLoop loop : manager.loops()) {
            SharedReceives shared = loop.sharedReceives();
            if (shared != null) {
                assertThat(shared.granted()).as("granted of %s", shared).isZero();
                assertThat(shared.spokenFor()).as("spoken for of %s", shared).isZero();
                assertThat(shared.posted()).as("posted of %s", shared).isEqualTo(shared.slots());
            }
        }
    }

    @Override
    public void close() {
        try {
            closeConnectionAndCheck();
        } finally {
            client.close();
            server.close();
        }
    }
}
