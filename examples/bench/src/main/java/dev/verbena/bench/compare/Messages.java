package dev.verbena.bench.compare;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a message of the comparison holds: its number in the first and in the last eight bytes, and, where it is checked, a
 * pattern of that number in all bytes between. Every receiver looks at the numbers; so that nothing is measured that has not
 * arrived, every connection first carries messages that are checked byte by byte.
 *
 * <p>Memory is named by its address, since the libraries to compare with do so. The caller answers for it.
 *
 * <p>Threading: no state.
 */
final class Messages {
    /** The small message, of the echo and of the rate. */
    static final int SMALL_BYTES = 64;

    /** The large message, of the bulk transfer. */
    static final int LARGE_BYTES = 1 << 20;

    /** Messages that may be handed over together where a peer can do that, for all peers alike. */
    static final int BATCH = 32;

    /** Memory of either direction: large messages rotate in it, so that they do not stay in a cache. */
    static final int BUFFER_BYTES = 16 * LARGE_BYTES;

    private static final long STEP = 0x9E3779B97F4A7C15L;
    private static final int WORD = Long.BYTES;

    @SuppressWarnings("restricted") // the whole address space: peers hand out addresses
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Messages() {}

    /** Writes a message; {@code whole} also what lies between the numbers. The size is a multiple of eight. */
    static void write(long address, int bytes, long number, boolean whole) {
        if (whole) {
            for (int at = WORD; at < bytes - WORD; at += WORD) {
                ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address + at, word(number, at));
            }
        }
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, number);
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address + bytes - WORD, number);
    }

    /** Throws unless a message is the one of that number. */
    static void check(long address, int bytes, long number, boolean whole) {
        if (ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address) != number
                || ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address + bytes - WORD) != number) {
            throw new IllegalStateException("message " + number + " is not what was sent: it begins with "
                    + ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address) + " and ends with "
                    + ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address + bytes - WORD));
        }
        if (whole) {
            for (int at = WORD; at < bytes - WORD; at += WORD) {
                if (ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address + at) != word(number, at)) {
                    throw wrong(number, at);
                }
            }
        }
    }

    /** The same for a part of a message, as a stream delivers it; begins at {@code offset} of the message. */
    static void checkPart(long address, int length, int offset, int bytes, long number, boolean whole) {
        if (offset == 0 && length == bytes) {
            check(address, bytes, number, whole);
        } else if (whole) {
            for (int i = 0; i < length; i++) {
                if (ALL.get(ValueLayout.JAVA_BYTE, address + i) != byteAt(number, offset + i, bytes)) {
                    throw wrong(number, offset + i);
                }
            }
        } else if (offset == 0 && length >= WORD && ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address) != number) {
            throw wrong(number, 0);
        }
    }

    /** Copies between addresses. */
    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    private static byte byteAt(long number, int at, int bytes) {
        int word = at - at % WORD;
        long value = word == 0 || word == bytes - WORD ? number : word(number, word);
        return (byte) (value >>> (8 * (at % WORD)));
    }

    private static long word(long number, int at) {
        return (number + at) * STEP;
    }

    private static IllegalStateException wrong(long number, int at) {
        return new IllegalStateException("message " + number + " is not what was sent, byte " + at);
    }
}
