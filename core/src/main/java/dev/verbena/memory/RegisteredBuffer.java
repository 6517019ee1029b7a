package dev.verbena.memory;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Registered memory for the program: the source and destination of one-sided operations, of long messages, and what is
 * shared with a peer. A forgotten buffer is reported with the place that allocated it, sampled as Netty does
 * ({@code -Dio.netty.leakDetection.level}).
 *
 * <p>Threading: any thread; its bytes are the caller's business.
 *
 * <p>Ownership: the program's until {@link #close()}. A slice is a view: closing it does nothing, closing the buffer ends
 * it. Memory of an operation under way must not be closed before its future has completed.
 */
public final class RegisteredBuffer implements AutoCloseable {
    private static final ResourceLeakDetector<RegisteredBuffer> LEAKS =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(RegisteredBuffer.class);

    private final RegisteredBlock block;
    private final long first;
    private final long lengthBytes;
    private final AtomicBoolean open;
    private final @Nullable ResourceLeakTracker<RegisteredBuffer> leak;
    private final @Nullable RegisteredBuffer whole;

    /**
     * A buffer over a block, which is released when the buffer is closed.
     *
     * @param lengthBytes at most the block's
     */
    public RegisteredBuffer(RegisteredBlock block, long lengthBytes) {
        Objects.checkFromIndexSize(0, lengthBytes, block.lengthBytes());
        this.block = block;
        this.first = 0;
        this.lengthBytes = lengthBytes;
        this.open = new AtomicBoolean(true);
        this.whole = null;
        this.leak = LEAKS.track(this);
    }

    private RegisteredBuffer(RegisteredBuffer whole, long first, long lengthBytes) {
        this.block = whole.block;
        this.first = first;
        this.lengthBytes = lengthBytes;
        this.open = whole.open;
        this.leak = null;
        this.whole = whole;
    }

    private void requireOpen() {
        if (!open.get()) {
            throw new IllegalStateException("the registered buffer is closed");
        }
    }

    /**
     * First address.
     *
     * @throws IllegalStateException when the buffer is closed
     */
    public long address() {
        requireOpen();
        return block.address() + first;
    }

    /** Length in bytes. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** Key for local use. */
    public int lkey() {
        return block.lkey();
    }

    /** The block it lies in. */
    public RegisteredBlock block() {
        return block;
    }

    /**
     * Its memory.
     *
     * @throws IllegalStateException when the buffer is closed
     */
    public MemorySegment memory() {
        requireOpen();
        return block.region().memory().asSlice(block.offset() + first, lengthBytes);
    }

    /**
     * A part of it, as a view.
     *
     * @throws IndexOutOfBoundsException when the part does not lie inside
     */
    public RegisteredBuffer slice(long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, lengthBytes);
        requireOpen();
        return new RegisteredBuffer(this, first + offset, bytes);
    }

    /** Whether it is open. */
    public boolean isOpen() {
        return open.get();
    }

    /** Gives the memory back; of a slice: nothing. Idempotent. */
    @Override
    public void close() {
        if (whole == null && open.compareAndSet(true, false)) {
            ResourceLeakTracker<RegisteredBuffer> tracker = leak;
            if (tracker != null) {
                tracker.close(this);
            }
            block.release();
        }
    }

    @Override
    public String toString() {
        return LockedMemoryBudget.text(lengthBytes) + " of registered memory" + (open.get() ? "" : " (closed)");
    }
}
