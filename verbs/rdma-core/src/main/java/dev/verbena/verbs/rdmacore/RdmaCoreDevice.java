package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.DeviceDriver;
import java.lang.foreign.Arena;

/** A device by its name; libibverbs' own object is looked up again when it is opened. */
final class RdmaCoreDevice implements DeviceDriver {
    private final String name;
    private final long guid;

    RdmaCoreDevice(String name, long guid) {
        this.name = name;
        this.guid = guid;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long nodeGuid() {
        return guid;
    }

    @Override
    public ContextDriver open() {
        String object = "device " + name;
        try (Arena arena = Arena.ofConfined()) {
            long count = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            long list = Failure.checkPointer("ibv_get_device_list", object, Ibverbs.ibv_get_device_list(count), "");
            try {
                for (int i = 0; i < Memory.getInt(count); i++) {
                    long device = Memory.getLong(list + (long) i * Long.BYTES);
                    if (IbvDevice.name(device).equals(name)) {
                        DriverTraits traits = DriverTraits.of(device);
                        long context = Ibverbs.ibv_open_device(device);
                        Failure.checkPointer("ibv_open_device", object, context, openProblem(device, context));
                        return RdmaCoreContext.opened(name, context, traits);
                    }
                }
            } finally {
                Ibverbs.ibv_free_device_list(list);
            }
        }
        throw new VerbsException("ibv_open_device", object, Errno.ENODEV, "the device is gone");
    }

    private static String openProblem(long device, long negativeErrno) {
        String node = "/dev/infiniband/" + IbvDevice.devName(device);
        return switch ((int) -negativeErrno) {
            case Errno.EACCES, Errno.EPERM ->
                "no permission to open " + node
                        + ": make it readable and writable for this user; in a container give --device " + node;
            case Errno.ENOENT, Errno.ENODEV ->
                node + " does not exist: `modprobe ib_uverbs`, and in a container give" + " --device " + node;
            default -> "";
        };
    }
}
