package dev.verbena.verbs.embedded;

import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.DeviceDriver;

/** The device that every host has. */
final class EmbeddedDevice implements DeviceDriver {
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
        return new EmbeddedContext(index);
    }
}
