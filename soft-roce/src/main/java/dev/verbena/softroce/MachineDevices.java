package dev.verbena.softroce;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The Soft-RoCE devices of a machine, as its {@code /sys} shows them. */
final class MachineDevices {
    private static final int GIDS_MAX = 256;
    private static final byte[] MAPPED_IPV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff};

    private final Path infiniband;
    private final Path verbs;

    MachineDevices(Path root) {
        infiniband = root.resolve("sys/class/infiniband");
        verbs = root.resolve("sys/class/infiniband_verbs");
    }

    /** Those with a device node and a RoCE v2 GID that is not link-local, by name. */
    List<RxeDevice> list() throws IOException {
        List<RxeDevice> devices = new ArrayList<>();
        for (Path device : children(infiniband)) {
            // Only Soft-RoCE and its kin have this file: it names the interface they were put on.
            Optional<String> netdev = text(device.resolve("parent"));
            Optional<String> node = nodeOf(device.getFileName().toString());
            if (netdev.isPresent() && node.isPresent()) {
                describe(device, netdev.get(), node.get()).ifPresent(devices::add);
            }
        }
        return devices;
    }

    private static Optional<RxeDevice> describe(Path device, String netdev, String node) throws IOException {
        Path port = device.resolve("ports/1");
        String address = "";
        String address6 = "";
        int index = -1;
        int index6 = -1;
        for (int i = 0; i < GIDS_MAX; i++) {
            Optional<String> gid = text(port.resolve("gids/" + i));
            if (gid.isEmpty()) {
                break;
            }
            if (!text(port.resolve("gid_attrs/types/" + i)).equals(Optional.of("RoCE v2"))) {
                continue;
            }
            byte[] raw = HexFormat.of().parseHex(gid.get().replace(":", ""));
            if (startsWith(raw, MAPPED_IPV4)) {
                if (index < 0) {
                    index = i;
                    address =
                            (raw[12] & 0xff) + "." + (raw[13] & 0xff) + "." + (raw[14] & 0xff) + "." + (raw[15] & 0xff);
                }
            } else if (index6 < 0 && !InetAddress.getByAddress(raw).isLinkLocalAddress()) {
                index6 = i;
                address6 = InetAddress.getByAddress(raw).getHostAddress();
            }
        }
        if (index < 0 && index6 < 0) {
            return Optional.empty();
        }
        return Optional.of(new RxeDevice(
                device.getFileName().toString(), node, netdev, address, address6, index < 0 ? index6 : index, index6));
    }

    private Optional<String> nodeOf(String device) throws IOException {
        for (Path entry : children(verbs)) {
            if (text(entry.resolve("ibdev")).equals(Optional.of(device))) {
                return Optional.of("/dev/infiniband/" + entry.getFileName());
            }
        }
        return Optional.empty();
    }

    private static boolean startsWith(byte[] raw, byte[] prefix) {
        return Arrays.equals(raw, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
    }

    /** A GID's type of an unused index is there but cannot be read: no text, like a file that is not there. */
    private static Optional<String> text(Path file) {
        try {
            return Optional.of(Files.readString(file).trim());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
