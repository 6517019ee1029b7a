package dev.verbena.connection;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.OneSided;
import dev.verbena.onesided.OneSidedCallback;
import dev.verbena.onesided.OperationList;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lists of one-sided operations: one doorbell, one end, in order. */
final class OperationListTest {
    private static final int TIMEOUT_S = 10;

    private final BlockingQueue<Integer> told = new LinkedBlockingQueue<>();

    private static RemoteBuffer shared(Pair pair, RegisteredBuffer table, int access) throws Exception {
        BlockingQueue<RemoteBuffer> shared = new LinkedBlockingQueue<>();
        pair.toServer.onShare(shared::add);
        Share _ = pair.toClient.share(table, access).get(TIMEOUT_S, TimeUnit.SECONDS);
        return requireNonNull(shared.poll(TIMEOUT_S, TimeUnit.SECONDS));
    }

    private Pair pair() throws Exception {
        return new Pair(connection -> connection.onImmediate(told::add));
    }

    @Test
    void aListDoesEverythingInItsOrderAndTellsTheValuesOfItsAtomics() throws Exception {
        try (Pair pair = pair();
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(64)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_ALL);
            mine.memory().set(JAVA_LONG, 0, 11);
            OperationList list = new OperationList(8);
            list.write(mine.slice(0, 8), remote.at(0))
                    .fetchAndAdd(remote.at(0), 4)
                    .compareAndSwap(remote.at(0), 15, 20)
                    .compareAndSwap(remote.at(0), 15, 30)
                    .fence()
                    .read(remote.at(0), mine.slice(8, 8))
                    .fence()
                    .writeWithImmediate(mine.slice(8, 8), remote.at(16), 77);
            for (int round = 0; round < 100; round++) {
                pair.toServer.post(list).get(TIMEOUT_S, TimeUnit.SECONDS);

                assertThat(list.value(1)).isEqualTo(11);
                assertThat(list.value(2)).isEqualTo(15);
                assertThat(list.value(3)).isEqualTo(20);
                assertThat(mine.memory().get(JAVA_LONG, 8)).isEqualTo(20);
                assertThat(told.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo(77);
                assertThat(table.memory().get(JAVA_LONG, 16)).isEqualTo(20);
                table.memory().fill((byte) 0);
                mine.memory().set(JAVA_LONG, 8, 0);
            }
            assertThat(pair.toServer.counters().oneSided).isEqualTo(600);
        }
    }

