package dev.verbena.connection;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.OneSided;
import dev.verbena.onesided.OneSidedCallback;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.SharedReceives;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Loops that the application polls: both sides in one thread, nothing allocated per message. */
@ParameterizedClass
@EnumSource(Receiving.class)
final class DrivenLoopTest {
    private static final long TIMEOUT_NS = 20_000_000_000L;

    private final Receiving receiving;
    private final QueuePairManager client;
    private final QueuePairManager server;
    private final EventLoop clientLoop;
    private final EventLoop serverLoop;
    private final AtomicReference<Connection> accepted = new AtomicReference<>();
    private long received;
    private long wrong;
    private int immediates;

    DrivenLoopTest(Receiving receiving) {
        this.receiving = receiving;
        client = QueuePairManager.open(receiving.apply(Pair.clientConfig().waitingPolicy(WaitingPolicy.APPLICATION)));
        server = QueuePairManager.open(receiving.apply(Pair.config().waitingPolicy(WaitingPolicy.APPLICATION)));
        clientLoop = client.loops().getFirst();
        serverLoop = server.loops().getFirst();
    }

    @AfterEach
    void close() {
        client.close();
        // The client's goodbye has to be polled.
        long start = System.nanoTime();
        while (server.connectionCount() > 0) {
            serverLoop.poll();
            assertThat(System.nanoTime() - start).as("time").isLessThan(TIMEOUT_NS);
        }
        assertThat(server.memoryInUseBytes()).isZero();
        while (granted(server) > 0) {
            serverLoop.poll();
            assertThat(System.nanoTime() - start).as("time").isLessThan(TIMEOUT_NS);
        }
        Pair.checkSharedReceives(server);
        server.close();
    }

    private static int granted(QueuePairManager manager) {
        SharedReceives shared = manager.loops().getFirst().sharedReceives();
        return shared == null ? 0 : shared.granted();
    }

    private void drive(BooleanSupplier until) {
        long start = System.nanoTime();
        while (!until.getAsBoolean()) {
            clientLoop.poll();
            serverLoop.poll();
            assertThat(System.nanoTime() - start).as("time").isLessThan(TIMEOUT_NS);
        }
    }

    private Connection connect() throws Exception {
        Listener listener = server.listen(Pair.loopback(0), connection -> {
            connection.onMessage((type, message) -> {
                if (connection.trySend(type, message.retain()) != SendResult.SENT) {
                    wrong++;
                    message.release();
                }
            });
            accepted.set(connection);
        });
        CompletableFuture<Connection> future = client.connect(listener.address());
        drive(() -> future.isDone() && accepted.get() != null);
        return future.get();
    }

