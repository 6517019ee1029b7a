package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import java.lang.foreign.Arena;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A memory region: an entry in the table that peers read, and the memory if it was allocated for it.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: closing returns when no peer is inside an access to it. The pages of allocated memory belong to a memfd,
 * so what a stopped process still writes goes to pages that nobody else gets.
 */
final class EmbeddedMemoryRegion implements MemoryRegionDriver {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedMemoryRegion.class);

    /** Memory allocated for a region. */
    record Allocated(Segments.Segment segment, Arena arena) {}

    private final Node node;
    private final String object;
    private final int key;
    private final RegionKeys.Entry entry;
    private final @Nullable Allocated allocated;
    private final Set<EmbeddedMemoryWindow> windows = ConcurrentHashMap.newKeySet();

    EmbeddedMemoryRegion(Node node, String object, RegionKeys.Entry entry, @Nullable Allocated allocated) {
        this.node = node;
        this.object = object;
        this.entry = entry;
        this.allocated = allocated;
        this.key = node.keys().allocateForRegion("ibv_reg_mr", object);
        node.keys().publish(key, entry);
        if (entry.isQuiet()) {
            QuietRegions.add(this);
        }
    }

    @Override
    public int lkey() {
        return key;
    }

    @Override
    public int rkey() {
        return key;
    }

    long iova() {
        return entry.iova();
    }

    long lengthBytes() {
        return entry.lengthBytes();
    }

    int access() {
        return entry.access();
    }

    /** Whether peers map it; else they reach it through the kernel, which has no atomics. */
    boolean isShared() {
        return entry.segment() >= 0;
    }

    boolean isValid() {
        return node.keys().isValid(key);
    }

    boolean overlaps(long address, long bytes) {
        return Long.compareUnsigned(address, entry.address() + entry.lengthBytes()) < 0
                && Long.compareUnsigned(entry.address(), address + bytes) < 0;
    }

    /** Peers stop leaving messages for it in their rings; what is there already is placed. */
    void endQuiet() {
        node.keys().unquiet(key);
        boolean _ = node.awaitOutside();
        node.takeNews();
    }

    void addWindow(EmbeddedMemoryWindow window) {
        windows.add(window);
    }

    void removeWindow(EmbeddedMemoryWindow window) {
        windows.remove(window);
    }

    /** The entry of a window on a part of this region. */
    RegionKeys.Entry window(long offset, long iova, long lengthBytes, int access, int domain, int queuePair, int type) {
        return new RegionKeys.Entry(
                iova,
                lengthBytes,
                entry.address() + offset,
                access,
                domain,
                entry.segment(),
                entry.segmentLife(),
                entry.offset() + offset,
                queuePair,
                type);
    }

    @Override
    public void close() {
        windows.removeIf(window -> !window.isBound());
        if (!windows.isEmpty()) {
            throw new VerbsException(
                    "ibv_dereg_mr",
                    String.format("mr 0x%08x of %s", key, object),
                    Errno.EBUSY,
                    windows.size() + " memory windows are bound to it");
        }
        QuietRegions.end(this);
        node.keys().revoke(key);
        boolean quiet = node.awaitOutside();
        if (!quiet) {
            LOG.warn("a stopped process may be inside an access to mr {} of {}", Integer.toHexString(key), object);
        }
        if (quiet) {
            node.keys().release(key);
        }
        if (allocated != null) {
            try {
                allocated.arena.close();
            } catch (IllegalStateException inUse) {
                LOG.warn("memory of {} is not given back: {}", object, inUse.getMessage());
                return;
            }
            node.segments().remove(allocated.segment);
            node.discard(allocated.segment);
        }
    }
}
