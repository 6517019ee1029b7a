package dev.verbena.netty;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.memory.RegisteredPool;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * Netty's allocator over registered memory: every direct buffer it gives can be sent as it is, and {@code buffer()} and
 * {@code ioBuffer()} are direct. Buffers up to a length come from memory that only this side may touch; longer ones from
 * memory that peers may read, since a peer fetches long messages itself.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: buffers are reference-counted; leaks are reported as Netty does. Closing the manager ends all buffers.
 *
 * <p>Hot path: {@code directBuffer(n)} and {@code release()} when leak detection is off or does not sample the buffer.
 */
public final class RegisteredByteBufAllocator extends AbstractByteBufAllocator
        implements ByteBufAllocatorMetricProvider {
    private final RegisteredPool local;
    private final RegisteredPool readable;
    private final int localMax;
    private final UnpooledByteBufAllocator heap = new UnpooledByteBufAllocator(false);
    private final ByteBufAllocatorMetric metric = new Metric();

    /**
     * An allocator over two pools.
     *
     * @param local memory without remote rights
     * @param readable memory that peers may read
     * @param localMax longest buffer from the first
     */
    public RegisteredByteBufAllocator(RegisteredPool local, RegisteredPool readable, int localMax) {
        super(true);
        this.local = local;
        this.readable = readable;
        this.localMax = localMax;
    }

    RegisteredBlock takeBlock(int bytes) {
        return (bytes <= localMax ? local : readable).take(bytes);
    }

    /** A buffer that peers can be let read, whatever its length: the source of a long message. */
    public ByteBuf readableBuffer(int capacity) {
        return RegisteredByteBuf.over(this, readable.take(capacity), capacity, capacity);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return toLeakAwareBuffer(
                RegisteredByteBuf.over(this, takeBlock(initialCapacity), initialCapacity, maxCapacity));
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return heap.heapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    @Override
    public ByteBufAllocatorMetric metric() {
        return metric;
    }

    /** Direct memory is what the buffers that are out occupy, rounded up to their blocks. */
    private final class Metric implements ByteBufAllocatorMetric {
        @Override
        public long usedHeapMemory() {
            return heap.metric().usedHeapMemory();
        }

        @Override
        public long usedDirectMemory() {
            return local.takenBytes() + readable.takenBytes();
        }
    }
}
