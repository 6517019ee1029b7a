package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory that the device may touch; see ibv_reg_mr(3).
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: holds its memory strongly until it is closed, and the protection domain holds the region, so a region that
 * is forgotten stays registered and its memory stays alive. Memory from {@link ProtectionDomain#allocate} is freed by
 * closing the region; using its segment afterwards throws.
 */
public final class MemoryRegion implements AutoCloseable {
    private final ProtectionDomain pd;
    private final MemoryRegionDriver driver;
    private final Lifetime lifetime;
    private final long address;
    private final long lengthBytes;
    private final int access;
    private final @Nullable MemorySegment memory;
    private volatile boolean open = true;

    MemoryRegion(
            ProtectionDomain pd,
            MemoryRegionDriver driver,
            long address,
            long lengthBytes,
            int access,
            @Nullable MemorySegment memory) {
        this.pd = pd;
        this.driver = driver;
        this.address = address;
        this.lengthBytes = lengthBytes;
        this.access = access;
        this.memory = memory;
        this.lifetime = new Lifetime(
                String.format("memory region 0x%08x on %s", driver.lkey(), pd.context()), this, pd.lifetime());
        pd.regions().add(this);
    }

    /** The protection domain. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /** First address. */
    public long address() {
        return address;
    }

    /** Length in bytes. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** Rights, {@link AccessFlags}. */
    public int access() {
        return access;
    }

    /** Key for local buffers. */
    public int lkey() {
        return driver.lkey();
    }

    /** Key for peers. */
    public int rkey() {
        return driver.rkey();
    }

    /**
     * The memory as a segment.
     *
     * @throws IllegalStateException for a region that was registered by address
     */
    public MemorySegment memory() {
        if (memory == null) {
            throw new IllegalStateException(this + " was registered by address, it has no segment");
        }
        return memory;
    }

    MemoryRegionDriver driver() {
        return driver;
    }

    /** Whether it is registered. */
    public boolean isOpen() {
        return open;
    }

    /** Whether a range lies inside. */
    public boolean covers(long first, long bytes) {
        return Long.compareUnsigned(first, address) >= 0
                && Long.compareUnsigned(bytes, lengthBytes) <= 0
                && Long.compareUnsigned(first - address, lengthBytes - bytes) <= 0;
    }

    /**
     * Deregisters it; ibv_dereg_mr(3). Work under way that uses it ends with an error completion. Idempotent.
     *
     * @throws VerbsException while memory windows are bound to it; the region stays registered
     */
    @Override
    public void close() {
        synchronized (lifetime) {
            if (!open) {
                return;
            }
            open = false;
        }
        pd.awaitPosts();
        try {
            lifetime.closeOrThrow(() -> {}, driver::close);
        } catch (VerbsException e) {
            open = true;
            throw e;
        }
        pd.regions().remove(this);
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
