package dev.verbena.cli;

import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.VerbsProvider;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which provider and device a command uses.
 *
 * <p>Threading: pure functions.
 */
final class DeviceChoice {
    private DeviceChoice() {}

    /**
     * The provider of a name; without one the first that is usable.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    static VerbsProvider provider(@Nullable String name) {
        List<VerbsProvider> candidates = name == null ? Verbs.providers() : List.of(Verbs.provider(name));
        for (VerbsProvider candidate : candidates) {
            if (candidate.availability().usable()) {
                return candidate;
            }
        }
        String reasons = candidates.stream()
                .map(candidate ->
                        candidate.name() + ": " + candidate.availability().reason())
                .collect(Collectors.joining("; "));
        throw new Failure(
                Failure.Code.NO_DEVICE,
                candidates.isEmpty() ? "there is no provider on the class path" : "no usable device: " + reasons,
                Failure.LAB_HINT);
    }

    /** Whether no provider would rather be taken. */
    static boolean isPreferred(String provider) {
        return Verbs.providers().getFirst().name().equals(provider);
    }

    /** Which provider was taken unasked, and why not another. */
    static String why(String chosen) {
        String others = Verbs.providers().stream()
                .filter(provider -> !provider.availability().usable())
                .map(provider -> "; " + provider.name() + " is not usable: "
                        + provider.availability().reason())
                .collect(Collectors.joining());
        return "provider " + chosen + ": "
                + Verbs.provider(chosen).availability().reason() + others;
    }

    /** The provider's device of a name; without one its first. */
    static Device device(VerbsProvider provider, @Nullable String name) {
        List<Device> devices = Verbs.devices(provider);
        for (Device device : devices) {
            if (name == null || name.equals(device.name())) {
                return device;
            }
        }
        String there = devices.stream().map(Device::name).collect(Collectors.joining(", "));
        throw new Failure(
                Failure.Code.NO_DEVICE,
                name == null
                        ? provider.name() + " has no device"
                        : "there is no device " + name + "; " + provider.name() + " has " + there);
    }
}
