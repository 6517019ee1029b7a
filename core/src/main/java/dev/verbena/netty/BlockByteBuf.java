package dev.verbena.netty;

import dev.verbena.memory.RegisteredBlock;
import io.netty.buffer.AbstractReferenceCountedByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer over a part of a block of registered memory. What it holds can be sent without a copy: see
 * {@link #of}.
 *
 * <p>Threading: as any ByteBuf, one thread at a time; releasing from any.
 *
 * <p>Ownership: by reference count. Memory of a pool that was closed throws IllegalStateException.
 */
public abstract class BlockByteBuf extends AbstractReferenceCountedByteBuf {
    private static final byte[] NOTHING = {};
    private static final ByteBuffer EMPTY = ByteBuffer.allocateDirect(0);

    private @Nullable ByteBufAllocator allocator;
    private @Nullable RegisteredBlock block;
    private ByteBuffer memory = EMPTY;
    private int first;
    private int length;
    private long address;
    private @Nullable ByteBuffer view;

    /** A buffer over nothing, until it is placed. */
    protected BlockByteBuf(int maxCapacity) {
        super(maxCapacity);
    }

    /** Puts it over a part of a block. */
    @SuppressWarnings("ReferenceEquality") // whether it is another block
    protected final void place(
            ByteBufAllocator newAllocator, RegisteredBlock newBlock, int offsetInBlock, int lengthBytes) {
        allocator = newAllocator;
        if (block != newBlock) {
            block = newBlock;
            memory = newBlock.buffer();
            view = null;
        }
        first = (int) newBlock.offset() + offsetInBlock;
        length = lengthBytes;
        address = newBlock.address() + offsetInBlock;
    }

    /** Changes the length within the block. */
    protected final void length(int lengthBytes) {
        length = lengthBytes;
    }

    /** The block it lies in. */
    public final RegisteredBlock block() {
        RegisteredBlock placed = block;
        if (placed == null) {
            throw new IllegalStateException("the buffer is not placed");
        }
        return placed;
    }

    /** Key for local use. */
    public final int lkey() {
        return block().lkey();
    }

    /** The registered buffer behind slices, duplicates and leak-aware wrappers; null when there is none. */
    public static @Nullable BlockByteBuf of(ByteBuf buffer) {
        ByteBuf at = buffer;
        while (at != null) {
            if (at instanceof BlockByteBuf registered) {
                return registered;
            }
            at = at.unwrap();
        }
        return null;
    }

    private int at(int index) {
        return first + index;
    }

    private ByteBuffer window(int index, int lengthBytes) {
        ByteBuffer window = view;
        if (window == null) {
            window = memory.duplicate();
            view = window;
        }
        return window.clear().position(at(index)).limit(at(index) + lengthBytes);
    }

    // ---------------------------------------------------------------- identity

    @Override
    public final int capacity() {
        return length;
    }

    @Override
    public final ByteBufAllocator alloc() {
        ByteBufAllocator known = allocator;
        if (known == null) {
            throw new IllegalStateException("the buffer is not placed");
        }
        return known;
    }

    @Override
    @SuppressWarnings("deprecation") // every buffer has to have it
    public final ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    @SuppressWarnings("NullAway") // Netty's contract: null when nothing is wrapped
    public final ByteBuf unwrap() {
        return null;
    }

    @Override
    public final boolean isDirect() {
        return true;
    }

    @Override
    public final boolean isContiguous() {
        return true;
    }

    @Override
    public final boolean hasArray() {
        return false;
    }

    @Override
    public final byte[] array() {
        throw new UnsupportedOperationException("direct buffer");
    }

    @Override
    public final int arrayOffset() {
        throw new UnsupportedOperationException("direct buffer");
    }

    @Override
    public final boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public final long memoryAddress() {
        ensureAccessible();
        return address;
    }

    // ---------------------------------------------------------------- primitives

    @Override
    protected final byte _getByte(int index) {
        return memory.get(at(index));
    }

    @Override
    protected final short _getShort(int index) {
        return memory.getShort(at(index));
    }

    @Override
    protected final short _getShortLE(int index) {
        return Short.reverseBytes(memory.getShort(at(index)));
    }

    @Override
    protected final int _getUnsignedMedium(int index) {
        return (_getByte(index) & 0xff) << 16 | (_getShort(index + 1) & 0xffff);
    }

    @Override
    protected final int _getUnsignedMediumLE(int index) {
        return (_getShortLE(index) & 0xffff) | (_getByte(index + 2) & 0xff) << 16;
    }

    @Override
    protected final int _getInt(int index) {
        return memory.getInt(at(index));
    }

    @Override
    protected final int _getIntLE(int index) {
        return Integer.reverseBytes(memory.getInt(at(index)));
    }

    @Override
    protected final long _getLong(int index) {
        return memory.getLong(at(index));
    }

    @Override
    protected final long _getLongLE(int index) {
        return Long.reverseBytes(memory.getLong(at(index)));
    }

    @Override
    protected final void _setByte(int index, int value) {
        memory.put(at(index), (byte) value);
    }

    @Override
    protected final void _setShort(int index, int value) {
        memory.putShort(at(index), (short) value);
    }

    @Override
    protected final void _setShortLE(int index, int value) {
        memory.putShort(at(index), Short.reverseBytes((short) value));
    }

    @Override
    protected final void _setMedium(int index, int value) {
        _setByte(index, value >>> 16);
        _setShort(index + 1, value);
    }

    @Override
    protected final void _setMediumLE(int index, int value) {
        _setShortLE(index, value);
        _setByte(index + 2, value >>> 16);
    }

    @Override
    protected final void _setInt(int index, int value) {
        memory.putInt(at(index), value);
    }

    @Override
    protected final void _setIntLE(int index, int value) {
        memory.putInt(at(index), Integer.reverseBytes(value));
    }

    @Override
    protected final void _setLong(int index, long value) {
        memory.putLong(at(index), value);
    }

    @Override
    protected final void _setLongLE(int index, long value) {
        memory.putLong(at(index), Long.reverseBytes(value));
    }

    // ---------------------------------------------------------------- many bytes

    @Override
    public final ByteBuf getBytes(int index, byte[] target, int targetIndex, int bytes) {
        checkDstIndex(index, bytes, targetIndex, target.length);
        memory.get(at(index), target, targetIndex, bytes);
        return this;
    }

    @Override
    public final ByteBuf getBytes(int index, ByteBuffer target) {
        int bytes = target.remaining();
        checkIndex(index, bytes);
        target.put(target.position(), memory, at(index), bytes).position(target.position() + bytes);
        return this;
    }

    @Override
    public final ByteBuf getBytes(int index, ByteBuf target, int targetIndex, int bytes) {
        checkDstIndex(index, bytes, targetIndex, target.capacity());
        if (target instanceof BlockByteBuf other) {
            other.memory.put(other.at(targetIndex), memory, at(index), bytes);
        } else {
            target.setBytes(targetIndex, nioBuffer(index, bytes));
        }
        return this;
    }

    @Override
    public final ByteBuf setBytes(int index, byte[] source, int sourceIndex, int bytes) {
        checkSrcIndex(index, bytes, sourceIndex, source.length);
        memory.put(at(index), source, sourceIndex, bytes);
        return this;
    }

    @Override
    public final ByteBuf setBytes(int index, ByteBuffer source) {
        int bytes = source.remaining();
        checkIndex(index, bytes);
        memory.put(at(index), source, source.position(), bytes);
        source.position(source.position() + bytes);
        return this;
    }

    @Override
    public final ByteBuf setBytes(int index, ByteBuf source, int sourceIndex, int bytes) {
        checkSrcIndex(index, bytes, sourceIndex, source.capacity());
        if (source instanceof BlockByteBuf other) {
            memory.put(at(index), other.memory, other.at(sourceIndex), bytes);
        } else if (source.nioBufferCount() > 1) {
            int at = index;
            for (ByteBuffer part : source.nioBuffers(sourceIndex, bytes)) {
                int partBytes = part.remaining();
                setBytes(at, part);
                at += partBytes;
            }
        } else if (source.nioBufferCount() == 1) {
            // Not the internal one: several threads may copy from one buffer.
            ByteBuffer part = source.nioBuffer(sourceIndex, bytes);
            memory.put(at(index), part, part.position(), bytes);
        } else {
            source.getBytes(sourceIndex, nioBuffer(index, bytes));
        }
        return this;
    }

    // ---------------------------------------------------------------- streams and channels

    @Override
    public final ByteBuf getBytes(int index, OutputStream out, int bytes) throws IOException {
        checkIndex(index, bytes);
        if (bytes > 0) {
            byte[] copy = new byte[bytes];
            memory.get(at(index), copy);
            out.write(copy);
        }
        return this;
    }

    @Override
    public final int getBytes(int index, GatheringByteChannel out, int bytes) throws IOException {
        return bytes == 0 ? 0 : out.write(nioBuffer(index, bytes));
    }

    @Override
    public final int getBytes(int index, FileChannel out, long position, int bytes) throws IOException {
        return bytes == 0 ? 0 : out.write(nioBuffer(index, bytes), position);
    }

    @Override
    public final int setBytes(int index, InputStream in, int bytes) throws IOException {
        checkIndex(index, bytes);
        byte[] copy = bytes == 0 ? NOTHING : new byte[bytes];
        int read = in.read(copy, 0, bytes);
        if (read > 0) {
            memory.put(at(index), copy, 0, read);
        }
        return read;
    }

    @Override
    public final int setBytes(int index, ScatteringByteChannel in, int bytes) throws IOException {
        try {
            return in.read(nioBuffer(index, bytes));
        } catch (ClosedChannelException e) {
            return -1;
        }
    }

    @Override
    public final int setBytes(int index, FileChannel in, long position, int bytes) throws IOException {
        try {
            return in.read(nioBuffer(index, bytes), position);
        } catch (ClosedChannelException e) {
            return -1;
        }
    }

    // ---------------------------------------------------------------- views

    @Override
    public final ByteBuf copy(int index, int bytes) {
        checkIndex(index, bytes);
        return alloc().directBuffer(bytes, maxCapacity()).writeBytes(this, index, bytes);
    }

    @Override
    public final int nioBufferCount() {
        return 1;
    }

    @Override
    public final ByteBuffer nioBuffer(int index, int bytes) {
        checkIndex(index, bytes);
        return memory.slice(at(index), bytes).order(ByteOrder.BIG_ENDIAN);
    }

    @Override
    public final ByteBuffer[] nioBuffers(int index, int bytes) {
        return new ByteBuffer[] {nioBuffer(index, bytes)};
    }

    @Override
    public final ByteBuffer internalNioBuffer(int index, int bytes) {
        checkIndex(index, bytes);
        return window(index, bytes);
    }
}
