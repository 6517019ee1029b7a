package dev.verbena.connection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.verbs.AccessFlags;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Reads, writes and atomics on memory that the peer shares, and taking it back. */
final class OneSidedTest {
    private static final int ALL = AccessFlags.REMOTE_ALL;

    private static RemoteBuffer shared(Pair pair, RegisteredBuffer table, int access) throws Exception {
        BlockingQueue<RemoteBuffer> shared = new LinkedBlockingQueue<>();
        pair.toServer.onShare(shared::add);
        Share _ = pair.toClient.share(table, access).get(10, TimeUnit.SECONDS);
        RemoteBuffer remote = shared.poll(10, TimeUnit.SECONDS);
        assertThat(remote).isNotNull();
        return remote;
    }

    @Test
    void whatIsWrittenIsReadBackAndLiesInThePeersMemory() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(1 << 20);
                RegisteredBuffer mine = pair.client.allocate(1 << 16)) {
            RemoteBuffer remote = shared(pair, table, ALL);
            assertThat(remote.lengthBytes()).isEqualTo(1 << 20);
            mine.memory().fill((byte) 7);

            pair.toServer.write(mine, remote.slice(1000, 1 << 16)).get(10, TimeUnit.SECONDS);
            mine.memory().fill((byte) 0);
            pair.toServer.read(remote.slice(1000, 1 << 16), mine).get(10, TimeUnit.SECONDS);

            assertThat(MemorySegment.mismatch(table.memory(), 1000, 1000 + (1 << 16), mine.memory(), 0, 1 << 16))
                    .isEqualTo(-1);
            assertThat(mine.memory().get(JAVA_BYTE, 4711)).isEqualTo((byte) 7);
            assertThat(table.memory().get(JAVA_BYTE, 999)).isZero();
        }
    }

    @Test
    void atomicsAnswerTheValueBefore() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(64)) {
            RemoteBuffer remote = shared(pair, table, ALL);
            assertThat(pair.toServer.fetchAndAdd(remote.at(8), 5).get(10, TimeUnit.SECONDS))
                    .isZero();
            assertThat(pair.toServer.fetchAndAdd(remote.at(8), -2).get(10, TimeUnit.SECONDS))
                    .isEqualTo(5);
            assertThat(pair.toServer.compareAndSwap(remote.at(8), 99, 1).get(10, TimeUnit.SECONDS))
                    .isEqualTo(3);
            assertThat(pair.toServer.compareAndSwap(remote.at(8), 3, -1).get(10, TimeUnit.SECONDS))
                    .isEqualTo(3);
            assertThat(table.memory().get(JAVA_LONG, 8)).isEqualTo(-1);
            assertThatThrownBy(() -> pair.toServer.fetchAndAdd(remote.slice(4, 8), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("multiple of 8");
        }
    }

    @Test
    void aCounterOfManyConnectionsLosesNoAddition() throws Exception {
        int connections = 4;
        int each = TestDevices.rounds(2000);
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(8)) {
            List<Connection> servers = new ArrayList<>();
            List<Connection> clients = new ArrayList<>();
            BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
            List<CompletableFuture<Long>> futures = new ArrayList<>();
            try (Listener listener = pair.server.listen(Pair.loopback(0), accepted::add)) {
                for (int i = 0; i < connections; i++) {
                    BlockingQueue<RemoteBuffer> shared = new LinkedBlockingQueue<>();
                    Connection client = pair.client.connect(listener.address()).get(10, TimeUnit.SECONDS);
                    client.onShare(shared::add);
                    Connection server = accepted.poll(10, TimeUnit.SECONDS);
                    assertThat(server).isNotNull();
                    Share _ = server.share(table, AccessFlags.REMOTE_ATOMIC).get(10, TimeUnit.SECONDS);
                    RemoteBuffer counter = shared.poll(10, TimeUnit.SECONDS);
                    assertThat(counter).isNotNull();
                    for (int n = 0; n < each; n++) {
                        futures.add(client.fetchAndAdd(counter, 1));
                    }
                    servers.add(server);
                    clients.add(client);
                }
            }
            Set<Long> seen = new TreeSet<>();
            for (CompletableFuture<Long> future : futures) {
                seen.add(future.get(20, TimeUnit.SECONDS));
            }
            assertThat(seen).hasSize(connections * each);
            assertThat(table.memory().get(JAVA_LONG, 0)).isEqualTo((long) connections * each);
            clients.forEach(Connection::close);
            servers.forEach(Connection::close);
        }
    }

    @Test
    void aWriteWithImmediateTellsThePeerManyTimes() throws Exception {
        BlockingQueue<Integer> told = new LinkedBlockingQueue<>();
        try (Pair pair = new Pair(connection -> connection.onImmediate(told::add));
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_WRITE);
            for (int i = 0; i < TestDevices.rounds(1000); i++) {
                mine.memory().set(JAVA_LONG, 0, i);
                pair.toServer.writeWithImmediate(mine, remote.at(0), i).get(10, TimeUnit.SECONDS);
                assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(i);
                assertThat(table.memory().get(JAVA_LONG, 0)).isEqualTo(i);
            }
        }
    }

    @Test
    void aRightThatWasNotGivenEndsTheConnection() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, AccessFlags.REMOTE_READ);
            pair.toServer.read(remote.at(0), mine).get(10, TimeUnit.SECONDS);

            assertThatThrownBy(() -> pair.toServer.write(mine, remote.at(0)).get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.DEVICE))
                    .hasMessageContaining("REM_ACCESS_ERR");
            assertThat(table.memory().get(JAVA_LONG, 0)).isZero();
        }
    }

    @Test
    void aRevokedBufferIsToldAndAPeerThatStillUsesItLosesItsConnection() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(8)) {
            BlockingQueue<RemoteBuffer> shared = new LinkedBlockingQueue<>();
            BlockingQueue<RemoteBuffer> gone = new LinkedBlockingQueue<>();
            pair.toServer.onShare(shared::add, gone::add);
            Share share = pair.toClient.share(table, AccessFlags.REMOTE_READ).get(10, TimeUnit.SECONDS);
            RemoteBuffer remote = shared.poll(10, TimeUnit.SECONDS);
            assertThat(remote).isNotNull();
            pair.toServer.read(remote.at(0), mine).get(10, TimeUnit.SECONDS);

            share.revoke().get(10, TimeUnit.SECONDS);

            assertThat(gone.poll(10, TimeUnit.SECONDS)).isEqualTo(remote);
            assertThat(pair.toServer.isOpen()).isTrue();
            assertThatThrownBy(() -> pair.toServer.read(remote.at(0), mine).get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("REM_ACCESS_ERR");
            assertThat(share.revoke()).isCompleted();
        }
    }

    @Test
    void anOperationOnAnEndedConnectionFailsWithItsCause() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(64);
                RegisteredBuffer mine = pair.client.allocate(8)) {
            RemoteBuffer remote = shared(pair, table, ALL);
            pair.toServer.close();
            assertThatThrownBy(() -> pair.toServer.read(remote.at(0), mine).get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
            assertThatThrownBy(() -> pair.toServer.share(mine, ALL).get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(ConnectionException.class);
        }
    }

    @Test
    void aClosedBufferAndABufferThatIsTooLongAreRefusedBeforeAnythingIsPosted() throws Exception {
        try (Pair pair = new Pair(connection -> {});
                RegisteredBuffer table = pair.server.allocate(64)) {
            RemoteBuffer remote = shared(pair, table, ALL);
            RegisteredBuffer mine = pair.client.allocate(65);
            assertThatThrownBy(() -> pair.toServer.read(remote, mine)).isInstanceOf(IllegalArgumentException.class);
            mine.close();
            assertThatThrownBy(() -> pair.toServer.write(mine.slice(0, 8), remote))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(pair.toServer.isOpen()).isTrue();
        }
    }
}
