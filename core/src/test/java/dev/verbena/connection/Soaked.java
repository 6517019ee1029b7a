package dev.verbena.connection;

import io.netty.buffer.ByteBuf;
import java.util.Random;

/** Messages whose every byte follows from their type and length. */
final class Soaked {
    static final int LENGTH_MAX = 64 << 20;

    private Soaked() {}

    /** From 0 B to 64 MiB, each magnitude as likely as the next, but the largest three rarer. */
    static int length(Random random) {
        int bits = random.nextInt(28);
        if (bits > 23 && random.nextInt(4) != 0) {
            bits = random.nextInt(20);
        }
        return bits == 27 ? LENGTH_MAX : random.nextInt((1 << bits) + 1) & (LENGTH_MAX - 1);
    }

    private static long at(int type, int index) {
        return (type * 0x9E3779B97F4A7C15L) ^ (index * 0xC2B2AE3D27D4EB4FL);
    }

    /** Appends a message of a length. */
    static ByteBuf fill(ByteBuf message, int type, int length) {
        int index = 0;
        for (; index + Long.BYTES <= length; index += Long.BYTES) {
            message.writeLong(at(type, index));
        }
        for (; index < length; index++) {
            message.writeByte((byte) at(type, index));
        }
        return message;
    }

    /** Looks at every byte. */
    static boolean isWhole(ByteBuf message, int type) {
        int from = message.readerIndex();
        int length = message.readableBytes();
        int index = 0;
        for (; index + Long.BYTES <= length; index += Long.BYTES) {
            if (message.getLong(from + index) != at(type, index)) {
                return false;
            }
        }
        for (; index < length; index++) {
            if (message.getByte(from + index) != (byte) at(type, index)) {
                return false;
            }
        }
        return true;
    }
}
