package dev.verbena.cli;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the two halves of the demo say to each other.
 *
 * <p>When they connect, each sends a {@link Hello} as private data. Afterwards the client asks and the server answers, one
 * message at a time: a SEND without immediate data is a payload to check and to answer with another payload; a WRITE with
 * immediate is the same for the window; a SEND with immediate data is a {@link Request} of 16 bytes, whose number is the
 * immediate value.
 *
 * <p>Threading: immutable.
 */
final class DemoProtocol {
    /** Bytes of a request and of its answer. */
    static final int CONTROL_BYTES = 16;

    /** The answer to a check that found nothing wrong. */
    static final long ALL_GOOD = -1;

    /** Bytes of a small message, WRITE or READ of a stream. */
    static final int SMALL_BYTES = 64;

    /** Bytes of a large WRITE or READ of a stream: slow links acknowledge it before the timeout, too. */
    static final int LARGE_BYTES = 1 << 16;

    /** Bytes of the memory for streams, behind the word. */
    static final int BULK_BYTES = 1 << 20;

    /** Small messages that the server acknowledges at once: it has posted a receive for each again. */
    static final int CREDIT_MESSAGES = 8;

    static final int BYTES_MAX = 1 << 23;
    static final int ITERATIONS_MAX = 1_000_000;

    private static final int MAGIC = 0x56424432;

    /** What the client can ask for. */
    enum Request {
        /** Fill the window with the pattern of a number. */
        FILL(1),
        /** Compare the window with the pattern of a number and clear it; the answer is the first wrong byte. */
        CHECK(2),
        /** Set the word for atomics. */
        SET_WORD(3),
        /** Tell the word for atomics. */
        GET_WORD(4),
        /** Tell how many payloads since the last question were wrong; the next payload has number 0. */
        WRONG_PAYLOADS(5),
        /** That was all. */
        BYE(6),
        /** Fill the bulk with the pattern of a number. */
        FILL_BULK(7),
        /** Compare so many bytes of the bulk (high half) with the pattern of a number (low half), and clear it. */
        CHECK_BULK(8),
        /** From now on come small messages without immediate data, numbered from 0; each few of them are credited. */
        STREAM(9),
        /** The end of the small messages; the answer is how many were wrong or missing. */
        STREAM_END(10);

        private final int number;

        Request(int number) {
            this.number = number;
        }

        /** Its number on the wire. */
        int number() {
            return number;
        }

        /** The request with a number; null for a foreign one. */
        static @Nullable Request of(int number) {
            for (Request request : values()) {
                if (request.number == number) {
                    return request;
                }
            }
            return null;
        }
    }

    /**
     * What a side needs to know of the other.
     *
     * @param bytes of a payload
     * @param windowAddress of the memory that the other side may use; the word for atomics stands behind the payload
     * @param windowKey for that memory
     */
    record Hello(int bytes, long windowAddress, int windowKey) {
        byte[] encode() {
            return ByteBuffer.allocate(20)
                    .putInt(MAGIC)
                    .putInt(bytes)
                    .putLong(windowAddress)
                    .putInt(windowKey)
                    .array();
        }

        /**
         * Reads what a peer sent.
         *
         * @throws IllegalArgumentException when it is no demo, or asks for too much
         */
        static Hello decode(byte[] data) {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            if (buffer.remaining() < 20 || buffer.getInt() != MAGIC) {
                throw new IllegalArgumentException("the peer is no 'verbena demo'");
            }
            Hello hello = new Hello(buffer.getInt(), buffer.getLong(), buffer.getInt());
            if (hello.bytes < 1 || hello.bytes > BYTES_MAX) {
                throw new IllegalArgumentException("the peer wants payloads of " + hello.bytes + " bytes");
            }
            return hello;
        }
    }

    private DemoProtocol() {}

    /** Where the word for atomics stands in a window for payloads of so many bytes. */
    static long wordOffset(int bytes) {
        return (bytes + 63L) & -64L;
    }

    /** Where the bulk begins. */
    static long bulkOffset(int bytes) {
        return wordOffset(bytes) + 64;
    }
}
