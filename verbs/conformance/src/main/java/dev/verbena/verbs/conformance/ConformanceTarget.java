package dev.verbena.verbs.conformance;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the contracts judge: a provider and two of its devices, both opened in this process, so that what one sends to the
 * other crosses the wire between them. Where there is one device only, it plays both parts.
 *
 * <p>Found by system properties, each of which may be left out: {@value #PREFIX} and {@code provider}, {@code device.a},
 * {@code device.b}, {@code address.a}, {@code address.b} (IPv4), {@code address6.a}, {@code address6.b}, {@code gid.a},
 * {@code gid.b} (indexes), {@code unreachable} (an address on the link where nobody is).
 *
 * <p>Threading: immutable.
 */
public final class ConformanceTarget {
    /** What the names of the system properties begin with. */
    public static final String PREFIX = "conformance.";

    /** One of the two devices. */
    public enum Part {
        A,
        B
    }

    private static @Nullable ConformanceTarget current;

    private final VerbsProvider provider;
    private final Device deviceA;
    private final Device deviceB;

    private ConformanceTarget() {
        provider = findProvider();
        List<Device> devices = Verbs.devices(provider);
        if (devices.isEmpty()) {
            throw new IllegalStateException("provider " + provider.name() + " has no device: "
                    + provider.availability().reason());
        }
        deviceA = find(devices, property("device.a"), 0);
        deviceB = find(devices, property("device.b"), devices.size() > 1 ? 1 : 0);
    }

    /**
     * The target of this JVM.
     *
     * @throws IllegalStateException when there is no usable provider or device, with the reason
     */
    public static synchronized ConformanceTarget current() {
        ConformanceTarget target = current;
        if (target == null) {
            target = new ConformanceTarget();
            current = target;
        }
        return target;
    }

    private static VerbsProvider findProvider() {
        String name = property("provider");
        if (name != null) {
            return Verbs.provider(name);
        }
        for (VerbsProvider candidate : Verbs.providers()) {
            if (candidate.availability().usable()) {
                return candidate;
            }
        }
        StringBuilder reasons = new StringBuilder("no provider is usable");
        for (VerbsProvider candidate : Verbs.providers()) {
            reasons.append("; ")
                    .append(candidate.name())
                    .append(": ")
                    .append(candidate.availability().reason());
        }
        throw new IllegalStateException(reasons.toString());
    }

    private static Device find(List<Device> devices, @Nullable String name, int otherwise) {
        if (name == null) {
            return devices.get(otherwise);
        }
        for (Device device : devices) {
            if (device.name().equals(name)) {
                return device;
            }
        }
        throw new IllegalStateException("there is no device " + name + " but " + devices);
    }

    private static @Nullable String property(String name) {
        String value = System.getProperty(PREFIX + name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private static String suffix(Part part) {
        return part == Part.A ? ".a" : ".b";
    }

    /** The provider. */
    public VerbsProvider provider() {
        return provider;
    }

    /** One of the devices. */
    public Device device(Part part) {
        return part == Part.A ? deviceA : deviceB;
    }

    /** Whether one device plays both parts. */
    public boolean oneDevice() {
        return deviceA.name().equals(deviceB.name());
    }

    /** The GID that a part's queue pairs use. */
    public GidEntry gid(Part part, Context context) {
        String index = property("gid" + suffix(part));
        if (index != null) {
            return context.queryGids(1).stream()
                    .filter(entry -> String.valueOf(entry.index()).equals(index))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(context + " has no GID index " + index));
        }
        String address = property("address" + suffix(part));
        return context.chooseGid(1, address == null ? null : parse(address));
    }

    /** The IPv4 address of a part's device, null when it has none. */
    public @Nullable InetAddress address(Part part, Context context) {
        String address = property("address" + suffix(part));
        if (address != null) {
            return parse(address);
        }
        return context.queryGids(1).stream()
                .filter(entry -> entry.gid().isIpv4Mapped())
                .findFirst()
                .map(entry -> entry.gid().address())
                .orElse(null);
    }

    /** A routable IPv6 address of a part's device, null when it has none. */
    public @Nullable InetAddress address6(Part part, Context context) {
        String address = property("address6" + suffix(part));
        if (address != null) {
            return parse(address);
        }
        return context.queryGids(1).stream()
                .filter(entry -> !entry.gid().isIpv4Mapped()
                        && !entry.gid().isLinkLocal()
                        && !entry.gid().isZero()
                        && entry.type() == GidEntry.Type.ROCE_V2)
                .map(entry -> entry.gid().address())
                .filter(Inet6Address.class::isInstance)
                .findFirst()
                .orElse(null);
    }

    /** An address on the link of part A where nobody is. */
    public InetAddress unreachable(InetAddress near) {
        String address = property("unreachable");
        if (address != null) {
            return parse(address);
        }
        byte[] bytes = near.getAddress();
        bytes[bytes.length - 1] = (byte) 233;
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static InetAddress parse(String address) {
        try {
            return InetAddress.getByName(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("not an address: " + address, e);
        }
    }

    /** Opens a part's device anew. */
    public Context open(Part part) {
        try {
            return device(part).open();
        } catch (VerbsException e) {
            throw new IllegalStateException("device " + device(part).name() + " cannot be opened", e);
        }
    }

    @Override
    public String toString() {
        return provider.name() + " with " + deviceA + (oneDevice() ? " in both parts" : " and " + deviceB);
    }
}
