package dev.verbena.verbs.embedded;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Loads, stores and copies by address, through one constant segment over the whole address space: an access costs one
 * instruction and no object. Nothing checks the address, so only addresses that this package mapped itself, or checked
 * against a table, come here.
 *
 * <p>Threading: the names say the memory order; those without one are plain. Addresses of what is read or written with an
 * order are multiples of its size, so that it is one access; order is made by fences beside plain accesses, which are
 * spared the check of the alignment that an access with an order of its own has.
 */
final class Memory {
    private static final int SMALL = 128;
    /** All addresses of a program lie below; what the compiler can see it need not check. */
    private static final long SPACE = (1L << 56) - 1;

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
        return ALL.get(BYTE, address & SPACE);
    }

    static void putByte(long address, byte value) {
        ALL.set(BYTE, address & SPACE, value);
    }

    static int getInt(long address) {
        return ALL.get(INT, address & SPACE);
    }

    static void putInt(long address, int value) {
        ALL.set(INT, address & SPACE, value);
    }

    static long getLong(long address) {
        return ALL.get(LONG, address & SPACE);
    }

    static void putLong(long address, long value) {
        ALL.set(LONG, address & SPACE, value);
    }

    static int getIntAcquire(long address) {
        int value = ALL.get(INT, address & SPACE);
        VarHandle.acquireFence();
        return value;
    }

    static void putIntRelease(long address, int value) {
        VarHandle.releaseFence();
        ALL.set(INT, address & SPACE, value);
    }

    static boolean compareAndSetInt(long address, int expected, int value) {
        return INTS.compareAndSet(ALL, address, expected, value);
    }

    static long getLongAcquire(long address) {
        long value = ALL.get(LONG, address & SPACE);
        VarHandle.acquireFence();
        return value;
    }

    static void putLongRelease(long address, long value) {
        VarHandle.releaseFence();
        ALL.set(LONG, address & SPACE, value);
    }

    /** Atomic against every processor; the address is a multiple of 8. */
    static long compareAndExchange(long address, long expected, long value) {
        return (long) LONGS.compareAndExchange(ALL, address, expected, value);
    }

    /** Atomic against every processor; the address is a multiple of 8. */
    static long getAndAdd(long address, long delta) {
        return (long) LONGS.getAndAdd(ALL, address, delta);
    }

    /** Copies; a few bytes by a few loads and stores, whose last one writes the last byte. */
    static void copy(long from, long to, long lengthBytes) {
        if (lengthBytes == Long.BYTES) {
            putLong(to, getLong(from));
        } else if (lengthBytes > Long.BYTES && lengthBytes <= SMALL) {
            copySmall(from, to, (int) lengthBytes);
        } else {
            MemorySegment.copy(ALL, from, ALL, to, lengthBytes);
        }
    }

    private static void copySmall(long from, long to, int lengthBytes) {
        int at = 0;
        for (; at + 32 <= lengthBytes; at += 32) {
            long first = getLong(from + at);
            long second = getLong(from + at + 8);
            long third = getLong(from + at + 16);
            long fourth = getLong(from + at + 24);
            putLong(to + at, first);
            putLong(to + at + 8, second);
            putLong(to + at + 16, third);
            putLong(to + at + 24, fourth);
        }
        for (; at + 8 <= lengthBytes; at += 8) {
            putLong(to + at, getLong(from + at));
        }
        if (at < lengthBytes) {
            putLong(to + lengthBytes - 8, getLong(from + lengthBytes - 8));
        }
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
