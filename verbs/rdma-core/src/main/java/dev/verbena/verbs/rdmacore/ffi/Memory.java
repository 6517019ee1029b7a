package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Reads and writes native memory by address.
 *
 * <p>All C structs are reached through one constant segment that covers the whole address space, so that an access costs
 * one load or store and no object. The price is that nothing checks the address: only this provider's own blocks and
 * structs handed out by rdma-core may be given to it, which is why the package is not exported.
 *
 * <p>Threading: no state; visibility between threads is the caller's business.
 */
public final class Memory {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    /** Empty if native access is denied; {@link Platform#problem()} is asked before anything comes here. */
    private static final MemorySegment EVERYTHING = Platform.everything();

    private Memory() {}

    public static byte getByte(long address) {
        return EVERYTHING.get(BYTE, address);
    }

    public static void putByte(long address, int value) {
        EVERYTHING.set(BYTE, address, (byte) value);
    }

    public static int getUnsignedByte(long address) {
        return EVERYTHING.get(BYTE, address) & 0xff;
    }

    public static int getUnsignedShort(long address) {
        return EVERYTHING.get(SHORT, address) & 0xffff;
    }

    public static void putShort(long address, int value) {
        EVERYTHING.set(SHORT, address, (short) value);
    }

    public static int getInt(long address) {
        return EVERYTHING.get(INT, address);
    }

    public static void putInt(long address, int value) {
        EVERYTHING.set(INT, address, value);
    }

    public static long getLong(long address) {
        return EVERYTHING.get(LONG, address);
    }

    public static void putLong(long address, long value) {
        EVERYTHING.set(LONG, address, value);
    }

    /** Copies {@code lengthBytes} bytes out of native memory. */
    public static byte[] getBytes(long address, int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        MemorySegment.copy(EVERYTHING, BYTE, address, bytes, 0, lengthBytes);
        return bytes;
    }

    /** Copies a whole array into native memory. */
    public static void putBytes(long address, byte[] bytes) {
        MemorySegment.copy(bytes, 0, EVERYTHING, BYTE, address, bytes.length);
    }

    /** Copies between two native places that do not overlap. */
    public static void copy(long from, long to, long lengthBytes) {
        MemorySegment.copy(EVERYTHING, from, EVERYTHING, to, lengthBytes);
    }

    /** Writes zeros. */
    public static void clear(long address, long lengthBytes) {
        EVERYTHING.asSlice(address, lengthBytes).fill((byte) 0);
    }

    /** Reads a C string of at most {@code sizeMax} bytes, with or without its ending zero. */
    public static String getString(long address, int sizeMax) {
        int length = 0;
        while (length < sizeMax && getByte(address + length) != 0) {
            length++;
        }
        return new String(getBytes(address, length), StandardCharsets.UTF_8);
    }

    /** A view of native memory as a segment that lives as long as the arena. */
    @SuppressWarnings("restricted")
    public static MemorySegment segment(long address, long lengthBytes, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(lengthBytes, arena, null);
    }
}
