package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.memory.Registration;
import dev.verbena.memory.RegistrationCache;
import dev.verbena.netty.BlockByteBuf;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a long message is read to: windows of registered memory, opened one after the other as the reading comes to them,
 * so that no length, true or forged, registers more than a window at once.
 *
 * <p>Threading: the loop's thread.
 */
abstract sealed class LongDestination {
    /** What is registered at once: some milliseconds of work at most. */
    static final int WINDOW_BYTES = 16 << 20;

    private final long lengthBytes;
    private long first;
    private long end;
    private long address;
    private int lkey;

    private LongDestination(long lengthBytes) {
        this.lengthBytes = lengthBytes;
    }

    /** Up to where there is registered memory. */
    final long end() {
        return end;
    }

    /** The address for a place in the last window. */
    final long address(long offset) {
        return address + (offset - first);
    }

    final int lkey() {
        return lkey;
    }

    /**
     * Opens the next window.
     *
     * @throws dev.verbena.verbs.VerbsException when the budget is spent
     * @throws IllegalStateException when the memory is gone
     */
    final void open() {
        open(end, Math.min(WINDOW_BYTES, lengthBytes - end));
    }

    final void opened(long newAddress, int newLkey, long bytes) {
        first = end;
        end += bytes;
        address = newAddress;
        lkey = newLkey;
    }

    abstract void open(long offset, long bytes);

    /** Whether another window may be opened before the reading has passed one. */
    abstract boolean hasRoom();

    /** Whether the device may still touch the memory. */
    abstract boolean isAlive();

    /** The reading has passed so many bytes. */
    abstract void passed(long bytes);

    /** The device no longer writes there. */
    abstract void close();

    /** Buffers of the manager: one, or one behind the other. They stay until the message is delivered. */
    static final class Own extends LongDestination {
        private final RegisteredByteBufAllocator allocator;
        private final List<BlockByteBuf> blocks = new ArrayList<>();

        Own(RegisteredByteBufAllocator allocator, long lengthBytes) {
            super(lengthBytes);
            this.allocator = allocator;
        }

        @Override
        void open(long offset, long bytes) {
            ByteBuf buffer = allocator.readableBuffer((int) bytes);
            BlockByteBuf block = BlockByteBuf.of(buffer);
            if (block == null) {
                throw new AssertionError("not registered: " + buffer);
            }
            blocks.add(block);
            opened(block.memoryAddress(), block.lkey(), bytes);
        }

        @Override
        boolean hasRoom() {
            return true;
        }

        @Override
        boolean isAlive() {
            return true;
        }

        @Override
        void passed(long bytes) {}

        @Override
        void close() {
            blocks.forEach(ByteBuf::release);
            blocks.clear();
        }

        /** Gives the message away. */
        ByteBuf take() {
            ByteBuf message;
            if (blocks.size() == 1) {
                BlockByteBuf only = blocks.getFirst();
                message = only.setIndex(0, only.capacity());
            } else {
                CompositeByteBuf whole = allocator.compositeDirectBuffer(blocks.size());
                blocks.forEach(block -> whole.addComponent(true, block.setIndex(0, block.capacity())));
                message = whole;
            }
            blocks.clear();
            return message;
        }
    }

    /** Memory of the program: registered as a whole already, or window by window out of the cache. */
    static final class Supplied extends LongDestination {
        private static final int WINDOWS_MAX = 3;

        private final OwnedMemory memory;
        private final RegistrationCache cache;
        private final ArrayDeque<Registration> windows = new ArrayDeque<>();
        private long passedBytes;

        Supplied(OwnedMemory memory, RegistrationCache cache) {
            super(memory.lengthBytes());
            this.memory = memory;
            this.cache = cache;
        }

        @Override
        void open(long offset, long bytes) {
            RegisteredBuffer registered = memory.registered();
            if (registered != null) {
                opened(registered.address() + offset, registered.lkey(), memory.lengthBytes() - offset);
                return;
            }
            Registration window = cache.acquire(memory, offset, bytes, AccessFlags.LOCAL_WRITE);
            windows.add(window);
            opened(window.address(), window.lkey(), bytes);
        }

        @Override
        boolean hasRoom() {
            return windows.size() < WINDOWS_MAX;
        }

        @Override
        boolean isAlive() {
            RegisteredBuffer registered = memory.registered();
            return registered == null ? windows.isEmpty() || windows.getLast().isAlive() : registered.isOpen();
        }

        @Override
        void passed(long bytes) {
            Registration oldest = windows.peek();
            while (oldest != null && passedBytes + oldest.lengthBytes() <= bytes) {
                passedBytes += oldest.lengthBytes();
                windows.remove().release();
                oldest = windows.peek();
            }
        }

        @Override
        void close() {
            windows.forEach(Registration::release);
            windows.clear();
        }
    }
}
