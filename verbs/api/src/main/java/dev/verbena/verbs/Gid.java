package dev.verbena.verbs;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * A 128-bit global identifier of a port, in network order: an IPv6 address, for RoCE v2 over IPv4 the mapped form
 * {@code ::ffff:a.b.c.d}.
 *
 * <p>Threading: immutable.
 *
 * @param high bytes 0 to 7, the first in the most significant place
 * @param low bytes 8 to 15
 */
public record Gid(long high, long low) {
    /** All zeros: an unused table entry. */
    public static final Gid ZERO = new Gid(0, 0);

    /** The GID in 16 bytes of network order. */
    public static Gid of(byte[] bytes) {
        if (bytes.length != 16) {
            throw new IllegalArgumentException("a GID has 16 bytes, not " + bytes.length);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Gid(buffer.getLong(), buffer.getLong());
    }

    /** The GID that RoCE v2 gives to an IP address. */
    public static Gid of(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 16) {
            return of(bytes);
        }
        return new Gid(0, 0xffff_0000_0000L | (ByteBuffer.wrap(bytes).getInt() & 0xffff_ffffL));
    }

    /** Reads the text form, as {@link #toString()} writes it (eight groups of four hex digits; zeros may be shortened). */
    public static Gid parse(String text) {
        if (!text.matches("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
            throw new IllegalArgumentException("not a GID: " + text);
        }
        try {
            return of(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not a GID: " + text, e);
        }
    }

    /** The 16 bytes in network order. */
    public byte[] bytes() {
        return ByteBuffer.allocate(16).putLong(high).putLong(low).array();
    }

    /** Whether it is {@code ::ffff:a.b.c.d}. */
    public boolean isIpv4Mapped() {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** Whether it lies in fe80::/64, which needs a scope and is seldom what a program wants. */
    public boolean isLinkLocal() {
        return high >>> 54 == 0xfe80_0000_0000_0000L >>> 54;
    }

    /** Whether the entry is unused. */
    public boolean isZero() {
        return high == 0 && low == 0;
    }

    /** The IP address, IPv4 for the mapped form. */
    public InetAddress address() {
        try {
            return InetAddress.getByAddress(bytes());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Eight groups of four hex digits, as ibv_devinfo(1) prints it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(39);
        for (int group = 0; group < 8; group++) {
            long half = group < 4 ? high : low;
            int value = (int) (half >>> ((3 - (group & 3)) * 16)) & 0xffff;
            if (group > 0) {
                text.append(':');
            }
            text.append(Integer.toHexString(0x10000 | value), 1, 5);
        }
        return text.toString();
    }
}
