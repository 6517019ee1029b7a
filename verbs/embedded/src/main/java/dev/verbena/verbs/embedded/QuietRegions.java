package dev.verbena.verbs.embedded;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The regions of this process that only the process itself looks at. Small messages for them may wait in a ring until they
 * are polled, since nobody can see the difference. That ends when the memory is registered a second time with rights for
 * peers, or taken back: then everything that waits is placed first.
 *
 * <p>Threading: any thread.
 */
final class QuietRegions {
    private static final Set<EmbeddedMemoryRegion> ALL = ConcurrentHashMap.newKeySet();

    private QuietRegions() {}

    static void add(EmbeddedMemoryRegion region) {
        ALL.add(region);
    }

    /** Ends the quiet of a region: from here on nothing for it waits in a ring, and nothing new comes to wait. */
    static void end(EmbeddedMemoryRegion region) {
        // Whoever comes second goes on only when it has ended, too.
        synchronized (region) {
            if (ALL.contains(region)) {
                region.endQuiet();
                ALL.remove(region);
            }
        }
    }

    /** A range gets rights for peers: ends the quiet of every region that has a part of it. */
    static void onShared(long address, long lengthBytes) {
        for (EmbeddedMemoryRegion region : ALL) {
            if (region.overlaps(address, lengthBytes)) {
                end(region);
            }
        }
    }
}
