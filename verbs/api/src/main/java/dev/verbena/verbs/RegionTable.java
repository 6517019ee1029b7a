package dev.verbena.verbs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open regions of a protection domain: what keeps their memory alive, and the look-up behind the check of inline
 * payloads.
 *
 * <p>Threading: any thread; readers take a snapshot.
 */
final class RegionTable {
    private final Object writing = new Object();
    private volatile MemoryRegion[] regions = {};

    void add(MemoryRegion region) {
        synchronized (writing) {
            List<MemoryRegion> copy = new ArrayList<>(List.of(regions));
            copy.add(region);
            regions = copy.toArray(MemoryRegion[]::new);
        }
    }

    void remove(MemoryRegion region) {
        synchronized (writing) {
            List<MemoryRegion> copy = new ArrayList<>(List.of(regions));
            copy.remove(region);
            regions = copy.toArray(MemoryRegion[]::new);
        }
    }

    /** An open region that covers the range, null when there is none. */
    @Nullable
    MemoryRegion find(long address, long lengthBytes) {
        for (MemoryRegion region : regions) {
            if (region.isOpen() && region.covers(address, lengthBytes)) {
                return region;
            }
        }
        return null;
    }
}
