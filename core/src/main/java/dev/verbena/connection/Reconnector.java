package dev.verbena.connection;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.LoopFuture;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects again when the peer was lost or has closed. Each connection is a new one: <b>nothing is ever sent again</b>. What
 * was under way on the old one has failed with its cause, and only the program knows whether the peer had it; what the peer
 * shared must be shared anew. The handler is told of each connection, and is the place to begin again.
 *
 * <p>It ends, {@link #ended()}, when the policy's limit is reached, when it is closed, when the program closes a connection
 * itself, and with a connection that ended for a reason that would repeat itself: PROTOCOL, HANDLER, DEVICE.
 *
 * <p>Threading: any thread.
 */
public final class Reconnector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reconnector.class);

    private final QueuePairManager manager;
    private final @Nullable InetSocketAddress source;
    private final InetSocketAddress address;
    private final ReconnectPolicy policy;
    private final Consumer<Connection> handler;
    private final CompletableFuture<ConnectionException> ended = new LoopFuture<>();

    private CompletableFuture<Connection> current = new LoopFuture<>();
    private @Nullable CompletableFuture<Connection> attempt;
    private @Nullable Connection connection;
    private int failures;
    private int attempts;
    private long openedNs;
    private boolean closed;

    Reconnector(
            QueuePairManager manager,
            @Nullable InetSocketAddress source,
            InetSocketAddress address,
            ReconnectPolicy policy,
            Consumer<Connection> handler) {
        this.manager = manager;
        this.source = source;
        this.address = address;
        this.policy = policy;
        this.handler = handler;
    }

    /** The connection that there is, or else the next one; fails when there will be none. */
    public synchronized CompletableFuture<Connection> connection() {
        return current.copy();
    }

    /** Completes, with the last cause, when there will be no more connections. */
    public CompletableFuture<ConnectionException> ended() {
        return ended.copy();
    }

    /** How often it has tried to connect. */
    public synchronized int attempts() {
        return attempts;
    }

    // ---------------------------------------------------------------- attempts

    void connect() {
        CompletableFuture<Connection> started;
        synchronized (this) {
            if (closed) {
                return;
            }
            attempts++;
            try {
                started = manager.connect(source, address, handler);
            } catch (IllegalStateException e) {
                started = CompletableFuture.failedFuture(new ConnectionException(
                        Reason.CLOSED, "not connected again to " + address + ": " + e.getMessage(), e));
            }
            attempt = started;
        }
        CompletableFuture<Connection> _ = started.whenComplete(this::onAttempt);
    }

    private void onAttempt(@Nullable Connection made, @Nullable Throwable failure) {
        if (made == null) {
            onFailure(causeOf(failure));
            return;
        }
        CompletableFuture<Connection> waiting;
        boolean unwanted;
        synchronized (this) {
            unwanted = closed;
            attempt = null;
            connection = made;
            openedNs = System.nanoTime();
            waiting = current;
        }
        made.onClose(this::onEnd);
        if (unwanted) {
            CompletableFuture<ConnectionException> _ = made.closeAsync();
        } else {
            waiting.complete(made);
        }
    }

    private static ConnectionException causeOf(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof ConnectionException known
                ? known
                : new ConnectionException(Reason.CLOSED, "connecting was given up: " + cause, cause);
    }

    private void onEnd(ConnectionException cause) {
        synchronized (this) {
            connection = null;
            if (System.nanoTime() - openedNs >= policy.pauseMax().toNanos()) {
                failures = 0;
            }
            if (!closed && current.isDone()) {
                current = new LoopFuture<>();
            }
        }
        onFailure(cause);
    }

    private void onFailure(ConnectionException cause) {
        long pauseNs = 0;
        boolean over;
        synchronized (this) {
            attempt = null;
            failures++;
            over = closed || !mayPass(cause.reason()) || failures > policy.failuresMax();
            if (over) {
                closed = true;
            } else {
                pauseNs = policy.pauseNs(failures, ThreadLocalRandom.current().nextDouble());
            }
        }
        if (over) {
            giveUp(cause);
        } else {
            LOG.debug("{}: again in {} ms: {}", address, TimeUnit.NANOSECONDS.toMillis(pauseNs), cause.getMessage());
            CompletableFuture.delayedExecutor(pauseNs, TimeUnit.NANOSECONDS, Runnable::run)
                    .execute(this::connect);
        }
    }

    /** Whether another connection may fare better. */
    private static boolean mayPass(Reason reason) {
        return switch (reason) {
            case PEER_CLOSED, PEER_LOST, REFUSED, TIMEOUT -> true;
            default -> false;
        };
    }

    // ---------------------------------------------------------------- the end

    private void giveUp(ConnectionException cause) {
        CompletableFuture<Connection> waiting;
        synchronized (this) {
            waiting = current;
        }
        waiting.completeExceptionally(cause);
        ended.complete(cause);
    }

    /** Gives up an attempt, or closes the connection in good order, without waiting for its end. Idempotent. */
    @Override
    public void close() {
        Connection open;
        CompletableFuture<Connection> underWay;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = connection;
            underWay = attempt;
        }
        if (open != null) {
            CompletableFuture<ConnectionException> _ = open.closeAsync();
        } else if (underWay == null || !underWay.cancel(false)) {
            giveUp(new ConnectionException(Reason.CLOSED, "the reconnector to " + address + " was closed"));
        }
    }

    @Override
    public String toString() {
        return "reconnector to " + address;
    }
}
