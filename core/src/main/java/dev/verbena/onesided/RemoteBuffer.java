package dev.verbena.onesided;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Memory of a peer that it has shared with this connection: where it is, how long, and its key. A value; what it names may
 * be taken back, see {@link Share#revoke}.
 *
 * <p>Threading: immutable.
 *
 * @param address where it begins, in the peer's address space
 * @param lengthBytes how long it is
 * @param rkey the key for it
 */
public record RemoteBuffer(long address, long lengthBytes, int rkey) {
    /** Bytes of the wire form: version, three zeros, key, address, length; big-endian. */
    public static final int WIRE_BYTES = 24;

    private static final int WIRE_VERSION = 1;

    /** Checks that it fits the address space. */
    public RemoteBuffer {
        if (lengthBytes < 0 || Long.compareUnsigned(address + lengthBytes, address) < 0) {
            throw new IllegalArgumentException(
                    String.format("%,d remote bytes at 0x%x do not fit the address space", lengthBytes, address));
        }
    }

    /**
     * A part of it.
     *
     * @throws IndexOutOfBoundsException when the part does not lie inside
     */
    public RemoteBuffer slice(long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, lengthBytes);
        return new RemoteBuffer(address + offset, bytes, rkey);
    }

    /** The eight bytes at an offset, for an atomic. */
    public RemoteBuffer at(long offset) {
        return slice(offset, Long.BYTES);
    }

    /** Writes the wire form. */
    public void encode(ByteBuffer out) {
        out.putInt(WIRE_VERSION << 24).putInt(rkey).putLong(address).putLong(lengthBytes);
    }

    /**
     * Reads the wire form.
     *
     * @throws IllegalArgumentException when it is too short, of another version, or makes no sense
     */
    public static RemoteBuffer decode(ByteBuffer in) {
        if (in.remaining() < WIRE_BYTES) {
            throw new IllegalArgumentException(in.remaining() + " bytes are no remote buffer: it has " + WIRE_BYTES);
        }
        int version = in.getInt();
        if (version != WIRE_VERSION << 24) {
            throw new IllegalArgumentException(
                    "a remote buffer of version " + (version >>> 24) + "; this side knows " + WIRE_VERSION);
        }
        int rkey = in.getInt();
        return new RemoteBuffer(in.getLong(), in.getLong(), rkey);
    }
}
