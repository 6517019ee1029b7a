package dev.verbena.bench.perftest;

import dev.verbena.verbs.Gid;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one side tells of a queue pair, in perftest's text: hexadecimal fields between colons and a zero byte at the end;
 * with a GID where the port is routed by one.
 *
 * <p>Threading: immutable.
 *
 * @param lid the port's local identifier
 * @param reads outstanding READs and atomics that this side takes
 * @param number of the queue pair
 * @param psn first packet number
 * @param rkey of the memory
 * @param address of the memory
 * @param gid the port's; all zero in the short form
 */
record PeerRecord(int lid, int reads, int number, int psn, int rkey, long address, Gid gid) {
    /** Bytes without a GID. */
    static final int SHORT_BYTES = 59;

    /** Bytes with one. */
    static final int LONG_BYTES = 108;

    /** Bytes of perftest's structure, as it goes over a queue pair. */
    static final int BINARY_BYTES = 56;

    private static final int GID_BYTES = 16;

    private static final String HEAD =
            "([0-9a-f]{1,8}):([0-9a-f]{1,8}):([0-9a-f]{1,8}):([0-9a-f]{1,8}):" + "([0-9a-f]{8}):([0-9a-f]{16}):";
    private static final Pattern SHORT = Pattern.compile(HEAD + "[0-9a-f]{8}");
    private static final Pattern LONG = Pattern.compile(HEAD + "((?:[0-9a-f]{2}:){16})[0-9a-f]{8}:");
    static final Gid NO_GID = Gid.of(new byte[16]);

    byte[] encode(boolean withGid) {
        String head =
                String.format(Locale.ROOT, "%04x:%04x:%06x:%06x:%08x:%016x:", lid, reads, number, psn, rkey, address);
        String tail = withGid ? HexFormat.ofDelimiter(":").formatHex(gid.bytes()) + ":00000000:" : "00000000";
        return Arrays.copyOf((head + tail).getBytes(StandardCharsets.US_ASCII), withGid ? LONG_BYTES : SHORT_BYTES);
    }

    /**
     * Reads what a peer sent.
     *
     * @throws IllegalArgumentException for something else
     */
    static PeerRecord decode(byte[] wire) {
        boolean withGid = wire.length == LONG_BYTES;
        String text = new String(wire, 0, wire.length - 1, StandardCharsets.US_ASCII);
        Matcher matcher = (withGid ? LONG : SHORT).matcher(text);
        if (wire[wire.length - 1] != 0 || !matcher.matches()) {
            throw new IllegalArgumentException("it sent '" + text.replaceAll("[^ -~]", ".") + "'");
        }
        return new PeerRecord(
                unsigned(matcher.group(1)),
                unsigned(matcher.group(2)),
                unsigned(matcher.group(3)),
                unsigned(matcher.group(4)),
                unsigned(matcher.group(5)),
                Long.parseUnsignedLong(matcher.group(6), 16),
                withGid ? Gid.of(HexFormat.of().parseHex(matcher.group(7).replace(":", ""))) : NO_GID);
    }

    /** As it goes over a queue pair: big-endian numbers, with four bytes of nothing before the address, where C aligns it. */
    byte[] encodeBinary() {
        return ByteBuffer.allocate(BINARY_BYTES)
                .putInt(lid)
                .putInt(reads)
                .putInt(number)
                .putInt(psn)
                .putInt(rkey)
                .putInt(0)
                .putLong(address)
                .put(gid.bytes())
                .array();
    }

    /** Reads what a peer sent over a queue pair. */
    static PeerRecord decodeBinary(byte[] wire) {
        ByteBuffer bytes = ByteBuffer.wrap(wire);
        int lid = bytes.getInt();
        int reads = bytes.getInt();
        int number = bytes.getInt();
        int psn = bytes.getInt();
        int rkey = bytes.getInt();
        int _ = bytes.getInt();
        long address = bytes.getLong();
        byte[] gid = new byte[GID_BYTES];
        bytes.get(gid);
        return new PeerRecord(lid, reads, number, psn, rkey, address, Gid.of(gid));
    }

    private static int unsigned(String hex) {
        return Integer.parseUnsignedInt(hex, 16);
    }

    /** The line that perftest prints of it. */
    String line(String side, Verb verb) {
        return String.format(Locale.ROOT, " %s address: LID %#04x QPN %#06x PSN %#06x", side, lid, number, psn)
                + (verb.isRequest() ? String.format(Locale.ROOT, " OUT %#04x", reads) : "")
                + (verb == Verb.SEND ? "" : String.format(Locale.ROOT, " RKey %#08x VAddr %#016x", rkey, address));
    }

    /** The line of its GID. */
    String gidLine() {
        StringBuilder line = new StringBuilder(" GID: ");
        for (byte part : gid.bytes()) {
            line.append(String.format(Locale.ROOT, "%02d:", part & 0xff));
        }
        return line.substring(0, line.length() - 1);
    }
}
