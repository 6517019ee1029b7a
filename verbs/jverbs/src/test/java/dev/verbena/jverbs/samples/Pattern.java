package dev.verbena.jverbs.samples;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes that tell where they belong. */
final class Pattern {
    private Pattern() {}

    private static byte at(int index, int seed) {
        return (byte) (index * 31 + index / 251 + seed);
    }

    static void fill(ByteBuffer buffer, int offset, int length, int seed) {
        for (int index = 0; index < length; index++) {
            buffer.put(offset + index, at(index, seed));
        }
    }

    static void check(ByteBuffer buffer, int offset, int length, int seed, String what) throws IOException {
        for (int index = 0; index < length; index++) {
            if (buffer.get(offset + index) != at(index, seed)) {
                throw new IOException(what + ": byte " + index + " of " + length + " is " + buffer.get(offset + index)
                        + ", not " + at(index, seed));
            }
        }
    }
}
