package dev.verbena.netty;

import dev.verbena.memory.RegisteredMemory;
import io.netty.buffer.AbstractByteBufTest;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.AfterAll;

/** Netty's own tests of a buffer, over registered memory. */
final class RegisteredByteBufTest extends AbstractByteBufTest {
    private static final RegisteredMemory MEMORY = new RegisteredMemory(256 << 20);
    private static final RegisteredByteBufAllocator ALLOCATOR =
            new RegisteredByteBufAllocator(MEMORY.local, MEMORY.readable, 4096);

    @AfterAll
    static void close() {
        MEMORY.close();
    }

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        return ALLOCATOR.directBuffer(length, maxCapacity);
    }
}
