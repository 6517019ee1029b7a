package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import dev.verbena.jverbs.Providers;
import dev.verbena.verbs.Verbs;
import java.io.IOException;
import java.util.List;

/**
 * A device of this machine.
 *
 * <p>Threading: any thread.
 */
public final class Device {
    private final dev.verbena.verbs.Device device;

    Device(dev.verbena.verbs.Device device) {
        this.device = device;
    }

    /** The devices there are, those that connection ids can be bound to. */
    public static List<Device> getDeviceList() throws IOException {
        return Failures.call(() ->
                Verbs.devices(Providers.chosen()).stream().map(Device::new).toList());
    }

    /** Its name: {@code rxe0}. */
    public String getName() {
        return device.name();
    }

    /** Its globally unique identifier, 0 when unknown. */
    public long getGuid() {
        return device.nodeGuid();
    }

    /** Opens it, or answers the context that this process has of it. */
    public VerbsContext open() throws IOException {
        return VerbsContext.of(device);
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
