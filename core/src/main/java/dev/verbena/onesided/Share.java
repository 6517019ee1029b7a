package dev.verbena.onesided;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.verbs.MemoryWindow;
import java.util.concurrent.CompletableFuture;

/**
 * Memory of this side that the peer of one connection may use, through a window of its own: its key is good for that
 * connection and this range only.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: the buffer must stay open until the share is revoked or the connection has ended.
 */
public final class Share {
    private final Shares shares;
    private final int number;
    private final RegisteredBuffer buffer;
    private final int access;
    private final MemoryWindow window;
    private final LoopFuture<Void> revoked = new LoopFuture<>();
    long revokeDeadlineNs;
    boolean revoking;

    Share(Shares shares, int number, RegisteredBuffer buffer, int access, MemoryWindow window) {
        this.shares = shares;
        this.number = number;
        this.buffer = buffer;
        this.access = access;
        this.window = window;
    }

    int number() {
        return number;
    }

    MemoryWindow window() {
        return window;
    }

    LoopFuture<Void> revoked() {
        return revoked;
    }

    /** What is shared. */
    public RegisteredBuffer buffer() {
        return buffer;
    }

    /** The rights that the peer has on it. */
    public int access() {
        return access;
    }

    /**
     * Takes it back: the peer is told, and when it has answered, or after a second, the key becomes invalid. The future
     * completes then. A peer that uses the key afterwards loses the connection: its device reports REM_ACCESS_ERR.
     */
    public CompletableFuture<Void> revoke() {
        shares.revoke(this);
        return revoked;
    }
}
