package dev.verbena.verbs;

import dev.verbena.verbs.spi.DeviceDriver;
import dev.verbena.verbs.spi.VerbsProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * The way in: providers and devices.
 *
 * <p>Threading: any thread.
 */
public final class Verbs {
    private static final class Holder {
        static final List<VerbsProvider> PROVIDERS = load();

        private static List<VerbsProvider> load() {
            List<VerbsProvider> providers = new ArrayList<>();
            ServiceLoader.load(VerbsProvider.class, Verbs.class.getClassLoader())
                    .forEach(providers::add);
            providers.sort(Comparator.comparingInt(VerbsProvider::priority).reversed());
            return List.copyOf(providers);
        }
    }

    private Verbs() {}

    /** The providers on the class or module path, the preferred one first. */
    public static List<VerbsProvider> providers() {
        return Holder.PROVIDERS;
    }

    /**
     * The provider of a name.
     *
     * @throws IllegalArgumentException that lists the names there are
     */
    public static VerbsProvider provider(String name) {
        for (VerbsProvider provider : providers()) {
            if (provider.name().equals(name)) {
                return provider;
            }
        }
        throw new IllegalArgumentException("there is no provider " + name + "; there is "
                + (providers().isEmpty()
                        ? "none: put verbena-rdma-core on the class path"
                        : providers().stream().map(VerbsProvider::name).collect(Collectors.joining(", "))));
    }

    /** Every device of every usable provider. */
    public static List<Device> devices() {
        List<Device> devices = new ArrayList<>();
        for (VerbsProvider provider : providers()) {
            devices.addAll(devices(provider));
        }
        return devices;
    }

    /** Every device of one provider; empty when it is not usable. */
    public static List<Device> devices(VerbsProvider provider) {
        List<Device> devices = new ArrayList<>();
        if (provider.availability().usable()) {
            for (DeviceDriver driver : provider.devices()) {
                devices.add(new Device(provider, driver));
            }
        }
        return devices;
    }

    /**
     * Opens the device of a name, of whichever provider has it.
     *
     * @throws VerbsException ENODEV with the names there are and, for each provider that is not usable, why
     */
    public static Context open(String name) {
        return device(name).open();
    }

    /**
     * The device of a name.
     *
     * @throws VerbsException ENODEV with the names there are and, for each provider that is not usable, why
     */
    public static Device device(String name) {
        for (Device device : devices()) {
            if (device.name().equals(name)) {
                return device;
            }
        }
        throw noDevice("device " + name);
    }

    /**
     * The device of a provider that has this name; devices of two providers may have the same one.
     *
     * @throws VerbsException ENODEV when it has none of that name, with those it has
     */
    public static Device device(VerbsProvider provider, String name) {
        List<Device> devices = devices(provider);
        return devices.stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new VerbsException(
                        "ibv_open_device",
                        name,
                        Errno.ENODEV,
                        "the provider " + provider.name() + " has no such device; it has " + devices));
    }

    /**
     * The first device of the preferred usable provider.
     *
     * @throws VerbsException ENODEV that says, for each provider, why it is not usable
     */
    public static Device anyDevice() {
        List<Device> devices = devices();
        if (devices.isEmpty()) {
            throw noDevice("this host");
        }
        return devices.getFirst();
    }

    private static VerbsException noDevice(String what) {
        StringBuilder reasons = new StringBuilder();
        List<Device> devices = devices();
        if (!devices.isEmpty()) {
            reasons.append("the devices are ")
                    .append(devices.stream().map(Device::name).collect(Collectors.joining(", ")));
        }
        for (VerbsProvider provider : providers()) {
            VerbsProvider.Availability availability = provider.availability();
            if (!availability.usable()) {
                reasons.append(reasons.isEmpty() ? "" : "; ")
                        .append(provider.name())
                        .append(": ")
                        .append(availability.reason());
            }
        }
        if (providers().isEmpty()) {
            reasons.append("no provider is on the class path; add verbena-rdma-core");
        }
        return new VerbsException("ibv_open_device", what, Errno.ENODEV, reasons.toString());
    }
}
