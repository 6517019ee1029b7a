package dev.verbena.cli;

import dev.verbena.verbs.Gid;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a side of a ping-pong is, in the text that ibv_rc_pingpong(1), ibv_uc_pingpong(1) and ibv_ud_pingpong(1) exchange
 * over TCP: {@code lid:number:psn:gid}, all hexadecimal, with a zero byte at the end.
 *
 * <p>Threading: immutable.
 *
 * @param lid the port's local identifier, 0 on RoCE
 * @param number of the queue pair
 * @param psn first packet number
 * @param gid the port's
 */
record PingPongEndpoint(int lid, int number, int psn, Gid gid) {
    /** Bytes of the text with its zero byte. */
    static final int WIRE_BYTES = 52;

    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{4}):([0-9a-f]{6}):([0-9a-f]{6}):([0-9a-f]{32})");

    byte[] encode() {
        String text = String.format(
                Locale.ROOT,
                "%04x:%06x:%06x:%s",
                lid,
                number,
                psn,
                HexFormat.of().formatHex(gid.bytes()));
        return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), WIRE_BYTES);
    }

    /**
     * Reads what a peer sent.
     *
     * @throws IllegalArgumentException for something else
     */
    static PingPongEndpoint decode(byte[] wire) {
        String text = new String(wire, 0, wire.length - 1, StandardCharsets.US_ASCII);
        Matcher matcher = TEXT.matcher(text);
        if (wire.length != WIRE_BYTES || wire[WIRE_BYTES - 1] != 0 || !matcher.matches()) {
            throw new IllegalArgumentException("the peer is no ping-pong: it sent '" + printable(text) + "'");
        }
        return new PingPongEndpoint(
                Integer.parseInt(matcher.group(1), 16),
                Integer.parseInt(matcher.group(2), 16),
                Integer.parseInt(matcher.group(3), 16),
                Gid.of(HexFormat.of().parseHex(matcher.group(4))));
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", ".");
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "LID 0x%04x, QPN 0x%06x, PSN 0x%06x, GID %s", lid, number, psn, gid);
    }
}
