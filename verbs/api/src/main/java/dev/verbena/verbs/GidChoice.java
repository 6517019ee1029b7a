package dev.verbena.verbs;

import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which GID of a port to use. An address asked for wins, RoCE v2 before v1; without one: RoCE v2 or InfiniBand before
 * RoCE v1, routable before link-local, IPv4 before IPv6, the lower index. The system property {@value #INDEX_PROPERTY} or
 * the environment's {@value #INDEX_VARIABLE} overrides all of it.
 *
 * <p>Threading: pure functions.
 */
public final class GidChoice {
    /** System property with an index that overrides the choice. */
    public static final String INDEX_PROPERTY = "dev.verbena.gidIndex";
    /** Environment variable with an index that overrides the choice. */
    public static final String INDEX_VARIABLE = "VERBENA_GID_INDEX";

    private static final Logger LOG = LoggerFactory.getLogger(GidChoice.class);

    private static final Comparator<GidEntry> BEST_FIRST =
            Comparator.comparingInt(GidChoice::badness).thenComparingInt(GidEntry::index);

    private GidChoice() {}

    private static int badness(GidEntry entry) {
        boolean routed = entry.type() == GidEntry.Type.ROCE_V2 || entry.type() == GidEntry.Type.IB;
        boolean linkLocal = entry.gid().isLinkLocal() && entry.type() != GidEntry.Type.IB;
        return (routed ? 0 : 4) + (linkLocal ? 2 : 0) + (entry.gid().isIpv4Mapped() ? 0 : 1);
    }

    /** The entry to use. */
    public static GidEntry choose(String device, List<GidEntry> entries, @Nullable InetAddress local) {
        String override = System.getProperty(INDEX_PROPERTY, System.getenv(INDEX_VARIABLE));
        GidEntry chosen = choose(device, entries, local, override);
        LOG.debug(
                "{}: GID index {} {} {}",
                device,
                chosen.index(),
                chosen.gid(),
                chosen.type().text());
        return chosen;
    }

    static GidEntry choose(
            String device, List<GidEntry> entries, @Nullable InetAddress local, @Nullable String override) {
        List<GidEntry> used = entries.stream()
                .filter(entry -> !entry.gid().isZero())
                .sorted(BEST_FIRST)
                .toList();
        if (override != null) {
            return used.stream()
                    .filter(entry -> String.valueOf(entry.index()).equals(override.strip()))
                    .findFirst()
                    .orElseThrow(() -> none(device, used, "there is no GID index " + override));
        }
        if (local != null && !local.isAnyLocalAddress()) {
            Gid wanted = Gid.of(local);
            return used.stream()
                    .filter(entry -> entry.gid().equals(wanted))
                    .findFirst()
                    .orElseThrow(() -> none(device, used, "no GID belongs to " + local.getHostAddress()));
        }
        return used.stream()
                .findFirst()
                .orElseThrow(() -> none(
                        device, used, "the port has no GID; is its network interface up and does it have an address?"));
    }

    private static VerbsException none(String device, List<GidEntry> used, String why) {
        String there = used.stream()
                .map(entry ->
                        entry.index() + " " + entry.gid() + " " + entry.type().text())
                .collect(Collectors.joining(", "));
        return new VerbsException(
                "ibv_query_gid", device, Errno.ENODATA, why + (there.isEmpty() ? "" : "; the port has " + there));
    }
}
