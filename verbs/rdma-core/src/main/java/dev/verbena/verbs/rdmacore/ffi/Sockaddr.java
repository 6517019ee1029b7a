package dev.verbena.verbs.rdmacore.ffi;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Moves socket addresses between Java and C's {@code struct sockaddr}. */
public final class Sockaddr {
    /** Room for either family. */
    public static final int SIZE_MAX = SockaddrIn6.SIZE;

    private Sockaddr() {}

    /** Writes every field of a {@code sockaddr_in} or {@code sockaddr_in6}. */
    public static void set(long address, InetSocketAddress socketAddress) {
        InetAddress host = socketAddress.getAddress();
        if (host == null) {
            throw new IllegalArgumentException("the host name " + socketAddress.getHostString() + " was not resolved");
        }
        Memory.clear(address, SIZE_MAX);
        if (host instanceof Inet4Address) {
            Memory.putShort(address + SockaddrIn.SIN_FAMILY, SockaddrIn.AF_INET);
            putBigEndianShort(address + SockaddrIn.SIN_PORT, socketAddress.getPort());
            Memory.putBytes(address + SockaddrIn.SIN_ADDR, host.getAddress());
        } else {
            Memory.putShort(address + SockaddrIn6.SIN6_FAMILY, SockaddrIn6.AF_INET6);
            putBigEndianShort(address + SockaddrIn6.SIN6_PORT, socketAddress.getPort());
            Memory.putBytes(address + SockaddrIn6.SIN6_ADDR, host.getAddress());
            Memory.putInt(address + SockaddrIn6.SIN6_SCOPE_ID, ((Inet6Address) host).getScopeId());
        }
    }

    /** Reads a socket address, or null if it is of neither family. */
    public static @Nullable InetSocketAddress get(long address) {
        int family = Memory.getUnsignedShort(address + SockaddrIn.SIN_FAMILY);
        try {
            if (family == SockaddrIn.AF_INET) {
                byte[] host = Memory.getBytes(address + SockaddrIn.SIN_ADDR, 4);
                return new InetSocketAddress(
                        InetAddress.getByAddress(host), getBigEndianShort(address + SockaddrIn.SIN_PORT));
            }
            if (family == SockaddrIn6.AF_INET6) {
                byte[] host = Memory.getBytes(address + SockaddrIn6.SIN6_ADDR, 16);
                int scope = Memory.getInt(address + SockaddrIn6.SIN6_SCOPE_ID);
                InetAddress inet =
                        scope == 0 ? InetAddress.getByAddress(host) : Inet6Address.getByAddress(null, host, scope);
                return new InetSocketAddress(inet, getBigEndianShort(address + SockaddrIn6.SIN6_PORT));
            }
            return null;
        } catch (UnknownHostException wrongLength) {
            throw new IllegalStateException(wrongLength);
        }
    }

    private static void putBigEndianShort(long address, int value) {
        Memory.putByte(address, value >>> 8);
        Memory.putByte(address + 1, value);
    }

    private static int getBigEndianShort(long address) {
        return Memory.getUnsignedByte(address) << 8 | Memory.getUnsignedByte(address + 1);
    }
}
