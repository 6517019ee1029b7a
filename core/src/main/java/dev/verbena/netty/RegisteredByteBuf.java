package dev.verbena.netty;

import dev.verbena.memory.RegisteredBlock;
import io.netty.buffer.ByteBuf;
import io.netty.util.Recycler;

/**
 * A buffer that grows from block to block. The object goes back to the thread that made it when it is released, as Netty's
 * pooled buffers do.
 *
 * <p>Threading: as any ByteBuf.
 */
final class RegisteredByteBuf extends BlockByteBuf {
    private static final Recycler<RegisteredByteBuf> OBJECTS = new Recycler<>() {
        @Override
        protected RegisteredByteBuf newObject(Handle<RegisteredByteBuf> handle) {
            return new RegisteredByteBuf(handle);
        }
    };

    private final Recycler.Handle<RegisteredByteBuf> handle;

    private RegisteredByteBuf(Recycler.Handle<RegisteredByteBuf> handle) {
        super(Integer.MAX_VALUE);
        this.handle = handle;
    }

    static RegisteredByteBuf over(
            RegisteredByteBufAllocator allocator, RegisteredBlock block, int capacity, int maxCapacity) {
        RegisteredByteBuf buffer = OBJECTS.get();
        buffer.place(allocator, block, 0, capacity);
        buffer.maxCapacity(maxCapacity);
        buffer.resetRefCnt();
        buffer.setIndex(0, 0);
        return buffer;
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        RegisteredBlock old = block();
        if (newCapacity > old.lengthBytes()) {
            int kept = capacity();
            RegisteredBlock bigger = allocator().takeBlock(newCapacity);
            bigger.buffer().put((int) bigger.offset(), old.buffer(), (int) old.offset(), kept);
            place(allocator(), bigger, 0, newCapacity);
            old.release();
        } else {
            length(newCapacity);
            trimIndicesToCapacity(newCapacity);
        }
        return this;
    }

    private RegisteredByteBufAllocator allocator() {
        return (RegisteredByteBufAllocator) alloc();
    }

    @Override
    protected void deallocate() {
        block().release();
        handle.recycle(this);
    }
}
