package dev.verbena.verbs;

import dev.verbena.verbs.spi.DeviceDriver;
import dev.verbena.verbs.spi.VerbsProvider;

/**
 * A device that can be opened; see ibv_get_device_list(3).
 *
 * <p>Threading: any thread.
 */
public final class Device {
    private final VerbsProvider provider;
    private final DeviceDriver driver;

    Device(VerbsProvider provider, DeviceDriver driver) {
        this.provider = provider;
        this.driver = driver;
    }

    /** Its name: {@code rxe0}. */
    public String name() {
        return driver.name();
    }

    /** The provider it belongs to: {@code rdma-core}. */
    public String provider() {
        return provider.name();
    }

    /** Its globally unique identifier, 0 when unknown. */
    public long nodeGuid() {
        return driver.nodeGuid();
    }

    /**
     * Opens it; ibv_open_device(3).
     *
     * @throws VerbsException when it is gone or may not be used
     */
    public Context open() {
        return new Context(this, driver.open());
    }

    @Override
    public String toString() {
        return "device " + name();
    }
}
