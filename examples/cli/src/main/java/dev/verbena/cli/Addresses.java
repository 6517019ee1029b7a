package dev.verbena.cli;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Gid;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * Addresses as people write them: {@code host}, {@code host:port}, {@code [v6]:port}.
 *
 * <p>Threading: pure functions.
 */
public final class Addresses {
    private Addresses() {}

    /**
     * Reads an address with a port or without.
     *
     * @param text as typed
     * @param defaultPort where the text names none
     * @return resolved
     * @throws IllegalArgumentException for one that is not understood, or a port out of range
     * @throws Failure for a host that nobody knows
     */
    public static InetSocketAddress parse(String text, int defaultPort) {
        String host = text;
        int port = defaultPort;
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            if (end < 0) {
                throw new IllegalArgumentException("'" + text + "' has no closing bracket");
            }
            host = text.substring(1, end);
            if (end + 1 < text.length()) {
                port = port(text, text.substring(end + 1));
            }
        } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
            int colon = text.indexOf(':');
            host = text.substring(0, colon);
            port = port(text, text.substring(colon));
        }
        if (host.isBlank()) {
            throw new IllegalArgumentException("'" + text + "' names no host");
        }
        return new InetSocketAddress(resolve(host), port);
    }

    private static int port(String text, String colonAndPort) {
        try {
            int port = Integer.parseInt(colonAndPort.substring(1));
            if (colonAndPort.charAt(0) == ':' && port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("'" + text + "' has no port within 0 to 65535");
    }

    private static InetAddress resolve(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new Failure(Failure.Code.PEER_UNREACHABLE, "no host has the name " + host, "", e);
        }
    }

    /**
     * The text form, with brackets where they are needed.
     *
     * @param address resolved
     * @return {@code host:port}
     */
    public static String text(InetSocketAddress address) {
        String host = text(address.getAddress());
        return address.getAddress() instanceof Inet6Address
                ? "[" + host + "]:" + address.getPort()
                : host + ":" + address.getPort();
    }

    private static String text(InetAddress address) {
        return address.getHostAddress();
    }

    /** The address that belongs to the preferred GID of a device's first port. */
    static InetAddress of(Device device) {
        try (Context context = device.open()) {
            Gid gid = context.chooseGid(1, null).gid();
            if (!gid.isIpv4Mapped() && gid.isLinkLocal()) {
                throw new Failure(
                        Failure.Code.NO_DEVICE,
                        device.name() + " has no address",
                        "give its network interface one: ip address add ADDRESS/PREFIX dev NETDEV");
            }
            return gid.address();
        }
    }
}
