package dev.verbena.memory;

import dev.verbena.metrics.MemoryRegisteredEvent;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.VerbsException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
public final class RegisteredPool implements AutoCloseable, LockedMemoryBudget.Reclaimer {
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
    /** Held by the one that reserves for a slab: a thousand at once would spend the budget on what they all can share. */
    private final Object reserving = new Object();

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
        budget.add(this);
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
        synchronized (reserving) {
            RegisteredBlock block = closed ? null : freeBlocks(sizeClass).poll();
            return block != null ? block : growAlone(sizeClass);
        }
    }

    private RegisteredBlock growAlone(int sizeClass) {
        long blockBytes = blockBytes(sizeClass);
        long slabBytes = Math.max(SLAB_BYTES, blockBytes);
        try {
            // Without the lock of the slabs: the budget may ask this pool, and others, for what is free.
            budget.reserve(slabBytes);
        } catch (VerbsException e) {
            return whatCameBack(sizeClass, e);
        }
        synchronized (growing) {
            FreeBlocks blocks = freeBlocks(sizeClass);
            RegisteredBlock block = closed ? null : blocks.poll();
            if (block != null) {
                budget.release(slabBytes);
                return block;
            }
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

    /** While a reclaim had all free blocks in its hands there seemed to be none. */
    private RegisteredBlock whatCameBack(int sizeClass, VerbsException spent) {
        synchronized (growing) {
            RegisteredBlock block = closed ? null : freeBlocks(sizeClass).poll();
            if (block == null) {
                throw spent;
            }
            return block;
        }
    }

    private RegisteredBlock takeOwnRegion(long bytes) {
        budget.reserve(bytes);
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

    /** The budget has the bytes already; they go back when it fails. */
    private MemoryRegion register(long bytes) {
        try {
            if (closed) {
                throw new IllegalStateException("the pool of registered memory is closed");
            }
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

    /** Deregisters every slab that has no block out. */
    @Override
    public void reclaim() {
        synchronized (growing) {
            if (closed) {
                return;
            }
            for (int sizeClass = CLASSES - 1; sizeClass >= 0; sizeClass--) {
                reclaim(freeBlocks(sizeClass), (int) Math.max(1, SLAB_BYTES / blockBytes(sizeClass)));
            }
        }
    }

    /** Who finds no free block meanwhile waits in {@link #grow}, and looks again. */
    private void reclaim(FreeBlocks blocks, int blocksPerSlab) {
        List<RegisteredBlock> all = blocks.drain();
        Map<MemoryRegion, Integer> freeOf = new HashMap<>();
        all.forEach(block -> freeOf.merge(block.region(), 1, Integer::sum));
        freeOf.values().removeIf(free -> free < blocksPerSlab);
        freeOf.keySet().removeIf(slab -> !tryDeregister(slab));
        // The last one given is offered last, so that it is the next one again.
        for (RegisteredBlock block : all.reversed()) {
            if (freeOf.containsKey(block.region())) {
                blocks.remove(block);
            } else {
                blocks.offer(block);
            }
        }
    }

    private boolean tryDeregister(MemoryRegion region) {
        try {
            deregister(region);
            return true;
        } catch (VerbsException e) {
            LOG.warn("{} stays registered: {}", region, e.getMessage());
            return false;
        }
    }

    private void deregister(MemoryRegion region) {
        region.close();
        if (regions.remove(region)) {
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
        budget.remove(this);
        all.forEach(this::deregister);
    }
}
