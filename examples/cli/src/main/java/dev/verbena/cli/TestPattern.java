package dev.verbena.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Bytes to send and to compare with: another sequence for each number, the same on both sides.
 *
 * <p>Threading: immutable.
 */
final class TestPattern {
    private static final int VARIANTS = 251;
    private static final long SEED = 0x7665_7262_656e_61L;

    private final MemorySegment table;
    private final long lengthBytes;

    TestPattern(int lengthBytes) {
        byte[] bytes = new byte[lengthBytes + VARIANTS];
        new SplittableRandom(SEED).nextBytes(bytes);
        this.table = MemorySegment.ofArray(bytes);
        this.lengthBytes = lengthBytes;
    }

    private long start(int number) {
        return Integer.remainderUnsigned(number, VARIANTS);
    }

    /** Writes the bytes of a number. */
    void fill(MemorySegment target, long offset, int number) {
        MemorySegment.copy(table, JAVA_BYTE, start(number), target, JAVA_BYTE, offset, lengthBytes);
    }

    /** The first byte that is not the number's, -1 when all are. */
    long mismatch(MemorySegment actual, long offset, int number) {
        return mismatch(actual, offset, number, lengthBytes);
    }

    /** The same for the first so many bytes. */
    long mismatch(MemorySegment actual, long offset, int number, long lengthBytes) {
        long first = start(number);
        return MemorySegment.mismatch(table, first, first + lengthBytes, actual, offset, offset + lengthBytes);
    }
}
