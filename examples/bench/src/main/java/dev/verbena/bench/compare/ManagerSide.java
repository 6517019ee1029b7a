package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import dev.verbena.connection.Connection;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Verbena's messages, over a manager whose loop the caller's thread turns. Expected: what the verbs take, and what credits and
 * frames cost; of large messages, one copy, which the receiver makes.
 *
 * <p>Threading: one thread.
 */
final class ManagerSide implements Side {
    private static final int SOURCES = Messages.BUFFER_BYTES / Messages.LARGE_BYTES;
    private static final long BUDGET_BYTES = 1L << 30;
    private static final int TIMEOUT_S = 30;

    private final Exchange exchange;
    private final QueuePairManager manager;
    private final EventLoop loop;
    private final Claim claim = new Claim();
    private final List<ByteBuf> sources = new ArrayList<>();
    private @Nullable Connection connection;
    private boolean whole;
    private boolean answers;
    private int unanswered;
    private long sent;
    private long received;

    ManagerSide(String device, Exchange exchange, boolean client) throws IOException, InterruptedException {
        this.exchange = exchange;
        manager = QueuePairManager.open(new QueuePairManagerConfig()
                .device(device)
                .waitingPolicy(WaitingPolicy.APPLICATION)
                .connectionsPerLoopMax(1)
                .lockedMemoryMaxBytes(BUDGET_BYTES));
        loop = manager.loops().getFirst();
        if (client) {
            int port = Integer.parseInt(exchange.hear());
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            use(turnUntilDone(manager.connect(address)));
        } else {
            CompletableFuture<Connection> accepted = new CompletableFuture<>();
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            exchange.say(String.valueOf(
                    manager.listen(any, accepted::complete).address().getPort()));
            use(turnUntilDone(accepted));
        }
        exchange.meet();
    }

    private Connection turnUntilDone(CompletableFuture<Connection> future) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_S);
        while (!future.isDone() && System.nanoTime() - end < 0) {
            loop.poll();
        }
        try {
            return future.get(0, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no connection", e);
        }
    }

    private void use(Connection made) {
        connection = made;
        made.onMessage((type, message) -> onMessage(message));
    }

    private Connection connection() {
        Connection made = connection;
        if (made == null || !made.isOpen()) {
            throw new IllegalStateException("there is no connection" + (made == null ? "" : ": " + made.cause()));
        }
        return made;
    }

    private void onMessage(ByteBuf message) {
        long address = message.memoryAddress() + message.readerIndex();
        Messages.check(address, message.readableBytes(), ++received, whole);
        if (answers) {
            unanswered++;
        }
    }

    private void send() {
        Connection made = connection();
        while (made.tryClaim(Messages.SMALL_BYTES, claim) < 0) {
            connection();
            loop.poll();
        }
        Messages.write(claim.memory().address() + claim.offset(), Messages.SMALL_BYTES, ++sent, whole);
        claim.commit();
    }

    private void turnUntilReceived(long count) {
        while (received < count) {
            if (loop.poll() == 0) {
                connection();
            }
            // Not in the handler: sending may have to turn the loop.
            while (unanswered > 0) {
                unanswered--;
                send();
            }
        }
    }

    @Override
    public void checkWhole(boolean check) {
        whole = check;
    }

    @Override
    public void echo(int rounds, @Nullable Histogram each) throws IOException {
        answers = false;
        exchange.meet();
        long last = received + rounds;
        long before = System.nanoTime();
        for (long next = received + 1; next <= last; next++) {
            send();
            turnUntilReceived(next);
            if (each != null) {
                long now = System.nanoTime();
                each.recordValue(now - before);
                before = now;
            }
        }
    }

    @Override
    public void answer(int rounds) throws IOException {
        answers = true;
        exchange.meet();
        turnUntilReceived(received + rounds);
    }

    @Override
    public void push(int bytes, int messages) throws IOException {
        exchange.meet();
        for (int i = 0; i < messages; i++) {
            if (bytes == Messages.SMALL_BYTES) {
                send();
            } else {
                sendLarge(bytes, i % SOURCES);
            }
        }
        for (ByteBuf source : sources) {
            awaitReturned(source);
        }
        // The other side turns its loop until this comes: what it still had to say about long messages has been said
        // then.
        send();
    }

    private void sendLarge(int bytes, int slot) {
        if (sources.size() == slot) {
            sources.add(manager.allocator().directBuffer(bytes).writerIndex(bytes));
        }
        ByteBuf source = sources.get(slot);
        awaitReturned(source);
        Messages.write(source.memoryAddress(), bytes, ++sent, whole);
        ByteBuf message = source.retainedSlice();
        while (connection().trySend(0, message) != SendResult.SENT) {
            loop.poll();
        }
    }

    /** What was sent is this side's again when the peer has read it. */
    private void awaitReturned(ByteBuf source) {
        while (source.refCnt() > 1) {
            connection();
            loop.poll();
        }
    }

    @Override
    public void take(int bytes, int messages) throws IOException {
        answers = false;
        exchange.meet();
        turnUntilReceived(received + messages + 1);
    }

    @Override
    public void close() throws IOException {
        sources.forEach(ByteBuf::release);
        exchange.meet();
        CompletableFuture<?> _ = connection().abort();
        manager.close();
    }
}
