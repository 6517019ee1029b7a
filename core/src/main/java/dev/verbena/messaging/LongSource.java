package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.memory.Registration;
import dev.verbena.memory.RegistrationCache;
import dev.verbena.netty.BlockByteBuf;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a peer is to read a long message from: windows in the message's order, opened one after the other. Memory that peers
 * may read already is a window as it is; other memory becomes readable piece by piece, registered if the device can use
 * it and it is long enough, else copied.
 *
 * <p>Threading: the loop's thread.
 *
 * <p>Ownership: it keeps no message; who made it does, until the windows are closed.
 */
final class LongSource {
    /** A part of the message that the peer can read now. */
    static final class Window {
        private final long address;
        private final int rkey;
        private final long lengthBytes;
        private final long end;
        private final @Nullable Registration registration;
        private final @Nullable ByteBuf copy;

        private Window(
                long address,
                int rkey,
                long lengthBytes,
                long end,
                @Nullable Registration registration,
                @Nullable ByteBuf copy) {
            this.address = address;
            this.rkey = rkey;
            this.lengthBytes = lengthBytes;
            this.end = end;
            this.registration = registration;
            this.copy = copy;
        }

        long address() {
            return address;
        }

        int rkey() {
            return rkey;
        }

        long lengthBytes() {
            return lengthBytes;
        }

        /** Where in the message it ends. */
        long end() {
            return end;
        }

        /** The peer does not read it any more. */
        void close() {
            if (registration != null) {
                registration.release();
            }
            if (copy != null) {
                copy.release();
            }
        }
    }

    /** What makes memory readable, for the sources of a connection. */
    record Ways(
            ProtectionDomain pd, RegisteredByteBufAllocator allocator, RegistrationCache cache, int registerMinBytes) {
        @SuppressWarnings("ReferenceEquality") // the same protection domain
        boolean isOurs(MemoryRegion region) {
            return region.protectionDomain() == pd;
        }

        /** Whether peers can be let read the region. */
        boolean canRead(MemoryRegion region) {
            return isOurs(region) && (region.access() & AccessFlags.REMOTE_READ) != 0;
        }

        /** Whether a piece that is not registered is worth it, and the device can use it. */
        boolean canRegister(ByteBuf piece) {
            return piece.readableBytes() >= registerMinBytes && piece.isDirect() && piece.nioBufferCount() == 1;
        }
    }

    private sealed interface Part {
        long lengthBytes();
    }

    private record Registered(long address, int rkey, long lengthBytes) implements Part {}

    private record Foreign(OwnedMemory memory) implements Part {
        @Override
        public long lengthBytes() {
            return memory.lengthBytes();
        }
    }

    private record Copied(ByteBuf bytes) implements Part {
        @Override
        public long lengthBytes() {
            return bytes.readableBytes();
        }
    }

    private final Ways ways;
    private final List<Part> parts = new ArrayList<>();
    private final long lengthBytes;
    private boolean registers;
    private int part;
    private long inPart;
    private long opened;

    /** What is readable of a buffer. */
    LongSource(ByteBuf message, Ways ways) {
        this.ways = ways;
        this.lengthBytes = message.readableBytes();
        List<ByteBuf> toCopy = new ArrayList<>();
        add(message, toCopy);
        endCopy(toCopy);
    }

    /**
     * Memory of the program.
     *
     * @throws IllegalArgumentException for a registered buffer that peers may not read
     */
    LongSource(OwnedMemory memory, Ways ways) {
        this.ways = ways;
        this.lengthBytes = memory.lengthBytes();
        RegisteredBuffer registered = memory.registered();
        if (registered == null) {
            parts.add(new Foreign(memory));
        } else {
            MemoryRegion region = registered.block().region();
            if (!ways.canRead(region)) {
                throw new IllegalArgumentException(
                        "peers may not read this buffer: allocate it with QueuePairManager.allocateReadable of the"
                                + " connection's manager");
            }
            parts.add(new Registered(registered.address(), region.rkey(), lengthBytes));
        }
    }

    private void add(ByteBuf buffer, List<ByteBuf> toCopy) {
        BlockByteBuf block = buffer.hasMemoryAddress() ? BlockByteBuf.of(buffer) : null;
        int length = buffer.readableBytes();
        if (length == 0) {
            return;
        }
        if (block != null && ways.canRead(block.block().region())) {
            endCopy(toCopy);
            parts.add(new Registered(
                    buffer.memoryAddress() + buffer.readerIndex(),
                    block.block().region().rkey(),
                    length));
        } else if (buffer instanceof CompositeByteBuf composite) {
            composite.decompose(composite.readerIndex(), length).forEach(component -> add(component, toCopy));
        } else if (ways.canRegister(buffer)) {
            endCopy(toCopy);
            parts.add(new Foreign(OwnedMemory.of(buffer)));
        } else {
            toCopy.add(buffer.slice());
        }
    }

    /** What has to be copied and follows each other is one part. */
    private void endCopy(List<ByteBuf> toCopy) {
        if (!toCopy.isEmpty()) {
            parts.add(new Copied(Unpooled.wrappedUnmodifiableBuffer(toCopy.toArray(ByteBuf[]::new))));
            toCopy.clear();
        }
    }

    long lengthBytes() {
        return lengthBytes;
    }

    /** How much of the message the windows have that were opened. */
    long openedBytes() {
        return opened;
    }

    /** The message was released: its memory need not stay registered if nobody else has it. */
    void ended() {
        if (registers) {
            ways.cache.sweep();
        }
    }

    /** Whether something has to be copied. */
    boolean copies() {
        return parts.stream().anyMatch(Copied.class::isInstance);
    }

    /**
     * Opens the next window.
     *
     * @throws dev.verbena.verbs.VerbsException when the budget is spent
     * @throws IllegalStateException when the memory's arena was closed
     */
    Window open() {
        Part from = parts.get(part);
        long left = from.lengthBytes() - inPart;
        long bytes = from instanceof Registered ? left : Math.min(left, LongDestination.WINDOW_BYTES);
        Window window = switch (from) {
            case Registered(long address, int rkey, long _) ->
                new Window(address, rkey, bytes, opened + bytes, null, null);
            case Foreign(OwnedMemory memory) -> register(memory, bytes);
            case Copied(ByteBuf source) -> copy(source, (int) bytes);
        };
        opened += bytes;
        inPart += bytes;
        if (inPart == from.lengthBytes()) {
            part++;
            inPart = 0;
        }
        return window;
    }

    private Window register(OwnedMemory memory, long bytes) {
        registers = true;
        Registration registration = ways.cache.acquire(memory, inPart, bytes, AccessFlags.REMOTE_READ);
        return new Window(registration.address(), registration.rkey(), bytes, opened + bytes, registration, null);
    }

    private Window copy(ByteBuf source, int bytes) {
        ByteBuf copy = ways.allocator.readableBuffer(bytes);
        copy.writeBytes(source, source.readerIndex() + (int) inPart, bytes);
        BlockByteBuf block = BlockByteBuf.of(copy);
        if (block == null) {
            throw new AssertionError("not registered: " + copy);
        }
        return new Window(copy.memoryAddress(), block.block().region().rkey(), bytes, opened + bytes, null, copy);
    }
}
