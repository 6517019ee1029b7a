package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.LongMessageCallback;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.OperationList;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The snippets of the guide's chapters on the core: they stand here as they stand there, and run. */
@SuppressWarnings({"FutureReturnValueIgnored", "CheckReturnValue"}) // as in the guide
final class GuideTest {
    @Test
    void theSnippetsRun() throws Exception {
        QueuePairManagerConfig config = Pair.config();
        InetSocketAddress address = Pair.loopback(0);
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
        BlockingQueue<RemoteBuffer> remotes = new LinkedBlockingQueue<>();
        BlockingQueue<Reason> reasons = new LinkedBlockingQueue<>();

        QueuePairManager manager = QueuePairManager.open(config);
        Listener listener = manager.listen(
                address, connection -> connection.onMessage(message -> connection.send(message.retain())));
        Connection connection = manager.connect(listener.address()).get(5, TimeUnit.SECONDS);
        connection.onMessage(message -> answers.add(message.toString(StandardCharsets.UTF_8)));
        ByteBuf request = manager.allocator().directBuffer();
        request.writeCharSequence("hello", StandardCharsets.UTF_8);
        connection.send(request).get(5, TimeUnit.SECONDS);
        assertThat(answers.poll(5, TimeUnit.SECONDS)).isEqualTo("hello");

        ByteBuf message = manager.allocator().directBuffer(5).writeZero(5);
        int result = connection.trySend(message);
        if (result != SendResult.SENT) {
            message.release();
        }
        assertThat(answers.poll(5, TimeUnit.SECONDS)).hasSize(5);
        ByteBuf header = manager.allocator().directBuffer(300).writeZero(300);
        ByteBuf payload = Unpooled.directBuffer(3000).writeZero(3000);
        ByteBuf both = Unpooled.wrappedBuffer(header, payload);
        connection.send(both).get(5, TimeUnit.SECONDS);
        assertThat(answers.poll(5, TimeUnit.SECONDS)).hasSize(3300);
        connection.close();

        try (Listener sharing = manager.listen(Pair.loopback(0), accepted::add)) {
            Connection second = manager.connect(sharing.address()).get(5, TimeUnit.SECONDS);
            Connection serverSide = accepted.poll(5, TimeUnit.SECONDS);
            assertThat(serverSide).isNotNull();
            longMessages(second, serverSide);
            remoteMemory(manager, second, serverSide, remotes);
            ending(second, reasons);
            connectingAgain(manager, sharing.address());
        }
        manager.close();
    }

    private static void longMessages(Connection connection, Connection serverSide) throws Exception {
        BlockingQueue<Long> progress = new LinkedBlockingQueue<>();
        BlockingQueue<Long> there = new LinkedBlockingQueue<>();
        LongMessageCallback whenThere = (message, failure) -> there.add(message.receivedBytes());
        try (Arena arena = Arena.ofShared()) {
            MemorySegment source = arena.allocate(1 << 20);
            MemorySegment destination = arena.allocate(1 << 20);
            serverSide.onLongMessage(offer -> offer.receiveInto(OwnedMemory.of(destination, arena), whenThere));
            CompletableFuture<Void> sent = connection.send(7, OwnedMemory.of(source, arena), progress::add);
            sent.get(5, TimeUnit.SECONDS);
            assertThat(there.poll(5, TimeUnit.SECONDS)).isEqualTo(1 << 20);
            assertThat(progress).contains(1L << 20);
        }
    }

    private static void remoteMemory(
            QueuePairManager manager, Connection connection, Connection serverSide, BlockingQueue<RemoteBuffer> remotes)
            throws Exception {
        RegisteredBuffer mine = manager.allocate(64);
        RegisteredBuffer table = manager.allocate(1 << 20);
        Share share = serverSide
                .share(table, AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC)
                .get(5, TimeUnit.SECONDS);
        connection.onShare(remotes::add);
        RemoteBuffer remote = remotes.poll(5, TimeUnit.SECONDS);
        assertThat(remote).isNotNull();
        connection.read(remote.slice(4096, 64), mine).get(5, TimeUnit.SECONDS);
        long before = connection.fetchAndAdd(remote.at(0), 1).get(5, TimeUnit.SECONDS);
        assertThat(before).isZero();
        OperationList list = new OperationList(2);
        list.fetchAndAdd(remote.at(0), 1).fence().read(remote.slice(4096, 64), mine);
        connection.post(list).get(5, TimeUnit.SECONDS);
        long ticket = list.value(0);
        assertThat(ticket).isEqualTo(1);
        share.revoke().get(5, TimeUnit.SECONDS);
        mine.close();
        table.close();
    }

