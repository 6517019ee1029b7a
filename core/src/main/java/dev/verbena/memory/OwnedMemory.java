package dev.verbena.memory;

import dev.verbena.verbs.ManagedMemory;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Memory of the application together with what keeps it where it is, so that a device can be let touch it: the arena that
 * frees it, the reference count of a buffer, or nothing when the garbage collector does. Heap memory moves and is refused.
 *
 * <p>Threading: immutable; made on a thread that may use the memory.
 *
 * <p>Ownership: of a segment with its arena: closing the arena first makes the device lose the memory, then frees it; what
 * is under way on it fails. Everything else is held until the device is done. The bytes are the device's meanwhile: a
 * source must not be changed, a destination not be read.
 */
public final class OwnedMemory {
    private final MemorySegment memory;
    private final Object identity;
    private final @Nullable ArenaGuard guard;
    private final @Nullable ByteBuf buffer;
    private final @Nullable RegisteredBuffer registered;

    private OwnedMemory(
            MemorySegment memory,
            Object identity,
            @Nullable ArenaGuard guard,
            @Nullable ByteBuf buffer,
            @Nullable RegisteredBuffer registered) {
        this.memory = memory;
        this.identity = identity;
        this.guard = guard;
        this.buffer = buffer;
        this.registered = registered;
    }

    private static MemorySegment requireNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("heap memory moves, the device cannot use it: copy it into a buffer of"
                    + " QueuePairManager.allocator(), or allocate a native segment");
        }
        return segment;
    }

    /**
     * A segment that no call can free: of {@code Arena.ofAuto()} or {@code Arena.global()}, or of a direct buffer.
     *
     * @throws IllegalArgumentException for heap segments, and for segments of an arena that can be closed
     */
    public static OwnedMemory of(MemorySegment segment) {
        if (!ManagedMemory.isManaged(requireNative(segment))) {
            throw new IllegalArgumentException("the segment's arena can be closed while the device uses its memory:"
                    + " give the arena too, OwnedMemory.of(segment, arena)");
        }
        return new OwnedMemory(segment, segment.scope(), null, null, null);
    }

    /**
     * A segment of an arena that can be closed. Of a confined arena: on its thread. On the module path this needs
     * {@code --enable-native-access=dev.verbena.core}.
     *
     * @throws IllegalArgumentException for heap segments, and for a segment of another arena
     */
    public static OwnedMemory of(MemorySegment segment, Arena arena) {
        requireNative(segment);
        if (!segment.scope().equals(arena.scope())) {
            throw new IllegalArgumentException("the segment is not of this arena");
        }
        if (ManagedMemory.isManaged(segment)) {
            return of(segment);
        }
        return new OwnedMemory(segment, segment.scope(), ArenaGuard.of(segment, arena), null, null);
    }

    /**
     * A direct buffer, from its position to its limit.
     *
     * @throws IllegalArgumentException for heap buffers, and for views of an arena that can be closed
     */
    public static OwnedMemory of(ByteBuffer buffer) {
        return of(MemorySegment.ofBuffer(buffer));
    }

    /**
     * What is readable of a direct buffer in one piece, which is retained while the device may touch it. The caller keeps
     * its own reference.
     *
     * @throws IllegalArgumentException for heap and composite buffers
     */
    public static OwnedMemory of(ByteBuf buffer) {
        if (!buffer.isDirect() || buffer.nioBufferCount() != 1) {
            throw new IllegalArgumentException(buffer + " is not direct memory in one piece: the device cannot use it");
        }
        ByteBuf root = buffer;
        for (ByteBuf next = root.unwrap(); next != null; next = root.unwrap()) {
            root = next;
        }
        ByteBuffer bytes = buffer.nioBuffer(buffer.readerIndex(), buffer.readableBytes());
        return new OwnedMemory(MemorySegment.ofBuffer(bytes), root, null, buffer, null);
    }

    /** A registered buffer: nothing is left to be done for a destination; a source must be readable for peers. */
    public static OwnedMemory of(RegisteredBuffer buffer) {
        return new OwnedMemory(buffer.memory(), buffer, null, null, buffer);
    }

    /** The memory. */
    public MemorySegment memory() {
        return memory;
    }

    /** Its length. */
    public long lengthBytes() {
        return memory.byteSize();
    }

    /** The first bytes of it; what keeps the memory keeps them. */
    public OwnedMemory first(long bytes) {
        Objects.checkFromIndexSize(0, bytes, memory.byteSize());
        RegisteredBuffer whole = registered;
        return bytes == memory.byteSize()
                ? this
                : new OwnedMemory(
                        memory.asSlice(0, bytes),
                        identity,
                        guard,
                        buffer,
                        whole == null ? null : whole.slice(0, bytes));
    }

    /** Whose memory it is: the same for two ranges only when nothing else can lie there. */
    @SuppressWarnings("ReferenceEquality") // that is the question
    boolean isSameOwner(OwnedMemory other) {
        // Scopes of the same buffer are equal; buffers are equal by content, and that says nothing.
        return identity == other.identity
                || (identity instanceof MemorySegment.Scope scope && scope.equals(other.identity));
    }

    /** What closes its arena has to pass; null when nobody can free it by a call. */
    @Nullable
    ArenaGuard guard() {
        return guard;
    }

    /** The buffer it is registered as already; null when it is not. */
    public @Nullable RegisteredBuffer registered() {
        return registered;
    }

    /** What the owner is told from others by. */
    Object identity() {
        return identity;
    }

    /** The buffer whose references keep the memory; null when they do not. */
    @Nullable
    ByteBuf buffer() {
        return buffer;
    }

    @Override
    public String toString() {
        return LockedMemoryBudget.text(memory.byteSize()) + " at 0x" + Long.toHexString(memory.address());
    }
}
