package dev.verbena.verbs.embedded;

import dev.verbena.verbs.spi.DeviceDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import dev.verbena.verbs.spi.VerbsProvider;
import java.util.ArrayList;
import java.util.List;

/**
 * Verbs over shared memory, between threads and processes of one host and one user. It needs no RDMA device and no
 * privilege, and is taken when nothing better is usable.
 *
 * <p>Threading: stateless; any thread.
 */
public final class EmbeddedProvider implements VerbsProvider {
    /**
     * System property: how many devices there are, 1 to 8. Each has a node of its own, so that two devices of one process
     * reach each other as two processes do: for tests.
     */
    public static final String DEVICES_PROPERTY = "verbena.embedded.devices";

    private static final int DEVICES_MAX = 8;

    /** For ServiceLoader. */
    public EmbeddedProvider() {}

    static int deviceCount() {
        return Math.clamp(Integer.getInteger(DEVICES_PROPERTY, 1), 1, DEVICES_MAX);
    }

    @Override
    public String name() {
        return "embedded";
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Availability availability() {
        String problem = Linux.problem();
        return problem == null
                ? new Availability(true, "shared memory between processes of this host")
                : new Availability(false, problem);
    }

    @Override
    public List<DeviceDriver> devices() {
        List<DeviceDriver> devices = new ArrayList<>();
        for (int device = 0; device < deviceCount() && Linux.problem() == null; device++) {
            devices.add(new EmbeddedDevice(device));
        }
        return devices;
    }

    @Override
    public EventChannelDriver openEventChannel() {
        return new EmbeddedEventChannel();
    }
}
