package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * What the verbs do not tell of a device but the way it is driven does.
 *
 * @param driver the kernel driver of the hardware behind the device, empty for a software device
 * @param rxe whether it is kernel Soft-RoCE
 * @param doorbells whether {@code post_send} only touches mapped memory, so that it may be called without leaving Java
 */
record DriverTraits(String driver, boolean rxe, boolean doorbells) {
    /** Drivers whose user-space part posts by a doorbell. Others, such as hfi1 and qib, make a system call. */
    private static final Set<String> WITH_DOORBELLS = Set.of(
            "bnxt_en",
            "bnxt_re",
            "cxgb4",
            "efa",
            "erdma",
            "hns3",
            "hns_roce",
            "i40e",
            "ice",
            "idpf",
            "ionic",
            "irdma",
            "mana",
            "mlx4_core",
            "mlx5_core",
            "ocrdma",
            "qede",
            "qedr",
            "vmw_pvrdma");

    static DriverTraits of(long device) {
        Path sysfs = Path.of(IbvDevice.ibdevPath(device));
        String driver = driver(sysfs.resolve("device/driver"));
        boolean rxe = driver.isEmpty() && text(sysfs.resolve("node_desc")).equals("rxe");
        return new DriverTraits(driver, rxe, WITH_DOORBELLS.contains(driver));
    }

    /** Whether it is one of Mellanox' devices, which honour relaxed ordering. */
    boolean reorders() {
        return driver.equals("mlx5_core");
    }

    private static String driver(Path link) {
        try {
            return Files.readSymbolicLink(link).getFileName().toString();
        } catch (IOException | RuntimeException software) {
            return "";
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            return "";
        }
    }
}
