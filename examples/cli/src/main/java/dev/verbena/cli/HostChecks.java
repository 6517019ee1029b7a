package dev.verbena.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What can be told about a Linux machine from its files alone.
 *
 * <p>Threading: stateless but for the file system.
 */
final class HostChecks {
    /** Less than this is too little for anything but a first try. */
    private static final long MEMLOCK_FEW = 64L << 20;

    private static final Pattern MEMLOCK = Pattern.compile("(?m)^Max locked memory\\s+(\\S+)\\s");
    private static final List<String> LIBRARY_FOLDERS = List.of(
            "usr/lib/x86_64-linux-gnu",
            "usr/lib/aarch64-linux-gnu",
            "lib/x86_64-linux-gnu",
            "lib/aarch64-linux-gnu",
            "usr/lib64",
            "lib64",
            "usr/lib",
            "usr/local/lib");
    private static final List<String> LIBRARIES = List.of("libibverbs.so.1", "librdmacm.so.1");

    private final Path root;

    /** Looks at a machine whose files lie below a folder: {@code /}, or a test's. */
    HostChecks(Path root) {
        this.root = root;
    }

    List<HealthCheck> all() {
        List<HealthCheck> checks = new ArrayList<>();
        LIBRARIES.forEach(library -> checks.add(library(library)));
        checks.add(kernel());
        checks.add(module("ib_uverbs", "lets programs use RDMA devices"));
        checks.add(module("rdma_ucm", "lets programs use the connection manager"));
        checks.add(verbsNodes());
        checks.add(node("dev/infiniband/rdma_cm", "node.rdma_cm"));
        checks.add(memlock());
        checks.add(hugePages());
        return checks;
    }

    private HealthCheck library(String name) {
        String id = "library." + name.substring(0, name.indexOf('.'));
        Optional<Path> found = LIBRARY_FOLDERS.stream()
                .map(folder -> root.resolve(folder).resolve(name))
                .filter(Files::exists)
                .findFirst();
        if (found.isPresent()) {
            return HealthCheck.ok(id, shown(found.get()));
        }
        return HealthCheck.warn(
                id,
                name + " is in none of the usual folders",
                "Debian: apt-get install ibverbs-providers librdmacm1; Fedora: dnf install libibverbs librdmacm");
    }

    private HealthCheck kernel() {
        List<String> devices = names(root.resolve("sys/class/infiniband"), "");
        if (devices.isEmpty()) {
            return HealthCheck.fail(
                    "kernel.devices",
                    "the kernel has no RDMA device",
                    "Soft-RoCE: modprobe rdma_rxe && rdma link add rxe0 type rxe netdev eth0; or ./verbena lab up");
        }
        return HealthCheck.ok("kernel.devices", String.join(", ", devices));
    }

    private HealthCheck module(String name, String purpose) {
        String id = "module." + name;
        if (Files.isDirectory(root.resolve("sys/module").resolve(name))) {
            return HealthCheck.ok(id, "loaded");
        }
        String node = name.equals("rdma_ucm") ? "rdma_cm" : "uverbs0";
        if (Files.exists(root.resolve("dev/infiniband").resolve(node))) {
            return HealthCheck.ok(id, "not listed, but /dev/infiniband/" + node + " is there");
        }
        return HealthCheck.fail(id, "not loaded; it " + purpose, "modprobe " + name);
    }

    private HealthCheck verbsNodes() {
        List<String> nodes = names(root.resolve("dev/infiniband"), "uverbs");
        if (nodes.isEmpty()) {
            return HealthCheck.fail(
                    "node.uverbs",
                    "there is no /dev/infiniband/uverbs*",
                    "modprobe ib_uverbs; in a container: --device /dev/infiniband/uverbs0");
        }
        for (String node : nodes) {
            HealthCheck check = node("dev/infiniband/" + node, "node.uverbs");
            if (check.status() != HealthCheck.Status.OK) {
                return check;
            }
        }
        return HealthCheck.ok("node.uverbs", String.join(", ", nodes));
    }

    private HealthCheck node(String path, String id) {
        Path file = root.resolve(path);
        if (!Files.exists(file)) {
            return HealthCheck.fail(id, "there is no /" + path, "modprobe rdma_ucm; in a container: --device /" + path);
        }
        if (!Files.isReadable(file) || !Files.isWritable(file)) {
            return HealthCheck.fail(id, "no permission to use /" + path, "chmod 666 /" + path + ", or a udev rule");
        }
        return HealthCheck.ok(id, "/" + path);
    }

    private HealthCheck memlock() {
        String id = "memlock";
        Matcher matcher = MEMLOCK.matcher(read("proc/self/limits"));
        if (!matcher.find()) {
            return HealthCheck.warn(id, "/proc/self/limits does not tell the limit", "ulimit -l tells it");
        }
        String limit = matcher.group(1);
        if (limit.equals("unlimited")) {
            return HealthCheck.ok(id, "unlimited");
        }
        long bytes = Long.parseLong(limit);
        String detail = "a process may lock " + mebibytes(bytes) + " of memory; all registered memory is locked";
        String fix = "ulimit -l unlimited, or /etc/security/limits.conf; in a container: --ulimit memlock=-1";
        return bytes < MEMLOCK_FEW ? HealthCheck.fail(id, detail, fix) : HealthCheck.warn(id, detail, fix);
    }

    private HealthCheck hugePages() {
        String id = "hugepages";
        Matcher total = Pattern.compile("(?m)^HugePages_Total:\\s+(\\d+)").matcher(read("proc/meminfo"));
        Matcher free = Pattern.compile("(?m)^HugePages_Free:\\s+(\\d+)").matcher(read("proc/meminfo"));
        if (total.find() && free.find() && Long.parseLong(total.group(1)) > 0) {
            return HealthCheck.ok(id, free.group(1) + " of " + total.group(1) + " are free");
        }
        return HealthCheck.warn(
                id,
                "none reserved: large regions are made of normal pages",
                "sysctl vm.nr_hugepages=512 reserves 1 GiB in pages of 2 MiB");
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    private String shown(Path file) {
        return "/" + root.relativize(file);
    }

    private String read(String path) {
        try {
            return Files.readString(root.resolve(path));
        } catch (IOException e) {
            return "";
        }
    }

    private static List<String> names(Path folder, String prefix) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, prefix + "*")) {
            entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
        } catch (IOException e) {
            return List.of();
        }
        names.sort(null);
        return names;
    }
}
