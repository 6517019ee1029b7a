package dev.verbena.verbs;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An arena whose allocations are memory regions. Closing it deregisters every one of them before it frees the memory.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: the segments live until {@link #close()}; afterwards using them throws.
 */
public final class RegisteredArena implements Arena {
    private final ProtectionDomain pd;
    private final int access;
    private final Arena arena = Arena.ofShared();
    private final List<MemoryRegion> regions = new ArrayList<>();

    RegisteredArena(ProtectionDomain pd, int access) {
        this.pd = pd;
        this.access = access;
    }

    /** Allocates zeroed memory and registers it. */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        return allocateRegion(byteSize, byteAlignment).memory();
    }

    /** Allocates zeroed memory and answers its region, which has the segment. */
    public synchronized MemoryRegion allocateRegion(long byteSize, long byteAlignment) {
        MemoryRegion region = pd.registerUnmanaged(arena.allocate(byteSize, byteAlignment), access);
        regions.add(region);
        return region;
    }

    /**
     * The region that a segment of this arena lies in.
     *
     * @throws IllegalArgumentException for a segment from elsewhere
     */
    public synchronized MemoryRegion region(MemorySegment segment) {
        for (MemoryRegion region : regions) {
            if (region.covers(segment.address(), segment.byteSize())) {
                return region;
            }
        }
        throw new IllegalArgumentException("the segment was not allocated from this arena");
    }

    @Override
    public MemorySegment.Scope scope() {
        return arena.scope();
    }

    /** Deregisters, then frees. Idempotent. */
    @Override
    public synchronized void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        regions.reversed().forEach(MemoryRegion::close);
        arena.close();
    }
}
