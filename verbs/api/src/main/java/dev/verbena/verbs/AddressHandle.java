package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.spi.AddressHandleDriver;

/**
 * A prepared way to a datagram peer or a multicast group; see ibv_create_ah(3).
 *
 * <p>Threading: any thread.
 */
public final class AddressHandle implements AutoCloseable {
    private final ProtectionDomain pd;
    private final AddressHandleDriver driver;
    private final AddressVector vector;
    private final Lifetime lifetime;
    private volatile boolean open = true;

    AddressHandle(ProtectionDomain pd, AddressHandleDriver driver, AddressVector vector) {
        this.pd = pd;
        this.driver = driver;
        this.vector = vector;
        this.lifetime = new Lifetime("address handle on " + pd.context(), this, pd.lifetime());
    }

    /** The protection domain. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /** Where it leads. */
    public AddressVector vector() {
        return vector;
    }

    AddressHandleDriver driver() {
        return driver;
    }

    boolean isOpen() {
        return open;
    }

    /** Frees it; ibv_destroy_ah(3). Idempotent. */
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
