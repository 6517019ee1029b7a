package dev.verbena.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.memory.RegisteredMemory;
import io.netty.buffer.AbstractByteBufAllocatorTest;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Netty's own tests of an allocator, and what ours adds. */
final class RegisteredByteBufAllocatorTest extends AbstractByteBufAllocatorTest<RegisteredByteBufAllocator> {
    private static final int LOCAL_MAX = 4096;
    private final RegisteredMemory memory = new RegisteredMemory(256 << 20);

    @AfterEach
    void close() {
        memory.close();
    }

    @Override
    protected RegisteredByteBufAllocator newAllocator(boolean preferDirect) {
        return new RegisteredByteBufAllocator(memory.local, memory.readable, LOCAL_MAX);
    }

    @Override
    protected RegisteredByteBufAllocator newUnpooledAllocator() {
        return newAllocator(true);
    }

    /** It always prefers direct buffers: others could not be sent. */
    @Override
    protected boolean isDirectExpected(boolean preferDirect) {
        return true;
    }

    /** A buffer occupies its block. */
    @Override
    protected long expectedUsedMemory(RegisteredByteBufAllocator allocator, int capacity) {
        return capacity > (16 << 20) ? capacity : Math.max(64, Integer.highestOneBit(Math.max(capacity - 1, 1)) << 1);
    }

    /** Netty asks for its own classes here. */
    @Test
    @Override
    public void testUnsafeHeapBufferAndUnsafeDirectBuffer() {
        ByteBuf direct = newAllocator(true).directBuffer();
        ByteBuf heap = newAllocator(true).heapBuffer();
        assertThat(BlockByteBuf.of(direct)).isNotNull();
        assertThat(BlockByteBuf.of(heap)).isNull();
        assertThat(heap.hasArray()).isTrue();
        direct.release();
        heap.release();
    }

    /** Netty asks it of heap buffers, which ours leaves to Netty's unpooled allocator; of ours, of direct buffers. */
    @Test
    @Override
    public void shouldReuseChunks() {
        RegisteredByteBufAllocator allocator = newAllocator(true);
        allocator.directBuffer(1 << 20).release();
        int regions = memory.readable.regionCount();
        for (int i = 0; i < 100; i++) {
            allocator.directBuffer(1 << 20).release();
        }
        assertThat(memory.readable.regionCount()).isEqualTo(regions);
    }

    @Test
    void aBufferThatOutgrowsItsBlockKeepsItsBytesAndTheOldBlockComesBack() {
        RegisteredByteBufAllocator allocator = newAllocator(true);
        ByteBuf buffer = allocator.directBuffer(10);
        for (int i = 0; i < 100_000; i++) {
            buffer.writeInt(i);
        }
        for (int i = 0; i < 100_000; i++) {
            assertThat(buffer.readInt()).isEqualTo(i);
        }
        assertThat(memory.local.takenBytes()).isZero();

        buffer.release();

        assertThat(allocator.metric().usedDirectMemory()).isZero();
        ByteBuf small = allocator.directBuffer(64);
        ByteBuf large = allocator.directBuffer(400_000);
        assertThat(BlockByteBuf.of(small)).isNotSameAs(BlockByteBuf.of(large));
        small.release();
        large.release();
    }

    @Test
    void slicesDuplicatesAndReadOnlyViewsLeadToTheRegisteredBuffer() {
        RegisteredByteBufAllocator allocator = newAllocator(true);
        ByteBuf buffer = allocator.directBuffer(100).writeZero(100);
        BlockByteBuf registered = BlockByteBuf.of(buffer);

        assertThat(registered).isNotNull();
        assertThat(BlockByteBuf.of(buffer.slice(10, 20).duplicate())).isSameAs(registered);
        assertThat(BlockByteBuf.of(buffer.asReadOnly())).isSameAs(registered);
        assertThat(buffer.slice(10, 20).memoryAddress()).isEqualTo(buffer.memoryAddress() + 10);
        buffer.release();
    }

    @Test
    void aReleasedBufferIsTakenAgainWithItsMemory() {
        RegisteredByteBufAllocator allocator = newAllocator(true);
        ByteBuf first = allocator.readableBuffer(1000);
        long address = first.memoryAddress();
        first.release();
        ByteBuf second = allocator.readableBuffer(1000);
        assertThat(second.memoryAddress()).isEqualTo(address);
        assertThat(second.refCnt()).isEqualTo(1);
        second.release();
    }
}
