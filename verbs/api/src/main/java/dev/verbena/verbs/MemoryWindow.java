package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.spi.MemoryWindowDriver;

/**
 * A part of a region with its own key and rights, given and taken back without a registration; see ibv_alloc_mw(3).
 * Bound by {@link QueuePair#postBind}.
 *
 * <p>Threading: any thread.
 */
public final class MemoryWindow implements AutoCloseable {
    /** The two types of the specification. */
    public enum Type {
        /** Bound through the library, key chosen by the device, good for every queue pair of the protection domain. */
        TYPE_1,
        /** Bound by a work request, key chosen by the program, good for one queue pair, invalidated by LOCAL_INV. */
        TYPE_2
    }

    private final ProtectionDomain pd;
    private final MemoryWindowDriver driver;
    private final Type type;
    private final Lifetime lifetime;
    private volatile boolean open = true;

    MemoryWindow(ProtectionDomain pd, MemoryWindowDriver driver, Type type) {
        this.pd = pd;
        this.driver = driver;
        this.type = type;
        this.lifetime = new Lifetime("memory window on " + pd.context(), this, pd.lifetime());
    }

    /** The protection domain. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /** Its type. */
    public Type type() {
        return type;
    }

    /** The key that peers use; of a type 2 window the one last bound. */
    public int rkey() {
        return driver.rkey();
    }

    /** The key for the next binding of a type 2 window: the same with its low byte counted on; ibv_inc_rkey(3). */
    public int nextRkey() {
        int rkey = driver.rkey();
        return (rkey & ~0xff) | ((rkey + 1) & 0xff);
    }

    MemoryWindowDriver driver() {
        return driver;
    }

    boolean isOpen() {
        return open;
    }

    /** Unbinds and frees it; ibv_dealloc_mw(3). Idempotent. */
    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        pd.awaitPosts();
        lifetime.close(() -> {}, driver::close);
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
