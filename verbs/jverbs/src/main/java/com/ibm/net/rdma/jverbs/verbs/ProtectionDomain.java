package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What belongs together: queue pairs may use the regions of their own protection domain only.
 *
 * <p>Threading: any thread.
 */
public final class ProtectionDomain {
    private final VerbsContext context;
    private final dev.verbena.verbs.ProtectionDomain pd;
    private final int handle = Handles.next();
    private volatile boolean open = true;

    ProtectionDomain(VerbsContext context, dev.verbena.verbs.ProtectionDomain pd) {
        this.context = context;
        this.pd = pd;
    }

    dev.verbena.verbs.ProtectionDomain pd() {
        return pd;
    }

    boolean isOpen() {
        return open;
    }

    void destroy() {
        open = false;
        pd.close();
    }

    /** The device it belongs to. */
    public VerbsContext getContext() {
        return context;
    }

    /** A number of its own. */
    public int getHandle() {
        return handle;
    }

    /**
     * Prepares the registration of a direct buffer, from index 0 to its capacity, whatever its position and limit. The region
     * keeps the buffer alive.
     *
     * @param access of {@link MemoryRegion}'s constants
     * @throws IOException for a heap or read-only buffer: the device cannot use it
     */
    public RegisterMemoryRegionMethod registerMemoryRegion(ByteBuffer buffer, int access)
            throws IllegalArgumentException, IOException {
        Failures.present(buffer, "buffer");
        if (!buffer.isDirect()) {
            throw new IOException("a heap buffer moves, the device cannot use it: use ByteBuffer.allocateDirect");
        }
        if (buffer.isReadOnly()) {
            throw new IOException("a read-only buffer cannot be registered");
        }
        return new RegisterMemoryRegionMethod(this, buffer, access);
    }

    /** Prepares the end of a registration; of one that is ended it does nothing. */
    public DeregisterMemoryRegionMethod deregisterMemoryRegion(MemoryRegion mr)
            throws IllegalArgumentException, IOException {
        return new DeregisterMemoryRegionMethod(Failures.present(mr, "memory region"));
    }

    @Override
    public String toString() {
        return pd.toString();
    }
}
