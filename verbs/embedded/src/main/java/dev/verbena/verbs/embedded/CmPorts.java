package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.PortSpace;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Addresses and ports of ids, each an abstract socket of its own.
 *
 * <p>Threading: no state.
 */
final class CmPorts {
    private static final int FIRST_FREE = 32_768;
    private static final int LAST_FREE = 60_999;

    /** A bound socket and its address. */
    record Bound(int fd, InetSocketAddress address) {}

    private CmPorts() {}

    /** Binds an address; port 0 picks a free one. */
    static Bound bind(PortSpace space, InetSocketAddress wanted, boolean ipv6Only) {
        if (wanted.getPort() != 0) {
            int fd = Sockets.bind(name(space, host(wanted.getAddress(), ipv6Only), wanted.getPort()));
            if (fd < 0) {
                throw failed(wanted, -fd);
            }
            return new Bound(fd, wanted);
        }
        int count = LAST_FREE - FIRST_FREE + 1;
        int start = ThreadLocalRandom.current().nextInt(count);
        for (int i = 0; i < count; i++) {
            int port = FIRST_FREE + (start + i) % count;
            int fd = Sockets.bind(name(space, host(wanted.getAddress(), ipv6Only), port));
            if (fd >= 0) {
                return new Bound(fd, new InetSocketAddress(wanted.getAddress(), port));
            }
            if (fd != -Errno.EADDRINUSE) {
                throw failed(wanted, -fd);
            }
        }
        throw failed(wanted, Errno.EADDRINUSE);
    }

    private static VerbsException failed(InetSocketAddress wanted, int errno) {
        return new VerbsException(
                "rdma_bind_addr",
                "rdma_cm id to " + wanted.getAddress().getHostAddress() + ":" + wanted.getPort(),
                errno,
                errno == Errno.EADDRINUSE ? "another id listens or is bound there" : SharedMemory.explain(errno));
    }

    /** Connects to whoever is bound to an address, or to its wildcard; a descriptor or the negative errno. */
    static int connect(PortSpace space, InetSocketAddress to) {
        int result = -Errno.ECONNREFUSED;
        for (String host : hosts(to.getAddress())) {
            result = Sockets.connect(name(space, host, to.getPort()));
            if (result != -Errno.ECONNREFUSED) {
                return result;
            }
        }
        return result;
    }

    private static List<String> hosts(InetAddress address) {
        List<String> hosts = new ArrayList<>();
        if (!address.isAnyLocalAddress()) {
            hosts.add(host(address, false));
        }
        hosts.add(address instanceof Inet4Address ? "any4" : "any6");
        hosts.add("any");
        return hosts;
    }

    private static String host(InetAddress address, boolean ipv6Only) {
        if (!address.isAnyLocalAddress()) {
            Gid gid = Gid.of(address);
            return Long.toHexString(gid.high()) + "-" + Long.toHexString(gid.low());
        }
        if (address instanceof Inet4Address) {
            return "any4";
        }
        return ipv6Only ? "any6" : "any";
    }

    private static String name(PortSpace space, String host, int port) {
        return "verbena." + Linux.geteuid() + ".cm." + space + "." + host + "." + port;
    }
}
