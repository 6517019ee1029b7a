package dev.verbena.connection;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.ExecutorHandler;
import dev.verbena.messaging.LongMessageHandler;
import dev.verbena.messaging.MessageHandler;
import dev.verbena.messaging.SendResult;
import dev.verbena.metrics.Counters;
import dev.verbena.onesided.OneSided;
import dev.verbena.onesided.OperationList;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a peer: messages of any size in order, and reads, writes and atomics on memory that it shares.
 *
 * <p>Threading: any thread. Handlers are called on the connection's event loop and must not block, unless they are given
 * an executor. From the loop's thread
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

    /**
     * Sets what takes the peer's messages, on an executor's threads: one at a time and in order, so it may block. Messages
     * that wait for their turn keep their receive buffers, which holds this peer back and nobody else; they are still handed
     * over when the connection has ended. An exception, or an executor that refuses, ends the connection.
     *
     * @param executor runs whatever it accepts, else its messages' memory is lost
     */
    public void onMessage(Executor executor, MessageHandler handler) {
        onMessage(new ExecutorHandler(executor, handler, this::handlerFailed));
    }

    private void handlerFailed(Throwable e) {
        LOG.warn("a message handler failed on its executor, its connection ends", e);
        core.onLoop(() -> core.fail(new ConnectionException(Reason.HANDLER, "the message handler failed: " + e, e)));
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

    /** As {@link #send(int, OwnedMemory, LongConsumer)}, of memory that no call can free, without the progress. */
    public CompletableFuture<Void> send(int type, MemorySegment message) {
        return send(type, OwnedMemory.of(message), peerHas -> {});
    }

    /**
     * Sends a message of any length from memory of the program: registered piece by piece while the peer's device reads it,
     * unless it is {@link QueuePairManager#allocateReadable readable} as it is. The memory is the connection's until the
     * future completes, with success or not. Cancelling the future asks the peer to stop; it then completes, cancelled,
     * when the peer has let go.
     *
     * @param progress told on the loop's thread how many bytes the peer has; not of short messages
     */
    public CompletableFuture<Void> send(int type, OwnedMemory message, LongConsumer progress) {
        return core.sender().send(message, type, progress);
    }

    /**
     * Sets what is asked where messages that are longer than a receive buffer shall go. Without it they come as buffers,
     * up to 2 GiB.
     */
    public void onLongMessage(LongMessageHandler handler) {
        core.onLoop(() -> core.receiver().longHandler(handler));
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

    /** {@link #tryClaim(int, Claim)} for a message of a type. */
    public int tryClaim(int type, int lengthBytes, Claim claim) {
        return core.sender().tryClaim(lengthBytes, type, claim);
    }

    /** Longest message for {@link #tryClaim}. */
    public int claimMax() {
        return core.sender().claimMax();
    }

    // ---------------------------------------------------------------- one-sided operations

    /** The operations without futures, for the loop's thread. */
    public OneSided oneSided() {
        return core.oneSided();
    }

    /**
     * Reads remote memory into a local buffer, as many bytes as that has; the peer's program takes no part.
     *
     * @throws IllegalArgumentException when the remote buffer is shorter, or the local one is longer than 1 GiB
     */
    public CompletableFuture<Void> read(RemoteBuffer remote, RegisteredBuffer local) {
        return core.oneSided().read(remote, local).thenApply(Connection::nothing);
    }

    /** Writes a local buffer into remote memory. */
    public CompletableFuture<Void> write(RegisteredBuffer local, RemoteBuffer remote) {
        return core.oneSided().write(local, remote).thenApply(Connection::nothing);
    }

    /** Writes a local buffer into remote memory and then tells the peer's {@link #onImmediate} handler a number. */
    public CompletableFuture<Void> writeWithImmediate(RegisteredBuffer local, RemoteBuffer remote, int immediate) {
        return core.oneSided().writeWithImmediate(local, remote, immediate).thenApply(Connection::nothing);
    }

    /**
     * Posts a list of operations behind one doorbell. The future completes when all are done; the list is its operations'
     * until then.
     */
    public CompletableFuture<Void> post(OperationList list) {
        return core.oneSided().post(list).thenApply(Connection::nothing);
    }

    @SuppressWarnings("NullAway") // a Void is null
    private static Void nothing(long value) {
        return null;
    }

    /** Swaps the first eight bytes if they are as expected; the future has what they were. */
    public CompletableFuture<Long> compareAndSwap(RemoteBuffer remote, long expected, long value) {
        return core.oneSided().compareAndSwap(remote, expected, value);
    }

    /** Adds to the first eight bytes; the future has what they were. */
    public CompletableFuture<Long> fetchAndAdd(RemoteBuffer remote, long add) {
        return core.oneSided().fetchAndAdd(remote, add);
    }

    /**
     * Shares memory with the peer, whose {@link #onShare} handler is told. What is shared is a window on this buffer, good
     * for this connection only.
     *
     * @param access remote rights: {@link dev.verbena.verbs.AccessFlags#REMOTE_READ} and its like
     */
    public CompletableFuture<Share> share(RegisteredBuffer buffer, int access) {
        return core.oneSided().shares().share(buffer, access);
    }

    /** Sets what is told of memory that the peer shares; also of what it has shared before. */
    public void onShare(Consumer<RemoteBuffer> handler) {
        onShare(handler, gone -> {});
    }

    /** Sets what is told of memory that the peer shares, and when it takes it back: then it must not be used any more. */
    public void onShare(Consumer<RemoteBuffer> handler, Consumer<RemoteBuffer> revoked) {
        core.onLoop(() -> core.oneSided().shares().onShare(handler, revoked));
    }

    /** Sets what is told of the peer's writes with immediate. */
    public void onImmediate(IntConsumer handler) {
        core.onImmediate(handler);
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
