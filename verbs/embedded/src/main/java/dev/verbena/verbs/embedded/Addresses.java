package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of this host: the embedded device has each of them as a GID, and reaches no other.
 *
 * <p>Threading: any thread.
 */
final class Addresses {
    /** An address and the network interface that has it. */
    record Local(InetAddress address, @Nullable String netdev) {}

    private Addresses() {}

    /** Loopback, then IPv4, then the rest; the addresses that an extra device has for its own come from its index. */
    static List<GidEntry> gids(int device) {
        List<GidEntry> gids = new ArrayList<>();
        for (Local local : device == 0 ? hostAddresses() : List.of(new Local(extra(device), "lo"))) {
            gids.add(new GidEntry(1, gids.size(), Gid.of(local.address), GidEntry.Type.ROCE_V2, local.netdev));
        }
        return gids;
    }

    private static InetAddress extra(int device) {
        return new Gid(0, 0xffff_7f00_0001L + device).address();
    }

    /** The device that an address of this host belongs to. */
    static int device(InetAddress address) {
        for (int device = 1; device < EmbeddedProvider.deviceCount(); device++) {
            if (extra(device).equals(address)) {
                return device;
            }
        }
        return 0;
    }

    private static List<Local> hostAddresses() {
        List<Local> all = new ArrayList<>();
        try {
            for (NetworkInterface netdev : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                for (InetAddress address : Collections.list(netdev.getInetAddresses())) {
                    if (netdev.isUp()) {
                        all.add(new Local(address, netdev.getName()));
                    }
                }
            }
        } catch (SocketException e) {
            all.clear();
        }
        if (all.stream().noneMatch(local -> local.address.isLoopbackAddress())) {
            all.add(new Local(new Gid(0, 0xffff_7f00_0001L).address(), null));
        }
        all.sort(Comparator.comparing((Local local) -> !(local.address instanceof Inet4Address))
                .thenComparing(local -> !local.address.isLoopbackAddress()));
        return all;
    }

    /** Whether it is an address of this host, or the wildcard. */
    static boolean isLocal(InetAddress address) {
        if (address.isAnyLocalAddress()) {
            return true;
        }
        if (address.isLoopbackAddress() && device(address) > 0) {
            return true;
        }
        return hostAddresses().stream().anyMatch(local -> Gid.of(local.address).equals(Gid.of(address)));
    }

    static boolean isLocal(Gid gid) {
        return !gid.isZero() && isLocal(gid.address());
    }

    static Gid hostGid() {
        return new Gid(0, 0xffff_7f00_0001L);
    }

    /** Why an address cannot be reached, for an error. */
    static String notHere(InetSocketAddress address) {
        String others = Verbs.providers().stream()
                .map(VerbsProvider::availability)
                .filter(availability -> !availability.usable())
                .map(VerbsProvider.Availability::reason)
                .collect(Collectors.joining("; "));
        return address.getAddress().getHostAddress()
                + " is not an address of this host; embedded reaches this host only"
                + (others.isEmpty() ? "" : "; no RDMA device because " + others);
    }
}