    @Test
    void claimsAreWrittenInPlaceAndComeBack() throws Exception {
        Connection connection = connect();
        connection.onMessage(message -> {
            wrong += message.readLong() == received ? 0 : 1;
            received++;
        });
        Claim claim = new Claim();

        for (long i = 0; i < TestDevices.rounds(1000); i++) {
            assertThat(connection.tryClaim(200, claim)).isGreaterThanOrEqualTo(0);
            claim.memory().set(JAVA_LONG_UNALIGNED, claim.offset(), Long.reverseBytes(i));
            claim.commit();
            long next = i + 1;
            drive(() -> received == next);
        }

        assertThat(wrong).isZero();
        assertThat(connection.tryClaim(connection.claimMax() + 1, claim)).isEqualTo(SendResult.TOO_LONG);
        assertThat(connection.tryClaim(8, claim)).isGreaterThanOrEqualTo(0);
        assertThatThrownBy(() -> connection.tryClaim(8, new Claim()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("commit or abort");
        claim.abort();
        assertThatThrownBy(claim::commit).isInstanceOf(IllegalStateException.class);
        assertThat(connection.tryClaim(8, claim)).isGreaterThanOrEqualTo(0);
        claim.abort();
    }

    @Test
    void whatIsClaimedInOneTurnGoesBehindOneDoorbellAndKeepsItsType() throws Exception {
        Connection connection = connect();
        List<Integer> types = new ArrayList<>();
        connection.onMessage((type, message) -> types.add(type));
        int count = receiving.firstCredits();
        long doorbells = connection.counters().doorbells;
        Claim claim = new Claim();
        List<Integer> expected = new ArrayList<>();

        clientLoop.execute(() -> {
            for (int type = 0; type < count; type++) {
                assertThat(connection.tryClaim(type, 8, claim)).isGreaterThanOrEqualTo(0);
                claim.commit();
                expected.add(type);
            }
        });
        clientLoop.poll();

        assertThat(connection.counters().doorbells - doorbells).isOne();
        drive(() -> types.size() == count);
        assertThat(types).isEqualTo(expected);
        assertThat(wrong).isZero();
    }

    @Test
    void claimsRunIntoBackPressureWhenThePeerDoesNotTurn() throws Exception {
        Connection connection = connect();
        Claim claim = new Claim();
        int sent = 0;
        while (connection.tryClaim(8, claim) >= 0) {
            claim.commit();
            sent++;
            assertThat(sent).isLessThanOrEqualTo(112);
        }
        assertThat(sent).isEqualTo(receiving.firstCredits());
        assertThat(connection.tryClaim(8, claim)).isEqualTo(SendResult.BACK_PRESSURED);
        connection.onMessage(message -> received++);
        drive(() -> received == receiving.firstCredits());
        assertThat(connection.tryClaim(8, claim)).isGreaterThanOrEqualTo(0);
        claim.abort();
    }

    @Test
    @Timeout(60)
    void aMillionMessagesGoToAReceiverThatSaysNothing() throws Exception {
        Connection connection = connect();
        requireNonNull(accepted.get()).onMessage(message -> {
            wrong += message.readLong() == received ? 0 : 1;
            received++;
        });
        Claim claim = new Claim();
        int total = TestDevices.rounds(1_000_000);
        long start = System.nanoTime();
        long sent = 0;
        while (received < total) {
            while (sent < total && connection.tryClaim(8, claim) >= 0) {
                claim.memory().set(JAVA_LONG_UNALIGNED, claim.offset(), Long.reverseBytes(sent));
                claim.commit();
                sent++;
            }
            clientLoop.poll();
            serverLoop.poll();
            assertThat(System.nanoTime() - start).as("time after %d", received).isLessThan(2 * TIMEOUT_NS);
        }

        assertThat(wrong).isZero();
        assertThat(requireNonNull(accepted.get()).counters().messagesSent).isZero();
        // At least half a window each but for the first ones, and one each time that the clock ticks.
        long ticks = (System.nanoTime() - start) / 10_000_000;
        assertThat(requireNonNull(accepted.get()).counters().creditFrames).isBetween(total / 112L, total / 40L + ticks);
    }

    @Test
    void whatHappensMeanwhileDoesNotTouchAnOpenClaim() throws Exception {
        Connection connection = connect();
        AtomicReference<String> last = new AtomicReference<>("");
        connection.onMessage((type, message) -> {
            last.set(type + ":" + message.readableBytes() + ":" + message.getLongLE(0));
            received++;
        });
        Claim claim = new Claim();
        assertThat(connection.tryClaim(8, claim)).isGreaterThanOrEqualTo(0);
        claim.memory().set(JAVA_LONG_UNALIGNED, claim.offset(), 4711L);
        // A long message to be read, a short one, and credits to be returned.
        CompletableFuture<Void> big = requireNonNull(accepted.get())
                .send(1, server.allocator().directBuffer(100_000).writeZero(100_000));
        CompletableFuture<Void> small = requireNonNull(accepted.get())
                .send(2, server.allocator().directBuffer(8).writeZero(8));
        for (int i = 0; i < 20_000; i++) {
            clientLoop.poll();
            serverLoop.poll();
        }
        assertThat(big).isNotDone();

        claim.commit();

        drive(() -> big.isDone() && small.isDone() && received == 3);
        assertThat(last).hasValue("0:8:4711");
    }

    /** Bytes that the best of three runs allocates: the first ones may still be compiled meanwhile. */
    private static long leastAllocated(Runnable run) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            run.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    @Test
    @Timeout(60)
    void anEagerMessageAllocatesNothing() throws Exception {
        Connection connection = connect();
        connection.onMessage(message -> received++);
        ByteBuf message = client.allocator().directBuffer(64).writeZero(64);
        Claim claim = new Claim();
        pingPong(connection, message, claim, TestDevices.rounds(50_000));

        long allocated = leastAllocated(() -> pingPong(connection, message, claim, TestDevices.rounds(50_000)));

        // The clock's tick and the measurement itself; a single allocation per message would be 50,000 times 16 bytes.
        assertThat(allocated).isLessThan(10_000);
        message.release();
    }

    /** Half of them copied from a buffer, half of them claimed; both echoed by the peer. */
    private void pingPong(Connection connection, ByteBuf message, Claim claim, int rounds) {
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            long next = received + 1;
            if ((i & 1) == 0) {
                if (connection.trySend(message.retain()) != SendResult.SENT) {
                    throw new IllegalStateException("back pressure at one message under way");
                }
            } else {
                if (connection.tryClaim(64, claim) < 0) {
                    throw new IllegalStateException("back pressure at one message under way");
                }
                claim.commit();
            }
            while (received != next) {
                clientLoop.poll();
                serverLoop.poll();
            }
            if (System.nanoTime() - start > TIMEOUT_NS) {
                throw new IllegalStateException("time is over after " + i);
            }
        }
    }

    @Test
    @Timeout(60)
    void aOneSidedOperationWithACallbackAllocatesNothing() throws Exception {
        Connection connection = connect();
        AtomicReference<RemoteBuffer> shared = new AtomicReference<>();
        connection.onShare(shared::set);
        try (RegisteredBuffer table = server.allocate(4096);
                RegisteredBuffer mine = client.allocate(64)) {
            CompletableFuture<Share> share = requireNonNull(accepted.get()).share(table, AccessFlags.REMOTE_ALL);
            drive(() -> share.isDone() && shared.get() != null);
            RemoteBuffer remote = requireNonNull(shared.get()).slice(64, 64);
            AtomicInteger told = new AtomicInteger();
            requireNonNull(accepted.get())
                    .onImmediate(immediate -> wrong += immediate == told.getAndIncrement() ? 0 : 1);
            OneSidedCallback callback = (value, failure) -> {
                wrong += failure == null ? 0 : 1;
                received++;
            };
            operations(connection.oneSided(), remote, mine, callback, TestDevices.rounds(60_000));

            long allocated = leastAllocated(
                    () -> operations(connection.oneSided(), remote, mine, callback, TestDevices.rounds(60_000) / 3));

            assertThat(wrong).isZero();
            assertThat(table.memory().get(JAVA_LONG, 64)).isEqualTo(TestDevices.rounds(30_000));
            drive(() -> told.get() == TestDevices.rounds(30_000));
            assertThat(wrong).isZero();
            assertThat(allocated).isLessThan(10_000 / 3);
            connection.close();
            drive(() -> client.connectionCount() == 0);
        }
    }

    /** A quarter each reads, writes elsewhere, writes there and tells the peer, adds one. */
    private void operations(
            OneSided oneSided, RemoteBuffer remote, RegisteredBuffer mine, OneSidedCallback callback, int rounds) {
        RemoteBuffer elsewhere = remote.slice(8, 8);
        RegisteredBuffer eight = mine.slice(0, 8);
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            long next = received + 1;
            int result = switch (i % 4) {
                case 0 -> oneSided.tryRead(remote, mine, callback);
                case 1 -> oneSided.tryWrite(eight, elsewhere, callback);
                case 2 -> oneSided.tryWriteWithImmediate(eight, elsewhere, immediates++, callback);
                default -> oneSided.tryFetchAndAdd(remote, 1, callback);
            };
            if (result != SendResult.SENT) {
                throw new IllegalStateException(SendResult.name(result));
            }
            while (received != next) {
                clientLoop.poll();
                serverLoop.poll();
            }
            if (System.nanoTime() - start > TIMEOUT_NS) {
                throw new IllegalStateException("time is over after " + i);
            }
        }
    }

    @Test
    void aLoopBelongsToTheThreadThatPolledItFirst() throws Exception {
        drive(() -> true);
        int _ = clientLoop.poll();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        int _ = clientLoop.poll();
                    } catch (IllegalStateException e) {
                        thrown.complete(e);
                    }
                })
                .join();
        assertThat(thrown.get()).hasMessageContaining("belongs to thread");
    }
}