    @Test
    void aListThatHasNoRoomNowWaitsForIt() throws Exception {
        try (Pair pair = pair();
                RegisteredBuffer table = pair.server.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_ATOMIC);
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                OperationList list = new OperationList(200);
                for (int n = 0; n < 200; n++) {
                    list.fetchAndAdd(remote, 1);
                }
                all.add(pair.toServer.post(list));
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(table.memory().get(JAVA_LONG, 0)).isEqualTo(10_000);
        }
    }

    @Test
    void aListThatCannotBePostedIsRefusedBeforeAnythingIs() throws Exception {
        try (Pair pair = pair();
                RegisteredBuffer table = pair.server.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_ALL);
            OperationList tooLong = new OperationList(300);
            OperationList told113 = new OperationList(300);
            RegisteredBuffer mine = pair.client.allocate(8);
            for (int i = 0; i < 225; i++) {
                tooLong.fetchAndAdd(remote, 1);
            }
            for (int i = 0; i < 113; i++) {
                told113.writeWithImmediate(mine, remote, i);
            }
            OperationList closed = new OperationList(2).fetchAndAdd(remote, 1).write(mine, remote);
            mine.close();

            for (OperationList bad : List.of(new OperationList(1), tooLong, told113, closed)) {
                assertThatThrownBy(() -> pair.toServer.post(bad).get(TIMEOUT_S, TimeUnit.SECONDS))
                        .cause()
                        .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class);
            }
            assertThatThrownBy(() -> new OperationList(1).fetchAndAdd(remote, 1).fetchAndAdd(remote, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("room for 1");
            assertThat(table.memory().get(JAVA_LONG, 0)).isZero();
            assertThat(pair.toServer.isOpen()).isTrue();
        }
    }

    @Test
    void aListThatFailsInTheMiddleEndsOnceWithTheCause() throws Exception {
        try (Pair pair = pair();
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_READ);
            OperationList list = new OperationList(3)
                    .read(remote.at(0), mine)
                    .write(mine, remote.at(0))
                    .read(remote.at(8), mine);
            CompletableFuture<Void> failed = pair.toServer.post(list);

            assertThatThrownBy(() -> failed.get(TIMEOUT_S, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(ConnectionException.class)
                    .hasMessageContaining("REM_ACCESS_ERR");
            list.clear();
            assertThat(list.size()).isZero();
        }
    }

    @Test
    @Timeout(60)
    void aListIsOneDoorbellAndAllocatesNothing() throws Exception {
        QueuePairManagerConfig driven = Pair.clientConfig().waitingPolicy(WaitingPolicy.APPLICATION);
        BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
        BlockingQueue<RemoteBuffer> remotes = new LinkedBlockingQueue<>();
        try (QueuePairManager server = QueuePairManager.open(Pair.config());
                QueuePairManager client = QueuePairManager.open(driven);
                Listener listener = server.listen(Pair.loopback(0), accepted::add);
                RegisteredBuffer table = server.allocate(64);
                RegisteredBuffer mine = client.allocate(64)) {
            EventLoop loop = client.loops().getFirst();
            CompletableFuture<Connection> future = client.connect(listener.address());
            while (!future.isDone()) {
                loop.poll();
            }
            Connection connection = future.get();
            connection.onShare(remotes::add);
            Connection serverSide = requireNonNull(accepted.poll(TIMEOUT_S, TimeUnit.SECONDS));
            CompletableFuture<Share> share = serverSide.share(table, AccessFlags.REMOTE_ALL);
            while (remotes.isEmpty()) {
                loop.poll();
            }
            share.get(TIMEOUT_S, TimeUnit.SECONDS);
            RemoteBuffer remote = remotes.remove();
            OperationList list = new OperationList(30);
            for (int i = 0; i < 10; i++) {
                list.write(mine.slice(0, 8), remote.at(8))
                        .fence()
                        .fetchAndAdd(remote.at(0), 1)
                        .read(remote.at(0), mine.slice(0, 8));
            }
            Ends ends = new Ends();
            long doorbells = connection.counters().doorbells;
            run(connection.oneSided(), loop, list, ends, 1);
            assertThat(connection.counters().doorbells - doorbells).isEqualTo(1);

            int rounds = TestDevices.rounds(5000);
            run(connection.oneSided(), loop, list, ends, rounds);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            run(connection.oneSided(), loop, list, ends, rounds);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;

            // One object of 16 bytes per operation would be thirty times that.
            assertThat(allocated).isLessThan(16L * rounds);
            assertThat(ends.failed).isZero();
            assertThat(list.value(28)).isEqualTo((1 + 2L * rounds) * 10 - 1);
            CompletableFuture<ConnectionException> closed = connection.closeAsync();
            while (!closed.isDone()) {
                loop.poll();
            }
        }
    }

    private static final class Ends implements OneSidedCallback {
        private long count;
        private long failed;

        @Override
        public void onDone(long value, @Nullable ConnectionException failure) {
            count++;
            failed += failure == null ? 0 : 1;
        }
    }

    private static void run(OneSided oneSided, EventLoop loop, OperationList list, Ends ends, int rounds) {
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            long next = ends.count + 1;
            int result = oneSided.tryPost(list, ends);
            if (result != SendResult.SENT) {
                throw new IllegalStateException(SendResult.name(result));
            }
            while (ends.count != next) {
                loop.poll();
                if (System.nanoTime() - start > 20_000_000_000L) {
                    throw new IllegalStateException("time is over after " + i);
                }
            }
        }
    }
}
