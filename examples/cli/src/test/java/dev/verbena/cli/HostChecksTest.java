package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.cli.HealthCheck.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostChecksTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path root;

    @Test
    void aBareMachineFailsWithAWayToMendEachThing() {
        assertThat(check("kernel.devices").status()).isEqualTo(Status.FAIL);
        assertThat(check("module.ib_uverbs").fix()).isEqualTo("modprobe ib_uverbs");
        assertThat(check("node.uverbs").status()).isEqualTo(Status.FAIL);
        assertThat(check("node.rdma_cm").status()).isEqualTo(Status.FAIL);
        assertThat(check("library.libibverbs").status()).isEqualTo(Status.WARN);
        assertThat(new HostChecks(root).all())
                .filteredOn(check -> check.status() != Status.OK)
                .allSatisfy(check -> assertThat(check.fix()).isNotBlank());
    }

    @Test
    void aGoodMachineIsAllRight() throws IOException {
        write("usr/lib/x86_64-linux-gnu/libibverbs.so.1", "");
        write("usr/lib64/librdmacm.so.1", "");
        Files.createDirectories(root.resolve("sys/class/infiniband/rxe0"));
        Files.createDirectories(root.resolve("sys/module/ib_uverbs"));
        Files.createDirectories(root.resolve("sys/module/rdma_ucm"));
        write("dev/infiniband/uverbs0", "");
        write("dev/infiniband/rdma_cm", "");
        write("proc/self/limits", limits("unlimited"));
        write("proc/meminfo", "HugePages_Total:     512\nHugePages_Free:      500\n");

        assertThat(new HostChecks(root).all()).allSatisfy(check -> {
            assertThat(check.status()).as(check.toString()).isEqualTo(Status.OK);
            assertThat(check.fix()).isNull();
        });
        assertThat(check("kernel.devices").detail()).isEqualTo("rxe0");
        assertThat(check("hugepages").detail()).isEqualTo("500 of 512 are free");
    }

    @Test
    void aLowLimitOfLockedMemoryFailsWithTheNumber() throws IOException {
        write("proc/self/limits", limits("8388608"));

        assertThat(check("memlock").status()).isEqualTo(Status.FAIL);
        assertThat(check("memlock").detail()).contains("8.0 MiB");
        assertThat(check("memlock").fix()).contains("ulimit -l unlimited").contains("--ulimit memlock=-1");
    }

    @Test
    void aFairLimitOfLockedMemoryIsAWarning() throws IOException {
        write("proc/self/limits", limits("1073741824"));

        assertThat(check("memlock").status()).isEqualTo(Status.WARN);
    }

    private static String limits(String memlock) {
        return "Limit                     Soft Limit           Hard Limit           Units\n"
                + "Max processes             95000                95000                processes\n"
                + "Max locked memory         " + memlock + "              " + memlock + "              bytes\n";
    }

    private HealthCheck check(String id) {
        return new HostChecks(root)
                .all().stream()
                        .filter(check -> check.id().equals(id))
                        .findFirst()
                        .orElseThrow();
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
