package dev.verbena.connection;

import dev.verbena.messaging.Claim;
import dev.verbena.messaging.MessageHandler;
import dev.verbena.messaging.SendResult;
import dev.verbena.metrics.Counters;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.EventLoop;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a peer: messages of any size in order.
 *
 * <p>Threading: any thread. Handlers are called on the connection's event loop and must not block. From the loop's thread
 * nothing is queued between threads: that is the fast way.
 *
 * <p>Ownership: {@link #send} takes the buffer always, also on failure; a {@link #trySend} that answers a negative value
 * leaves it with the caller. A future that is cancelled never frees memory that the device still uses.
 *
 * <p>When it ends everything under way gets one cause: a {@link ConnectionException}.
 *
 * <p>Hot path: {@link #trySend}, {@link #tryClaim}.
 */
public final class Connection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private final ConnectionCore core;

    Connection(ConnectionCore core) {
        this.core = core;
    }

    /** The loop it belongs to. */
    public EventLoop loop() {
        return core.loop();
    }

    /** The peer's address as far as known. */
    public @Nullable InetSocketAddress peerAddress() {
        return core.peerAddress();
    }

    /** Whether messages can be sent. */
    public boolean isOpen() {
        return core.isOpen();
    }

    /** Why it has ended; null while it has not. */
    public @Nullable ConnectionException cause() {
        return core.cause();
    }

    // ---------------------------------------------------------------- messages

    /** Sets what takes the peer's messages. Until it is set they wait, as many as the window. */
    public void onMessage(Consumer<ByteBuf> handler) {
        onMessage((type, message) -> handler.accept(message));
    }

    /** Sets what takes the peer's messages, with their types. */
    public void onMessage(MessageHandler handler) {
        core.onLoop(() -> core.receiver().handler(handler));
    }

    /** Sets what is told, once, that the connection has ended. Told at once when it has. */
    public void onClose(Consumer<ConnectionException> handler) {
        CompletableFuture<Void> _ = core.closed().thenAccept(handler);
    }

    /**
     * Sends a message. The future completes when the peer's device has it, or, of a message that is longer than a receive
     * buffer, when the peer has read it.
     */
    public CompletableFuture<Void> send(ByteBuf message) {
        return core.sender().send(message, 0);
    }

    /** Sends a message with a number that the peer's handler gets. */
    public CompletableFuture<Void> send(int type, ByteBuf message) {
        return core.sender().send(message, type);
    }

    /**
     * Sends a message if that is possible at once.
     *
     * @return 0, or a {@link SendResult} and the buffer is still the caller's
     */
    public int trySend(ByteBuf message) {
        return core.sender().trySend(message, 0);
    }

    /** As {@link #trySend(ByteBuf)}, with a number that the peer's handler gets. */
    public int trySend(int type, ByteBuf message) {
        return core.sender().trySend(message, type);
    }

    /**
     * Claims a place for a short message, to be written straight into registered memory. On the loop's thread only.
     *
     * @return negative: a {@link SendResult}, nothing is claimed
     */
    public int tryClaim(int lengthBytes, Claim claim) {
        return core.sender().tryClaim(lengthBytes, 0, claim);
    }

    /** Longest message for {@link #tryClaim}. */
    public int claimMax() {
        return core.sender().claimMax();
    }

    // ---------------------------------------------------------------- the end

    /** What was counted on this connection. */
    public Counters counters() {
        return core.counters();
    }

    /** Begins to close: what was taken is sent, the peer is told, then the connection ends, bounded in time. */
    public CompletableFuture<ConnectionException> closeAsync() {
        core.closeGracefully();
        return core.closed();
    }

    /** Ends it at once. What is under way fails with {@link ConnectionException.Reason#CLOSED}. */
    public CompletableFuture<ConnectionException> abort() {
        core.abort();
        return core.closed();
    }

    /** As {@link #closeAsync}, and waits for the end, unless it is called on a loop's thread. Idempotent. */
    @Override
    public void close() {
        CompletableFuture<ConnectionException> closed = closeAsync();
        if (EventLoop.isLoopThread() || core.loop().isOwner()) {
            return;
        }
        try {
            ConnectionException _ = closed.get(core.closeBoundMs(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("{} has not ended: {}", this, e.toString());
        }
    }

    @Override
    public String toString() {
        return core.toString();
    }
}
