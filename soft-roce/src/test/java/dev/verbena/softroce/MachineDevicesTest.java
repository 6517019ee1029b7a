package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices of the machine itself, as /sys shows them. */
final class MachineDevicesTest {
    @TempDir
    private Path root;

    @Test
    void aMachineWithoutRdmaHasNone() throws IOException {
        assertThat(new MachineDevices(root).list()).isEmpty();
    }

    @Test
    void aDeviceIsDescribedByItsRoceV2Gids() throws IOException {
        device("rxe0", "uverbs3", "eth0");
        gid("rxe0", 0, "fe80:0000:0000:0000:0a0b:0cff:fe0d:0e0f", "RoCE v2");
        gid("rxe0", 1, "0000:0000:0000:0000:0000:ffff:0a07:0001", "IB/RoCE v1");
        gid("rxe0", 2, "0000:0000:0000:0000:0000:ffff:0a07:0001", "RoCE v2");
        gid("rxe0", 3, "fd07:0000:0000:0000:0000:0000:0000:0001", "RoCE v2");
        Files.createDirectories(root.resolve("sys/class/infiniband/rxe0/ports/1/gids"));
        Files.writeString(
                root.resolve("sys/class/infiniband/rxe0/ports/1/gids/4"), "0000:0000:0000:0000:0000:0000:0000:0000");

        assertThat(new MachineDevices(root).list())
                .containsExactly(new RxeDevice(
                        "rxe0", "/dev/infiniband/uverbs3", "eth0", "10.7.0.1", "fd07:0:0:0:0:0:0:1", 2, 3));
    }

    @Test
    void whatIsNotPutOnAnInterfaceOrHasNoNodeIsLeftOut() throws IOException {
        Files.createDirectories(root.resolve("sys/class/infiniband/mlx5_0/ports/1"));
        device("rxe1", "uverbs0", "eth1");
        gid("rxe1", 0, "0000:0000:0000:0000:0000:ffff:0a07:0002", "RoCE v2");
        Files.delete(root.resolve("sys/class/infiniband_verbs/uverbs0/ibdev"));

        assertThat(new MachineDevices(root).list()).isEmpty();
    }

    private void device(String name, String node, String netdev) throws IOException {
        write("sys/class/infiniband/" + name + "/parent", netdev + "\n");
        write("sys/class/infiniband_verbs/" + node + "/ibdev", name + "\n");
    }

    private void gid(String device, int index, String gid, String type) throws IOException {
        write("sys/class/infiniband/" + device + "/ports/1/gids/" + index, gid + "\n");
        write("sys/class/infiniband/" + device + "/ports/1/gid_attrs/types/" + index, type + "\n");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Path parent = path.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.writeString(path, text);
    }
}
