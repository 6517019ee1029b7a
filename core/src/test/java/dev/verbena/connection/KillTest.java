package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Peers in processes of their own, one of which is killed under traffic. */
final class KillTest {
    private static final int PEERS = TestDevices.areEmbedded() ? 3 : 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** An operation that was begun, and how often it was told to have ended. */
    private static final class Operation {
        private final String what;
        private final AtomicInteger ends = new AtomicInteger();
        private volatile @Nullable Throwable failure;

        Operation(String what) {
            this.what = what;
        }

        void end(@Nullable Throwable why) {
            failure = why;
            ends.incrementAndGet();
        }

        @Override
        public String toString() {
            return what + ", " + ends + " ends, " + failure;
        }
    }

    /** The traffic with one peer: from the time when it shares on, some operations of each kind are always under way. */
    private static final class Traffic {
        private final QueuePairManager manager;
        private final Connection connection;
        private final RegisteredBuffer mine;
        private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();
        private final AtomicLong done = new AtomicLong();
        private final AtomicLong heard = new AtomicLong();
        private final Queue<ConnectionException> causes = new ConcurrentLinkedQueue<>();
        private volatile boolean stopped;

        Traffic(QueuePairManager manager, Connection connection) {
            this.manager = manager;
            this.connection = connection;
            this.mine = manager.allocate(BusyPeerMain.SHARED_BYTES);
            connection.onClose(causes::add);
            connection.onShare(this::begin);
        }

        private void begin(RemoteBuffer remote) {
            for (int length : new int[] {10, 3000, 300_000}) {
                repeat(
                        "a message of " + length,
                        () -> connection.send(
                                manager.allocator().directBuffer(length).writeZero(length)));
            }
            repeat("a read", () -> connection.read(remote, mine));
            repeat("a write", () -> connection.write(mine, remote));
            repeat("an addition", () -> connection.fetchAndAdd(remote.at(0), 1));
            callbacks(remote.at(8));
        }

        private interface Start {
            CompletableFuture<?> start();
        }

        private void repeat(String what, Start start) {
            if (stopped) {
                return;
            }
            Operation operation = new Operation(what);
            operations.add(operation);
            CompletableFuture<?> _ = start.start().whenComplete((value, failure) -> {
                operation.end(failure);
                if (failure == null) {
                    operations.remove(operation);
                    done.incrementAndGet();
                    connection.loop().execute(() -> repeat(what, start));
                }
            });
        }

        private void callbacks(RemoteBuffer counter) {
            Operation operation = new Operation("an addition with a callback");
            operations.add(operation);
            int result = connection.oneSided().tryFetchAndAdd(counter, 1, (value, failure) -> {
                operation.end(failure);
                if (failure == null) {
                    operations.remove(operation);
                    done.incrementAndGet();
                    if (!stopped) {
                        connection.loop().execute(() -> callbacks(counter));
                    }
                }
            });
            if (result == SendResult.BACK_PRESSURED) {
                operations.remove(operation);
                connection.loop().execute(() -> callbacks(counter));
            } else if (result != SendResult.SENT) {
                operations.remove(operation);
            }
        }

        void stop() {
            stopped = true;
            await().atMost(PATIENCE).until(() -> operations.isEmpty() || !connection.isOpen());
        }
    }

    @Test
    void everythingUnderWayWithAKilledPeerEndsOnceWithTheCauseAndTheOthersGoOn() throws Exception {
        // What the first connection of a process makes for good is there before the count.
        assertThat(new ProcessBuilder("true").start().waitFor()).isZero();
        try (Pair pair = new Pair(connection -> {})) {
            assertThat(pair.toServer.isOpen()).isTrue();
        }
        Holdings before = Holdings.now();

        Map<Long, Traffic> byPid = new ConcurrentHashMap<>();
        List<PeerJvm> peers = new ArrayList<>();
        try (QueuePairManager server = QueuePairManager.open(Pair.config());
                Listener listener = server.listen(Pair.loopback(0), connection -> {
                    Traffic traffic = new Traffic(server, connection);
                    connection.onMessage((type, message) -> {
                        if (type == BusyPeerMain.PID) {
                            byPid.put(message.readLong(), traffic);
                        } else {
                            traffic.heard.incrementAndGet();
                        }
                    });
                })) {
            for (int i = 0; i < PEERS; i++) {
                peers.add(new PeerJvm(
                        BusyPeerMain.class, Integer.toString(listener.address().getPort())));
            }
            await().atMost(PATIENCE)
                    .until(() ->
                            byPid.size() == PEERS && byPid.values().stream().allMatch(KillTest::isBusy));

            PeerJvm killed = peers.removeFirst();
            killed.kill();

            Traffic dead = byPid.remove(killed.pid());
            assertThat(dead).isNotNull();
            endsOnceWithTheCause(dead);
            for (Traffic other : byPid.values()) {
                long done = other.done.get();
                long heard = other.heard.get();
                await().atMost(PATIENCE).until(() -> other.done.get() > done + 50 && other.heard.get() > heard + 50);
                assertThat(other.connection.isOpen()).isTrue();
                other.stop();
                assertThat(other.operations).isEmpty();
            }
            for (PeerJvm other : peers) {
                assertThat(other.end()).isZero();
            }
            await().atMost(PATIENCE).until(() -> server.connectionCount() == 0);
            dead.mine.close();
            byPid.values().forEach(traffic -> traffic.mine.close());
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(server.memoryInUseBytes()).isZero());
        } finally {
            peers.forEach(PeerJvm::close);
        }
        before.awaitAgain();
    }

    private static boolean isBusy(Traffic traffic) {
        return traffic.done.get() > 100 && traffic.heard.get() > 100;
    }

    private static void endsOnceWithTheCause(Traffic dead) {
        await().atMost(PATIENCE).until(() -> !dead.causes.isEmpty());
        await().atMost(PATIENCE).until(() -> dead.operations.stream().allMatch(operation -> operation.ends.get() > 0));
        ConnectionException cause = dead.connection.cause();
        assertThat(cause).isNotNull();
        assertThat(cause.reason()).isEqualTo(Reason.PEER_LOST);
        assertThat(dead.causes).containsExactly(cause);
        assertThat(dead.operations).isNotEmpty().allSatisfy(operation -> {
            assertThat(operation.ends).as(operation.what).hasValue(1);
            assertThat(operation.failure).as(operation.what).isNotNull();
            Throwable failure = operation.failure;
            assertThat(failure instanceof ConnectionException ? failure : failure.getCause())
                    .as(operation.what)
                    .isSameAs(cause);
        });
    }
}
