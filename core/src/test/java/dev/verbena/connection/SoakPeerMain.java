package dev.verbena.connection;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.LoopFuture;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A peer of {@link SoakTest}: {@code SoakPeerMain PORT SEED}. Sends messages on some connections, connects again when one is
 * lost, and looks at every byte that comes back, until its input ends; then prints {@code clean} when nothing is left.
 */
final class SoakPeerMain {
    private static final int CONNECTIONS = 3;
    private static final long PATIENCE_S = 60;
    private static final ReconnectPolicy POLICY =
            new ReconnectPolicy(Duration.ofMillis(10), Duration.ofSeconds(1), 1000);

    private final QueuePairManager manager;
    private final AtomicLong whole = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private volatile boolean ending;

    private SoakPeerMain(QueuePairManager manager) {
        this.manager = manager;
    }

    public static void main(String[] args) throws Exception {
        InetSocketAddress address = Pair.loopback(Integer.parseInt(args[0]));
        QueuePairManager manager = QueuePairManager.open(Pair.clientConfig());
        SoakPeerMain peer = new SoakPeerMain(manager);
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            Random random = new Random(Long.parseLong(args[1]) + i);
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    peer.work(address, random);
                } catch (Exception | AssertionError e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            }));
        }
        PeerJvm.awaitEndOfInput();
        peer.ending = true;
        for (Thread thread : threads) {
            thread.join();
        }
        for (Throwable failure : failures) {
            failure.printStackTrace();
        }
        System.out.println(failures.isEmpty() && peer.isClean() ? "clean" : "not clean: " + failures);
        System.out.println(peer.whole + " whole, " + peer.lost + " lost with their connection");
    }

    /** What waits for its echo on one connection. */
    private static final class Waiting {
        private final Map<Integer, CompletableFuture<Void>> echoes = new ConcurrentHashMap<>();
    }

    private void work(InetSocketAddress address, Random random) throws Exception {
        Map<Connection, Waiting> waiting = new ConcurrentHashMap<>();
        CompletableFuture<ConnectionException> ended;
        try (Reconnector reconnector = manager.connect(address, POLICY, connection -> begin(connection, waiting))) {
            ended = reconnector.ended();
            while (!ending) {
                Connection connection = reconnector.connection().get(PATIENCE_S, TimeUnit.SECONDS);
                Waiting here = waiting.get(connection);
                if (here != null) {
                    exchange(connection, here, random);
                }
            }
        }
        ConnectionException _ = ended.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    private void exchange(Connection connection, Waiting here, Random random) throws Exception {
        List<CompletableFuture<Void>> batch = new ArrayList<>();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            batch.add(send(connection, here, random));
        }
        for (CompletableFuture<Void> echo : batch) {
            await(echo);
        }
    }

    private void begin(Connection connection, Map<Connection, Waiting> waiting) {
        Waiting here = new Waiting();
        waiting.put(connection, here);
        connection.onMessage((type, message) -> {
            CompletableFuture<Void> echo = here.echoes.remove(type);
            if (echo == null) {
                throw new AssertionError("message " + type + " came without having been sent on this connection");
            }
            if (Soaked.isWhole(message, type)) {
                complete(echo);
            } else {
                echo.completeExceptionally(new AssertionError(
                        "message " + type + " of " + message.readableBytes() + " bytes came back torn"));
            }
        });
        connection.onClose(cause -> {
            Waiting _ = waiting.remove(connection);
            here.echoes.values().forEach(echo -> echo.completeExceptionally(cause));
        });
    }

    @SuppressWarnings("NullAway") // a Void is null
    private static void complete(CompletableFuture<Void> echo) {
        echo.complete(null);
    }

    private CompletableFuture<Void> send(Connection connection, Waiting here, Random random) {
        int type = random.nextInt();
        int length = Soaked.length(random);
        CompletableFuture<Void> echo = new LoopFuture<>();
        here.echoes.put(type, echo);
        ByteBuf message = manager.allocator().directBuffer(Math.max(length, 1));
        CompletableFuture<Void> _ = connection
                .send(type, Soaked.fill(message, type, length))
                .exceptionally(failure -> {
                    echo.completeExceptionally(failure);
                    throw new IllegalStateException(failure);
                });
        ConnectionException gone = connection.cause();
        if (gone != null) {
            // Put after the end was told.
            echo.completeExceptionally(gone);
        }
        return echo;
    }

    private void await(CompletableFuture<Void> echo) throws Exception {
        try {
            Void _ = echo.get(PATIENCE_S, TimeUnit.SECONDS);
            whole.incrementAndGet();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError torn) {
                throw torn;
            }
            if (!(e.getCause() instanceof ConnectionException)) {
                throw e;
            }
            lost.incrementAndGet();
        }
    }

    private boolean isClean() {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while ((manager.connectionCount() > 0 || manager.memoryInUseBytes() > 0) && System.nanoTime() < deadlineNs) {
            Thread.onSpinWait();
        }
        boolean nothingOut = manager.connectionCount() == 0 && manager.memoryInUseBytes() == 0;
        manager.close();
        boolean nothingRegistered = manager.budget().usedBytes() == 0;
        Holdings after = Holdings.now();
        boolean clean = nothingOut
                && nothingRegistered
                && after.mappings() == 0
                && after.threads().isEmpty();
        if (!clean) {
            System.err.println(manager.connectionCount() + " connections, " + manager.memoryInUseBytes() + " and "
                    + manager.budget().usedBytes() + " bytes, " + after);
        }
        return clean;
    }
}
