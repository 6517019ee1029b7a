package dev.verbena.messaging;

import java.nio.ByteBuffer;

/**
 * The layout of a frame; see docs/wire/messaging.md. Numbers are big-endian.
 *
 * <pre>
 *  0  u8   kind
 *  1  u8   control credits returned
 *  2  u16  data credits returned
 *  4  i32  type of the message, for the application
 *  8  i32  length of what follows the header
 * 12  i32  0
 * </pre>
 *
 * <p>Part of the core.
 *
 * <p>Threading: pure functions. Hot path.
 */
public final class Frame {
    static final int HEADER_BYTES = 16;

    /** An eager message. Takes a data credit. */
    static final int DATA = 1;
    /** A long message that the receiver is to READ: transfer, rkey, length, address, window. Takes a data credit. */
    static final int OFFER = 2;
    /** Nothing but credits. This and what follows takes a control credit. */
    static final int CREDIT = 3;
    /** The end of a transfer: its number and a status. */
    static final int DONE = 4;
    /** The sender goes, in good order. */
    static final int CLOSE = 5;
    /** A buffer that the peer may use: number of the share and its wire form. */
    public static final int SHARE = 6;
    /** A shared buffer must not be used any more: number of the share. */
    public static final int REVOKE = 7;
    /** The answer to it: number of the share. */
    public static final int REVOKED = 8;
    /** Asks for a {@link #PONG}. */
    public static final int PING = 9;
    /** The answer. */
    public static final int PONG = 10;
    /** More of a long message can be READ: transfer, rkey, address, length. */
    static final int WINDOW = 11;
    /** So much of a long message was READ: transfer, bytes. */
    static final int FETCHED = 12;
    /** A long message is withdrawn: transfer. */
    static final int CANCEL = 13;
    /** Asks for data credits that are not needed: how many at most. */
    static final int RECLAIM = 14;
    /** The answer: how many are given back. */
    static final int RETURNED = 15;

    private static final int LAST = RETURNED;

    static final int OFFER_BODY_BYTES = 32;
    static final int DONE_BODY_BYTES = 8;
    static final int WINDOW_BODY_BYTES = 24;
    static final int FETCHED_BODY_BYTES = 12;
    static final int CANCEL_BODY_BYTES = 4;
    static final int SHARE_ID_BYTES = 4;
    static final int RECLAIM_BODY_BYTES = 4;

    /** Statuses of {@link #DONE}. */
    static final int TAKEN = 0;

    static final int TOO_LONG = 1;
    static final int NO_MEMORY = 2;
    static final int REFUSED = 3;
    static final int CANCELLED = 4;

    private Frame() {}

    static void write(
            ByteBuffer memory, int at, int kind, int controlCredits, int dataCredits, int type, int lengthBytes) {
        memory.putInt(at, kind << 24 | controlCredits << 16 | dataCredits);
        memory.putInt(at + 4, type);
        memory.putLong(at + 8, (long) lengthBytes << 32);
    }

    static int kind(ByteBuffer memory, int at) {
        return memory.get(at) & 0xff;
    }

    static int controlCredits(ByteBuffer memory, int at) {
        return memory.get(at + 1) & 0xff;
    }

    static int dataCredits(ByteBuffer memory, int at) {
        return memory.getShort(at + 2) & 0xffff;
    }

    static int type(ByteBuffer memory, int at) {
        return memory.getInt(at + 4);
    }

    /** Whether the kind is known and the length is that of what was received. */
    static boolean isValid(ByteBuffer memory, int at, int receivedBytes) {
        if (receivedBytes < HEADER_BYTES) {
            return false;
        }
        int kind = kind(memory, at);
        int body = receivedBytes - HEADER_BYTES;
        return kind >= DATA
                && kind <= LAST
                && memory.getLong(at + 8) == (long) body << 32
                && (kind == DATA || body == bodyBytes(kind) || (kind == SHARE && body > SHARE_ID_BYTES));
    }

    private static int bodyBytes(int kind) {
        return switch (kind) {
            case OFFER -> OFFER_BODY_BYTES;
            case DONE -> DONE_BODY_BYTES;
            case WINDOW -> WINDOW_BODY_BYTES;
            case FETCHED -> FETCHED_BODY_BYTES;
            case CANCEL -> CANCEL_BODY_BYTES;
            case REVOKE, REVOKED -> SHARE_ID_BYTES;
            case RECLAIM, RETURNED -> RECLAIM_BODY_BYTES;
            default -> 0;
        };
    }

    static boolean isData(int kind) {
        return kind <= OFFER;
    }

    static String refusal(int status) {
        return switch (status) {
            case TOO_LONG -> "it is longer than the peer takes";
            case NO_MEMORY -> "the peer's budget for locked memory is spent";
            case REFUSED -> "the peer's program refused it";
            case CANCELLED -> "it was cancelled";
            default -> "status " + status;
        };
    }
}