    private static void ending(Connection connection, BlockingQueue<Reason> reasons) throws InterruptedException {
        connection.onClose(cause -> reasons.add(cause.reason()));
        connection.close();
        assertThat(reasons.poll(5, TimeUnit.SECONDS)).isEqualTo(Reason.CLOSED);
    }

    private static void connectingAgain(QueuePairManager manager, InetSocketAddress address) throws Exception {
        BlockingQueue<Connection> reconnected = new LinkedBlockingQueue<>();
        Reconnector reconnector = manager.connect(address, ReconnectPolicy.DEFAULT, again -> reconnected.add(again));
        Connection now = reconnector.connection().get(5, TimeUnit.SECONDS);
        assertThat(now.isOpen()).isTrue();
        assertThat(reconnected.poll(5, TimeUnit.SECONDS)).isSameAs(now);
        reconnector.close();
    }

    @Test
    void theFastestWayRuns() throws Exception {
        QueuePairManagerConfig driven = Pair.clientConfig().waitingPolicy(WaitingPolicy.APPLICATION);
        BlockingQueue<Long> received = new LinkedBlockingQueue<>();
        try (QueuePairManager server = QueuePairManager.open(Pair.config());
                QueuePairManager client = QueuePairManager.open(driven);
                Listener listener = server.listen(
                        Pair.loopback(0), c -> c.onMessage(message -> received.add(message.readLongLE())))) {
            EventLoop loop = client.loops().getFirst();
            CompletableFuture<Connection> future = client.connect(listener.address());
            while (!future.isDone()) {
                loop.poll();
            }
            Connection connection = future.get();
            Claim claim = new Claim();
            long value = 42;
            if (connection.tryClaim(64, claim) >= 0) {
                claim.memory().set(ValueLayout.JAVA_LONG_UNALIGNED, claim.offset(), value);
                claim.commit();
            }
            loop.poll();
            assertThat(received.poll(5, TimeUnit.SECONDS)).isEqualTo(42);
        }
    }

    @Test
    void theSnippetForManyConnectionsRuns() throws Exception {
        QueuePairManagerConfig config = Pair.config();
        QueuePairManagerConfig many = config.connectionsPerLoopMax(1000).sharedReceives(16_384);
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        try (QueuePairManager manager = QueuePairManager.open(many);
                Listener listener = manager.listen(
                        Pair.loopback(0), connection -> connection.onMessage(message -> answers.add("here")))) {
            Connection connection = manager.connect(listener.address()).get(5, TimeUnit.SECONDS);
            connection.send(manager.allocator().directBuffer(5).writeZero(5)).get(5, TimeUnit.SECONDS);
            assertThat(answers.poll(5, TimeUnit.SECONDS)).isEqualTo("here");
        }
    }

    @Test
    @Tag("sources")
    void everyLineOfTheGuidesSnippetsStandsHere() throws IOException {
        Path root = Path.of(System.getProperty("verbena.root"));
        String guide = Files.readString(root.resolve("docs/guide.md"));
        String here = Files.readString(root.resolve("core/src/test/java/dev/verbena/connection/GuideTest.java"));
        List<String> mine = here.lines().map(String::strip).toList();
        int first = guide.indexOf("# Guide: messages with the core");
        assertThat(first).isPositive();
        List<String> snippets = guide.substring(first)
                .lines()
                .filter(line -> line.startsWith("    "))
                .map(String::strip)
                .toList();
        assertThat(snippets).hasSizeGreaterThan(20);
        assertThat(mine).containsAll(snippets);
    }
}
