package dev.verbena.connection;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What docs/wire/messaging.md says of frames from a peer that has sent so many before: the other opinion in {@link FuzzTest}. */
final class FrameModel {
    /** What must become of the connection. */
    enum Verdict {
        /** It goes on. */
        GOES_ON,
        /** It ends with PROTOCOL. */
        PROTOCOL,
        /** It ends with PEER_CLOSED. */
        CLOSED,
        /** The device ends it: the frame tells it to read what it may not, or does not fit a receive. */
        DEVICE
    }

    private static final int HEADER = 16;
    private static final int CONTROL_WINDOW = 16;

    private final int slotBytes;
    private final long messageMaxBytes;
    private final long address;
    private final long lengthBytes;
    private final int rkey;
    private final Set<Integer> shares = new HashSet<>();
    /** Long messages that were offered and not withdrawn: how much of each has no window yet. */
    private final Map<Integer, Long> unopened = new HashMap<>();

    private int offers;
    private boolean open;
    private boolean reclaimed;
    private boolean maybeDevice;

    /**
     * A new connection.
     *
     * @param address of the memory that the peer may read, with its length and key
     */
    FrameModel(int slotBytes, long messageMaxBytes, long address, long lengthBytes, int rkey) {
        this.slotBytes = slotBytes;
        this.messageMaxBytes = messageMaxBytes;
        this.address = address;
        this.lengthBytes = lengthBytes;
        this.rkey = rkey;
    }

    /** What becomes of the connection by the next frame. */
    Verdict judge(byte[] frame) {
        if (frame.length > slotBytes) {
            return Verdict.DEVICE;
        }
        if (frame.length < HEADER) {
            return Verdict.PROTOCOL;
        }
        ByteBuffer in = ByteBuffer.wrap(frame);
        int kind = in.get() & 0xff;
        int controlCredits = in.get() & 0xff;
        int dataCredits = in.getShort() & 0xffff;
        int _ = in.getInt();
        int bodyBytes = in.getInt();
        boolean sane = in.getInt() == 0 && bodyBytes == frame.length - HEADER && hasBody(kind, bodyBytes);
        // The other side sends no data here: none of its data credits can be returned, unless they were taken back.
        if (!sane || (dataCredits > 0 && !reclaimed) || controlCredits > CONTROL_WINDOW) {
            return Verdict.PROTOCOL;
        }
        // How many of them there are nobody knows here, nor how many control frames the other side has sent.
        open |= controlCredits > 0 || dataCredits > 0;
        return switch (kind) {
            case 1, 3, 9, 10 -> Verdict.GOES_ON;
            case 2 -> offer(in);
            case 5 -> Verdict.CLOSED;
            case 6 -> share(in);
            case 7 -> shares.remove(in.getInt()) ? Verdict.GOES_ON : Verdict.PROTOCOL;
            case 11 -> window(in);
            case 13 -> cancel(in.getInt());
            case 14 -> {
                reclaimed = true;
                yield Verdict.GOES_ON;
            }
            // DONE and FETCHED of no transfer, REVOKED of nothing that was shared, RETURNED of nothing that was asked
            // for.
            default -> Verdict.PROTOCOL;
        };
    }

    /** Whether what came so far may also have ended the connection with PROTOCOL. */
    boolean isOpen() {
        return open;
    }

    /** Whether what came so far may also have ended the connection with DEVICE. */
    boolean isMaybeDevice() {
        return maybeDevice;
    }

    private static boolean hasBody(int kind, int bytes) {
        return switch (kind) {
            case 1 -> true;
            case 2 -> bytes == 32;
            case 3, 5, 9, 10 -> bytes == 0;
            case 4 -> bytes == 8;
            case 6 -> bytes == 28;
            case 7, 8, 13, 14, 15 -> bytes == 4;
            case 11 -> bytes == 24;
            case 12 -> bytes == 12;
            default -> false;
        };
    }

    private Verdict offer(ByteBuffer in) {
        int number = in.getInt();
        int key = in.getInt();
        long length = in.getLong();
        long from = in.getLong();
        long window = in.getLong();
        if (length < 1 || number != offers || !isWindow(from, window, length)) {
            return Verdict.PROTOCOL;
        }
        offers++;
        if (length > messageMaxBytes) {
            return Verdict.GOES_ON;
        }
        boolean reads = unopened.values().stream().allMatch(left -> left == 0);
        unopened.put(number, length - window);
        return read(key, from, window, reads);
    }

    private static boolean isWindow(long from, long bytes, long left) {
        return bytes > 0 && bytes <= left && Long.compareUnsigned(from + bytes, from) >= 0;
    }

    /** Behind messages that cannot be read to their end it depends whether the window is read at all. */
    private Verdict read(int key, long from, long bytes, boolean isCertain) {
        if (key == rkey && from >= address && from <= address + lengthBytes - bytes) {
            return Verdict.GOES_ON;
        }
        maybeDevice |= !isCertain;
        return isCertain ? Verdict.DEVICE : Verdict.GOES_ON;
    }

    private Verdict window(ByteBuffer in) {
        int number = in.getInt();
        int key = in.getInt();
        long from = in.getLong();
        long bytes = in.getLong();
        if (number < 0 || number >= offers) {
            return Verdict.PROTOCOL;
        }
        Long left = unopened.get(number);
        if (left == null) {
            return Verdict.GOES_ON;
        }
        if (!isWindow(from, bytes, left)) {
            // It is ignored when the message has been read already.
            open = true;
            return Verdict.GOES_ON;
        }
        unopened.put(number, left - bytes);
        return read(key, from, bytes, false);
    }

    private Verdict cancel(int number) {
        Long _ = unopened.remove(number);
        return number >= 0 && number < offers ? Verdict.GOES_ON : Verdict.PROTOCOL;
    }

    private Verdict share(ByteBuffer in) {
        int number = in.getInt();
        boolean sane = in.getInt() == 1 << 24;
        int _ = in.getInt();
        long at = in.getLong();
        long length = in.getLong();
        boolean fits = length >= 0 && Long.compareUnsigned(at + length, at) >= 0;
        return sane && fits && shares.add(number) ? Verdict.GOES_ON : Verdict.PROTOCOL;
    }
}
