package dev.verbena.verbs.embedded;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Loads, stores and copies by address, through one constant segment over the whole address space: an access costs one
 * instruction and no object. Nothing checks the address, so only addresses that this package mapped itself, or checked
 * against a table, come here.
 *
 * <p>Threading: the names say the memory order; those without one are plain.
 */
final class Memory {
    private static final MemorySegment ALL = everything();
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle INTS = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONGS = ValueLayout.JAVA_LONG.varHandle();

    private Memory() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return Linux.problem() == null ? MemorySegment.NULL.reinterpret(Long.MAX_VALUE) : MemorySegment.NULL;
    }

    static byte getByte(long address) {
        return ALL.get(BYTE, address);
    }

    static void putByte(long address, byte value) {
        ALL.set(BYTE, address, value);
    }

    static int getInt(long address) {
        return ALL.get(INT, address);
    }

    static void putInt(long address, int value) {
        ALL.set(INT, address, value);
    }

    static long getLong(long address) {
        return ALL.get(LONG, address);
    }

    static void putLong(long address, long value) {
        ALL.set(LONG, address, value);
    }

    static int getIntAcquire(long address) {
        return (int) INTS.getAcquire(ALL, address);
    }

    static void putIntRelease(long address, int value) {
        INTS.setRelease(ALL, address, value);
    }

    static boolean compareAndSetInt(long address, int expected, int value) {
        return INTS.compareAndSet(ALL, address, expected, value);
    }

    static long getLongAcquire(long address) {
        return (long) LONGS.getAcquire(ALL, address);
    }

    static void putLongRelease(long address, long value) {
        LONGS.setRelease(ALL, address, value);
    }

    static void putLongOpaque(long address, long value) {
        LONGS.setOpaque(ALL, address, value);
    }

    /** Atomic against every processor; the address is a multiple of 8. */
    static long compareAndExchange(long address, long expected, long value) {
        return (long) LONGS.compareAndExchange(ALL, address, expected, value);
    }

    /** Atomic against every processor; the address is a multiple of 8. */
    static long getAndAdd(long address, long delta) {
        return (long) LONGS.getAndAdd(ALL, address, delta);
    }

    static void copy(long from, long to, long lengthBytes) {
        MemorySegment.copy(ALL, from, ALL, to, lengthBytes);
    }

    static void clear(long address, long lengthBytes) {
        ALL.asSlice(address, lengthBytes).fill((byte) 0);
    }

    static byte[] getBytes(long address, int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        MemorySegment.copy(ALL, BYTE, address, bytes, 0, lengthBytes);
        return bytes;
    }

    static void putBytes(long address, byte[] bytes) {
        MemorySegment.copy(bytes, 0, ALL, BYTE, address, bytes.length);
    }
}
