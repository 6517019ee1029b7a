package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.DeviceDriver;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The device that every host has. */
final class EmbeddedDevice implements DeviceDriver {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDevice.class);
    private static final AtomicBoolean SAID = new AtomicBoolean();
    private static final long GUID = 0x0256_6562_656e_6100L;
    private final int index;

    EmbeddedDevice(int index) {
        this.index = index;
    }

    static String name(int index) {
        return "embedded" + index;
    }

    static long guid(int index) {
        return GUID + index;
    }

    @Override
    public String name() {
        return name(index);
    }

    @Override
    public long nodeGuid() {
        return guid(index);
    }

    @Override
    public ContextDriver open() {
        if (SAID.compareAndSet(false, true)) {
            LOG.info("embedded: shared memory, this host only; {}", others());
        }
        return new EmbeddedContext(index);
    }

    /** Why no other provider was taken, as far as that is a matter of usability. */
    static String others() {
        String reasons = Verbs.providers().stream()
                .filter(provider -> !provider.availability().usable())
                .map(provider -> provider.name() + " is not usable: "
                        + provider.availability().reason())
                .collect(Collectors.joining("; "));
        return reasons.isEmpty() ? "asked for by name" : reasons;
    }
}
