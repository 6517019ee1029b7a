package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.spi.DeviceDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Verbs through libibverbs and librdmacm: every device that has a Linux driver, kernel Soft-RoCE included.
 *
 * <p>Threading: stateless; any thread.
 */
public final class RdmaCoreProvider implements VerbsProvider {
    private static final String NO_KERNEL_SUPPORT =
            "the kernel has no RDMA devices (no /sys/class/infiniband): load a driver, for example `modprobe rdma_rxe`,"
                    + " and `modprobe ib_uverbs rdma_ucm`";
    private static final String NO_DEVICE =
            "no RDMA device: for Soft-RoCE `modprobe rdma_rxe && rdma link add rxe0 type rxe netdev eth0`";

    /** For ServiceLoader. */
    public RdmaCoreProvider() {}

    @Override
    public String name() {
        return "rdma-core";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Availability availability() {
        String problem = Ibverbs.LIBRARY.problem();
        if (problem != null) {
            return new Availability(false, problem);
        }
        List<Found> found = new ArrayList<>();
        int error = list(found);
        if (error < 0) {
            return new Availability(false, listProblem(-error));
        }
        if (found.isEmpty()) {
            return new Availability(
                    false, Files.exists(Path.of("/sys/class/infiniband")) ? NO_DEVICE : NO_KERNEL_SUPPORT);
        }
        List<String> open = found.stream()
                .filter(f -> f.problem().isEmpty())
                .map(Found::name)
                .toList();
        if (open.isEmpty()) {
            return new Availability(
                    false, found.stream().map(Found::problem).distinct().collect(Collectors.joining("; ")));
        }
        return new Availability(true, String.join(", ", open));
    }

    @Override
    public List<DeviceDriver> devices() {
        List<Found> found = new ArrayList<>();
        if (Ibverbs.LIBRARY.problem() != null || list(found) < 0) {
            return List.of();
        }
        List<DeviceDriver> devices = new ArrayList<>();
        for (Found device : found) {
            if (device.problem().isEmpty()) {
                devices.add(new RdmaCoreDevice(device.name(), device.guid()));
            }
        }
        return devices;
    }

    @Override
    public EventChannelDriver openEventChannel() {
        return new RdmaCoreEventChannel();
    }

    /** A device of the kernel's list, and why it cannot be opened, or nothing. */
    private record Found(String name, long guid, String problem) {}

    private static int list(List<Found> found) {
        try (Arena arena = Arena.ofConfined()) {
            long count = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            long list = Ibverbs.ibv_get_device_list(count);
            if (list < 0) {
                return (int) list;
            }
            try {
                for (int i = 0; i < Memory.getInt(count); i++) {
                    long device = Memory.getLong(list + (long) i * Long.BYTES);
                    found.add(new Found(
                            IbvDevice.name(device),
                            Long.reverseBytes(Ibverbs.ibv_get_device_guid(device)),
                            nodeProblem(device)));
                }
            } finally {
                Ibverbs.ibv_free_device_list(list);
            }
            return 0;
        }
    }

    private static String nodeProblem(long device) {
        // Only a device of the kernel has a node; the class path of anything else is empty.
        if (!IbvDevice.devPath(device).startsWith("/sys/")) {
            return "";
        }
        Path node = Path.of("/dev/infiniband", IbvDevice.devName(device));
        String name = IbvDevice.name(device);
        if (!Files.exists(node)) {
            return node + ", the device node of " + name
                    + ", does not exist: `modprobe ib_uverbs`, and in a container give" + " --device " + node;
        }
        if (!Files.isReadable(node) || !Files.isWritable(node)) {
            return "no permission to open " + node + ", the device node of " + name
                    + ": make it readable and writable for this user, for example by a udev rule or its group";
        }
        return "";
    }

    private static String listProblem(int errno) {
        return switch (errno) {
            case Errno.ENOSYS, Errno.ENOENT -> NO_KERNEL_SUPPORT;
            case Errno.EPERM, Errno.EACCES -> "no permission to list the RDMA devices in /sys/class/infiniband";
            default -> "ibv_get_device_list failed: " + Errno.name(errno) + " (" + errno + ")";
        };
    }
}
