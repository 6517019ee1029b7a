package dev.verbena.memory;

import dev.verbena.metrics.MemoryRegisteredEvent;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.VerbsException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registered memory in blocks. A slab is one region, cut into blocks of one size class (powers of two from
 * {@value #BLOCK_MIN} bytes); what is longer than {@value #POOLED_MAX} bytes is a region of its own and deregistered when
 * it is given back. Every slab has the same rights.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: closing the pool deregisters everything, also what was not given back; using such memory throws.
 *
 * <p>Hot path: {@link #take} when a block of the class is free, {@link #give} of pooled blocks.
 */
public final class RegisteredPool implements AutoCloseable {
    /** Shortest block. */
    public static final int BLOCK_MIN = 64;
    /** Longest block that is kept for the next one. */
    public static final int POOLED_MAX = 16 << 20;

    /** One huge page. */
    private static final int SLAB_BYTES = 2 << 20;

    private static final int CLASSES = sizeClass(POOLED_MAX) + 1;
    private static final Logger LOG = LoggerFactory.getLogger(RegisteredPool.class);

    private final ProtectionDomain pd;
    private final LockedMemoryBudget budget;
    private final int access;
    private final @Nullable FreeBlocks[] free = new FreeBlocks[CLASSES];
    private final Set<MemoryRegion> regions = ConcurrentHashMap.newKeySet();
    private final Object growing = new Object();
    private final AtomicLong takenBytes = new AtomicLong();
    private volatile Pages pages = Pages.HUGE;
    private volatile boolean closed;

    /**
     * An empty pool.
     *
     * @param access the rights of its regions
     */
    public RegisteredPool(ProtectionDomain pd, LockedMemoryBudget budget, int access) {
        this.pd = pd;
        this.budget = budget;
        this.access = access;
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new FreeBlocks();
        }
    }

    private static int sizeClass(long bytes) {
        return bytes <= BLOCK_MIN
                ? 0
                : Long.SIZE - Long.numberOfLeadingZeros(bytes - 1) - Integer.numberOfTrailingZeros(BLOCK_MIN);
    }

    private static long blockBytes(int sizeClass) {
        return (long) BLOCK_MIN << sizeClass;
    }

    private FreeBlocks freeBlocks(int sizeClass) {
        FreeBlocks blocks = free[sizeClass];
        if (blocks == null) {
            throw new AssertionError("size class " + sizeClass);
        }
        return blocks;
    }

    /** The rights of its regions. */
    public int access() {
        return access;
    }

    /** Bytes of the blocks that are out. */
    public long takenBytes() {
        return takenBytes.get();
    }

    /** Regions that are registered. */
    public int regionCount() {
        return regions.size();
    }

    /**
     * A block of at least so many bytes, with whatever its last owner left in it.
     *
     * @throws VerbsException ENOMEM when the budget is spent or the device refuses
     * @throws IllegalStateException when the pool is closed
     */
    public RegisteredBlock take(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("length " + bytes);
        }
        if (bytes > POOLED_MAX) {
            return takeOwnRegion(bytes);
        }
        int sizeClass = sizeClass(bytes);
        RegisteredBlock block = freeBlocks(sizeClass).poll();
        if (block == null || closed) {
            block = grow(sizeClass);
        }
        block.taken = true;
        takenBytes.getAndAdd(block.lengthBytes());
        return block;
    }

    private RegisteredBlock grow(int sizeClass) {
        synchronized (growing) {
            FreeBlocks blocks = freeBlocks(sizeClass);
            RegisteredBlock block = closed ? null : blocks.poll();
            if (block != null) {
                return block;
            }
            long blockBytes = blockBytes(sizeClass);
            long slabBytes = Math.max(SLAB_BYTES, blockBytes);
            MemoryRegion slab = register(slabBytes);
            ByteBuffer buffer = RegisteredBlock.bufferOf(slab);
            for (long offset = slabBytes - blockBytes; offset > 0; offset -= blockBytes) {
                block = new RegisteredBlock(this, slab, buffer, offset, blockBytes, sizeClass);
                blocks.add(block);
                blocks.offer(block);
            }
            block = new RegisteredBlock(this, slab, buffer, 0, blockBytes, sizeClass);
            blocks.add(block);
            return block;
        }
    }

    private RegisteredBlock takeOwnRegion(long bytes) {
        RegisteredBlock block;
        synchronized (growing) {
            MemoryRegion region = register(bytes);
            block = new RegisteredBlock(
                    this, region, RegisteredBlock.bufferOf(region), 0, bytes, RegisteredBlock.OWN_REGION);
        }
        block.taken = true;
        takenBytes.getAndAdd(block.lengthBytes());
        return block;
    }

    private MemoryRegion register(long bytes) {
        if (closed) {
            throw new IllegalStateException("the pool of registered memory is closed");
        }
        if (!budget.tryReserve(bytes)) {
            trim();
            budget.reserve(bytes);
        }
        try {
            MemoryRegisteredEvent event = new MemoryRegisteredEvent();
            event.begin();
            MemoryRegion region = allocate(bytes);
            regions.add(region);
            event.bytes = bytes;
            event.access = AccessFlags.describe(access);
            event.commit();
            return region;
        } catch (RuntimeException e) {
            budget.release(bytes);
            throw e;
        }
    }

    /** Huge pages are asked for until the system has none; that is said once. */
    private MemoryRegion allocate(long bytes) {
        if (pages == Pages.HUGE && bytes % SLAB_BYTES == 0) {
            try {
                return pd.allocate(bytes, access, Pages.HUGE);
            } catch (VerbsException e) {
                pages = Pages.NORMAL;
                LOG.debug("registered memory is made of normal pages: {}", e.getMessage());
            }
        }
        return pd.allocate(bytes, access, Pages.NORMAL);
    }

    /** Deregisters free blocks that are a slab each; what is left of the smaller classes stays. */
    private void trim() {
        for (int sizeClass = sizeClass(SLAB_BYTES); sizeClass < CLASSES; sizeClass++) {
            for (RegisteredBlock block : freeBlocks(sizeClass).drain()) {
                deregister(block.region());
            }
        }
    }

    private void deregister(MemoryRegion region) {
        if (regions.remove(region)) {
            region.close();
            budget.release(region.lengthBytes());
        }
    }

    /**
     * Takes a block back.
     *
     * @throws IllegalStateException when it was given back already
     */
    void give(RegisteredBlock block) {
        if (!block.taken) {
            throw new IllegalStateException(
                    "the block at 0x" + Long.toHexString(block.offset()) + " of its slab was given back twice");
        }
        block.taken = false;
        takenBytes.getAndAdd(-block.lengthBytes());
        if (block.sizeClass() == RegisteredBlock.OWN_REGION) {
            deregister(block.region());
        } else if (!closed) {
            freeBlocks(block.sizeClass()).offer(block);
        }
    }

    /** Deregisters everything. Idempotent. */
    @Override
    public void close() {
        List<MemoryRegion> all;
        synchronized (growing) {
            closed = true;
            all = new ArrayList<>(regions);
        }
        all.forEach(this::deregister);
    }
}
