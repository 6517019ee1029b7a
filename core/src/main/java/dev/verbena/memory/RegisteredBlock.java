package dev.verbena.memory;

import dev.verbena.verbs.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A piece of registered memory: part of a slab, or a region of its own. The object lives as long as its memory, so taking
 * and giving back makes no garbage.
 *
 * <p>Threading: one owner at a time.
 *
 * <p>Ownership: whoever took it from the pool, until it is given back.
 */
public final class RegisteredBlock {
    static final int OWN_REGION = -1;

    private final RegisteredPool pool;
    private final MemoryRegion region;
    private final @Nullable ByteBuffer buffer;
    private final long offset;
    private final long lengthBytes;
    private final int sizeClass;
    private final int lkey;

    boolean taken;

    /** Its number in its size class, and that of the free block below it; see {@link FreeBlocks}. */
    int number;

    int below;

    RegisteredBlock(
            RegisteredPool pool,
            MemoryRegion region,
            @Nullable ByteBuffer buffer,
            long offset,
            long lengthBytes,
            int sizeClass) {
        this.pool = pool;
        this.region = region;
        this.buffer = buffer;
        this.offset = offset;
        this.lengthBytes = lengthBytes;
        this.sizeClass = sizeClass;
        this.lkey = region.lkey();
    }

    /** First address. */
    public long address() {
        return region.address() + offset;
    }

    /** Length in bytes, at least what was asked for. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** Key for local use. */
    public int lkey() {
        return lkey;
    }

    /** The region it lies in. */
    public MemoryRegion region() {
        return region;
    }

    /** Where in the region it begins. */
    public long offset() {
        return offset;
    }

    /** The block's memory. */
    public MemorySegment memory() {
        return region.memory().asSlice(offset, lengthBytes);
    }

    /**
     * The whole region as a buffer in big-endian order, shared by all blocks of the slab: for indexed access from
     * {@link #offset()} on only.
     *
     * @throws IllegalStateException for a region that is longer than a buffer can be
     */
    public ByteBuffer buffer() {
        if (buffer == null) {
            throw new IllegalStateException(
                    LockedMemoryBudget.text(lengthBytes) + " are more than a ByteBuffer spans: use memory()");
        }
        return buffer;
    }

    static @Nullable ByteBuffer bufferOf(MemoryRegion region) {
        return region.lengthBytes() > Integer.MAX_VALUE
                ? null
                : region.memory().asByteBuffer().order(ByteOrder.BIG_ENDIAN);
    }

    int sizeClass() {
        return sizeClass;
    }

    /** Gives it back to its pool. */
    public void release() {
        pool.give(this);
    }
}
