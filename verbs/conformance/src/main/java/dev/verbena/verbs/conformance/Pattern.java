package dev.verbena.verbs.conformance;

import java.util.SplittableRandom;

/** Bytes that tell their message and their place in it, so that a mix-up shows. */
final class Pattern {
    private Pattern() {}

    static byte[] bytes(long message, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(message * 0x9e3779b97f4a7c15L + length).nextBytes(bytes);
        return bytes;
    }
}
