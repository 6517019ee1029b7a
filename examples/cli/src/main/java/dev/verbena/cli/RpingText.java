package dev.verbena.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * What rping(1) sends to and fro: "rdma-ping-N: " and a run of characters from A to z that begins one later each round,
 * with a zero byte at the end.
 *
 * <p>Threading: pure functions.
 */
final class RpingText {
    static final int BYTES_MIN = 27;
    static final int BYTES_MAX = 65535;

    private static final int FIRST = 'A';
    private static final int CHARACTERS = 'z' - 'A' + 1;

    private RpingText() {}

    /** The text of a round. */
    static byte[] of(int round, int bytes) {
        byte[] text = new byte[bytes];
        byte[] head = ("rdma-ping-" + round + ": ").getBytes(StandardCharsets.US_ASCII);
        int headBytes = Math.min(head.length, bytes);
        System.arraycopy(head, 0, text, 0, headBytes);
        int shift = round % CHARACTERS;
        for (int i = headBytes; i < bytes; i++) {
            text[i] = (byte) (FIRST + (shift + i - headBytes) % CHARACTERS);
        }
        text[bytes - 1] = 0;
        return text;
    }

    /** Bytes up to and with the first zero, at most so many. */
    static int length(MemorySegment memory, int most) {
        for (int i = 0; i < most; i++) {
            if (memory.get(JAVA_BYTE, i) == 0) {
                return i + 1;
            }
        }
        return most;
    }

    /** The text before the zero, for people. */
    static String show(MemorySegment memory, int most) {
        byte[] bytes = memory.asSlice(0, length(memory, most)).toArray(JAVA_BYTE);
        int end = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
        return new String(bytes, 0, end, StandardCharsets.US_ASCII);
    }
}
