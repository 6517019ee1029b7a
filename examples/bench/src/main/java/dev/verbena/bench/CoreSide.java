package dev.verbena.bench;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.SendResult;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.WaitingPolicy;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One side of a measurement of messages: a manager whose loop this thread drives, and its connections to the other side.
 *
 * <p>Threading: one thread.
 */
final class CoreSide implements AutoCloseable {
    static final int BYTES = 64;
    private static final int LONG_BYTES = 1 << 20;
    private static final int LONG_BUFFERS = 16;
    private static final long BUDGET_BYTES = 4L << 30;

    /** Types of messages: to be sent back, to be counted, the last one, and what the client waits for. */
    private static final int ECHO = 0;

    private static final int COUNT = 1;
    private static final int LAST = 2;

    private final Exchange exchange;
    private final QueuePairManager manager;
    private final EventLoop loop;
    private final List<Connection> connections = new ArrayList<>();
    private final List<ByteBuf> sources = new ArrayList<>();
    private final Claim claim = new Claim();
    private long received;
    private boolean over;

    /** Connects so many times; both sides at once. */
    CoreSide(Exchange exchange, boolean client, String device, int count, boolean shared) throws IOException {
        this.exchange = exchange;
        QueuePairManagerConfig config = new QueuePairManagerConfig()
                .device(device)
                .waitingPolicy(WaitingPolicy.APPLICATION)
                .connectionsPerLoopMax(count)
                .lockedMemoryMaxBytes(BUDGET_BYTES);
        manager = QueuePairManager.open(shared ? config.sharedReceives(1 << 14) : config);
        loop = manager.loops().getFirst();
        if (client) {
            int port = Integer.parseInt(exchange.hear());
            for (int i = 0; i < count; i++) {
                connections.add(connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
            }
        } else {
            Listener listener =
                    manager.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), this::accept);
            exchange.say(String.valueOf(listener.address().getPort()));
            while (connections.size() < count) {
                loop.poll();
            }
        }
        exchange.meet();
    }

    private Connection connect(InetSocketAddress address) throws IOException {
        CompletableFuture<Connection> future = manager.connect(address);
        while (!future.isDone()) {
            loop.poll();
        }
        try {
            return future.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        }
    }

    private void accept(Connection connection) {
        connection.onMessage((type, message) -> {
            if (type == ECHO) {
                // Queued while there is no credit.
                CompletableFuture<Void> _ = connection.send(message.retain());
            } else if (type == COUNT) {
                received++;
            } else {
                over = true;
            }
        });
        connections.add(connection);
    }

    private static void taken(int result) {
        if (result != SendResult.SENT) {
            throw new IllegalStateException(SendResult.name(result));
        }
    }

    /** Bytes of registered memory for each connection. */
    double bytesPerConnection() {
        return manager.budget().usedBytes() / (double) connections.size();
    }

    // ---------------------------------------------------------------- the server

    /** Turns until the client says that it is over, and answers it. */
    void serve() {
        over = false;
        while (!over) {
            loop.poll();
        }
        Connection first = connections.getFirst();
        taken(first.trySend(LAST, manager.allocator().directBuffer(8).writeLong(received)));
        received = 0;
        settle();
    }

    // ---------------------------------------------------------------- the client

    /** Round trips a second, so many under way on all connections together. */
    double echo(int messages, int inFlight) {
        Echo echo = new Echo(messages);
        for (Connection connection : connections) {
            connection.onMessage((type, message) -> echo.back(type));
        }
        long start = System.nanoTime();
        for (int i = 0; i < inFlight; i++) {
            echo.next();
        }
        while (echo.left > 0) {
            loop.poll();
        }
        double perSecond = messages * 1e9 / (System.nanoTime() - start);
        finish();
        return perSecond;
    }

    /** The next message goes to the next connection. */
    private final class Echo {
        private int toSend;
        private int left;
        private int which;

        Echo(int messages) {
            toSend = messages;
            left = messages;
        }

        void back(int type) {
            if (type == LAST) {
                over = true;
                return;
            }
            left--;
            next();
        }

        void next() {
            if (toSend > 0) {
                toSend--;
                Connection connection = connections.get(which);
                which = which + 1 == connections.size() ? 0 : which + 1;
                if (connection.tryClaim(BYTES, claim) >= 0) {
                    claim.commit();
                } else {
                    CompletableFuture<Void> _ = connection.send(
                            manager.allocator().directBuffer(BYTES).writeZero(BYTES));
                }
            }
        }
    }

    /** Messages a second, one way, on one connection. */
    double oneWay(int messages) {
        Connection connection = awaitLast();
        ByteBuf message = manager.allocator().directBuffer(BYTES).writeZero(BYTES);
        long start = System.nanoTime();
        for (int sent = 0; sent < messages; ) {
            while (sent < messages && connection.trySend(COUNT, message.retain()) == SendResult.SENT) {
                sent++;
            }
            if (sent < messages) {
                message.release();
            }
            loop.poll();
        }
        finish();
        double perSecond = messages * 1e9 / (System.nanoTime() - start);
        message.release();
        return perSecond;
    }

    /** Bytes a second of long messages, as many under way as the connection takes. */
    double longMessages(int messages) {
        Connection connection = awaitLast();
        while (sources.size() < LONG_BUFFERS) {
            sources.add(manager.allocator().directBuffer(LONG_BYTES).writeZero(LONG_BYTES));
        }
        long start = System.nanoTime();
        for (int sent = 0; sent < messages; ) {
            ByteBuf source = sources.get(sent % LONG_BUFFERS).retainedSlice();
            if (connection.trySend(COUNT, source) == SendResult.SENT) {
                sent++;
            } else {
                source.release();
                loop.poll();
            }
        }
        finish();
        return messages * (double) LONG_BYTES * 1e9 / (System.nanoTime() - start);
    }

    private Connection awaitLast() {
        Connection connection = connections.getFirst();
        connection.onMessage((type, message) -> over = true);
        return connection;
    }

    /** The server answers when it has everything. */
    private void finish() {
        over = false;
        Connection first = connections.getFirst();
        ByteBuf last = manager.allocator().directBuffer(8).writeLong(0);
        while (first.trySend(LAST, last) != SendResult.SENT) {
            loop.poll();
        }
        while (!over) {
            loop.poll();
        }
        settle();
    }

    /** What is left to be said about credits is not measured. */
    private void settle() {
        long end = System.nanoTime() + 5_000_000;
        while (System.nanoTime() - end < 0) {
            loop.poll();
        }
    }

    /** Both sides at once. */
    @Override
    public void close() throws IOException {
        sources.forEach(ByteBuf::release);
        exchange.meet();
        for (Connection connection : connections) {
            CompletableFuture<?> _ = connection.abort();
        }
        manager.close();
    }
}
