package dev.verbena.queuepair;

import dev.verbena.memory.RegisteredBlock;
import java.nio.ByteBuffer;

/**
 * Where messages land: slots of registered memory that are posted, or in somebody's hands. A queue pair has its own
 * ({@link ReceiveRing}), or the queue pairs of a loop share them ({@link SharedReceives}).
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public abstract sealed class Receives permits ReceiveRing, SharedReceives {
    private static final int LINE_BYTES = 64;

    private final int slotBytes;
    private final int strideBytes;
    private int postponed;

    Receives(int slotBytes) {
        this.slotBytes = slotBytes;
        this.strideBytes = strideBytes(slotBytes);
    }

    /**
     * Bytes from the beginning of one slot to that of the next: an odd number of cache lines. The headers of slots that lie a
     * power of two apart would share a few sets of each cache, and evict each other.
     */
    public static int strideBytes(int slotBytes) {
        return (Math.ceilDiv(slotBytes, LINE_BYTES) | 1) * LINE_BYTES;
    }

    final int strideBytes() {
        return strideBytes;
    }

    /** Bytes of a slot. */
    public final int slotBytes() {
        return slotBytes;
    }

    /** A frame has come that is served later: its receive is used, its credit still counts as the peer's. */
    public final void postponed() {
        postponed++;
    }

    /** It is served now. */
    public final void resumed() {
        postponed--;
    }

    /** Frames that are served later. */
    final int postponedFrames() {
        return postponed;
    }

    /** Slots that there can be. */
    public abstract int slotsMax();

    /** The memory that a slot lies in. */
    public abstract RegisteredBlock block(int slot);

    /** What {@link #offset} counts from. */
    public abstract ByteBuffer memory(int slot);

    /** Where a slot begins. */
    public abstract int offset(int slot);

    /** Whether receives are posted for so many credits of a connection, and for those of all others. */
    public abstract boolean covers(int granted);

    /** For messages: what is posted and what is granted. */
    public abstract String describe();
}
