package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Processes that send messages of 0 B to 64 MiB back and forth while some of them are killed, connections cut and closed, for
 * {@code -Dsoak=} seconds: every byte is looked at on both sides, and at the end nothing is left in any process.
 */
final class SoakTest {
    private static final int SECONDS = Integer.getInteger("soak", 20);
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int PEERS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final BlockingQueue<String> wrong = new LinkedBlockingQueue<>();
    private final Queue<Connection> connections = new ConcurrentLinkedQueue<>();
    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private int killed;
    private int cut;

    @Test
    @Timeout(3600)
    void everyByteArrivesAndNothingIsLeft() throws Exception {
        // What the first connection of a process makes for good is there before the count.
        assertThat(new ProcessBuilder("true").start().waitFor()).isZero();
        try (Pair pair = new Pair(connection -> {})) {
            assertThat(pair.toServer.isOpen()).isTrue();
        }
        Holdings before = Holdings.now();

        QueuePairManager server = QueuePairManager.open(Pair.config());
        List<PeerJvm> peers = new ArrayList<>();
        try (Listener listener = server.listen(Pair.loopback(0), this::echo)) {
            Random random = new Random(SEED);
            String port = Integer.toString(listener.address().getPort());
            for (int i = 0; i < PEERS; i++) {
                peers.add(peer(port, random));
            }
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() - endNs < 0) {
                assertThat(wrong.poll(500, TimeUnit.MILLISECONDS)).isNull();
                disturb(port, peers, random);
            }
            for (PeerJvm peer : peers) {
                int exit = peer.end();
                assertThat(peer.line()).as("seed %d, exit code %d", SEED, exit).isEqualTo("clean");
                System.out.println("a peer at the end: " + peer.line());
            }
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(server.connectionCount()).isZero();
                assertThat(server.memoryInUseBytes()).isZero();
            });
        } finally {
            peers.forEach(PeerJvm::close);
            server.close();
        }
        assertThat(wrong).as("seed %d", SEED).isEmpty();
        assertThat(messages.get()).isPositive();
        assertThat(server.budget().usedBytes()).isZero();
        before.awaitAgain();
        System.out.printf(
                "seed %d: %,d messages, %,d MiB, %d peers killed, %d connections cut or closed, %d s%n",
                SEED, messages.get(), bytes.get() >> 20, killed, cut, SECONDS);
    }

    private static PeerJvm peer(String port, Random random) throws Exception {
        return new PeerJvm(SoakPeerMain.class, port, Long.toString(random.nextInt()));
    }

    private void echo(Connection connection) {
        connections.add(connection);
        connection.onClose(cause -> connections.remove(connection));
        connection.onMessage((type, message) -> {
            if (!Soaked.isWhole(message, type)) {
                wrong.add("message " + type + " of " + message.readableBytes() + " bytes arrived torn");
            }
            messages.incrementAndGet();
            bytes.addAndGet(message.readableBytes());
            CompletableFuture<Void> _ = connection.send(type, message.retain());
        });
    }

    private void disturb(String port, List<PeerJvm> peers, Random random) throws Exception {
        int choice = random.nextInt(6);
        Connection connection = connections.peek();
        if (choice == 0) {
            PeerJvm unlucky = peers.remove(random.nextInt(peers.size()));
            unlucky.kill();
            killed++;
            peers.add(peer(port, random));
        } else if (choice < 4 && connection != null) {
            cut++;
            if (choice == 1) {
                CompletableFuture<?> _ = connection.closeAsync();
            } else {
                CompletableFuture<?> _ = connection.abort();
            }
        }
    }
}
