package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.softroce.SoftRoceSearch.Absent;
import dev.verbena.softroce.SoftRoceSearch.Found;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where Soft-RoCE is looked for, and what is said when there is none. */
final class LabFinderTest {
    @TempDir
    private Path folder;

    @Test
    void withoutStateFileAndDevicesTheReasonSaysHowToStartTheLab() {
        assertAbsent(finder().search(), "there is no lab", "has 0 Soft-RoCE devices", "soft-roce/lab up");
    }

    @Test
    void offEndsTheSearch() {
        Properties properties = new Properties();
        properties.setProperty("soft-roce", "off");

        assertAbsent(new LabFinder(Map.of(), properties, folder).search(), "-Dsoft-roce=off");
    }

    @Test
    void aLabThatIsUpIsFoundByItsStateFile() throws IOException {
        try (ServerSocket docker = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            state(docker.getLocalPort(), ProcessHandle.current().pid());

            assertThat(finder().search()).isInstanceOfSatisfying(Found.class, found -> {
                SoftRoceLab lab = found.lab();
                assertThat(lab.kind()).isEqualTo(SoftRoceLab.Kind.QEMU);
                assertThat(lab.dockerHost()).hasToString("tcp://127.0.0.1:" + docker.getLocalPort());
                assertThat(lab.image()).isEqualTo("verbena/peer:1");
                assertThat(lab.device(1))
                        .isEqualTo(new RxeDevice("rxe1", "/dev/infiniband/uverbs1", "v1", "10.7.0.2", "fd07::2", 1, 2));
            });
        }
    }

    @Test
    void aLabWhoseProcessHasEndedIsNotUp() throws IOException, InterruptedException {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        state(1, ended.pid());

        assertAbsent(finder().search(), "its process " + ended.pid() + " has ended", "soft-roce/lab up");
    }

    @Test
    void aLabWhoseDockerIsSilentIsNotUp() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        state(port, ProcessHandle.current().pid());

        assertAbsent(
                finder().search(), "docker at tcp://127.0.0.1:" + port + " does not answer", "soft-roce/lab status");
    }

    @Test
    void aDamagedStateFileIsNamedWithWhatIsWrong() throws IOException {
        Path state = write(
                "cache/lab/state.properties",
                "kind=qemu\npid=" + ProcessHandle.current().pid() + "\n");

        assertAbsent(finder().search(), state.toString(), "lacks the key docker.host");
    }

    @Test
    void theMachinesOwnDevicesServeWhereThereIsNoLab() throws IOException {
        for (int end = 0; end < 2; end++) {
            write("root/sys/class/infiniband/rxe" + end + "/parent", "eth" + end);
            write("root/sys/class/infiniband_verbs/uverbs" + end + "/ibdev", "rxe" + end);
            String port = "root/sys/class/infiniband/rxe" + end + "/ports/1/";
            write(port + "gids/0", "0000:0000:0000:0000:0000:ffff:0a07:000" + (end + 1));
            write(port + "gid_attrs/types/0", "RoCE v2");
        }
        assertAbsent(finder().search(), "there is no lab", "docker at unix:///var/run/docker.sock does not answer");

        write("root/var/run/docker.sock", "");

        assertThat(finder().search()).isInstanceOfSatisfying(Found.class, found -> {
            assertThat(found.lab().kind()).isEqualTo(SoftRoceLab.Kind.MACHINE);
            assertThat(found.lab().device(1).address()).isEqualTo("10.7.0.2");
        });
    }

    private LabFinder finder() {
        Map<String, String> environment =
                Map.of("VERBENA_CACHE", folder.resolve("cache").toString());
        return new LabFinder(environment, new Properties(), folder.resolve("root"));
    }

    private void state(int dockerPort, long pid) throws IOException {
        StringBuilder text = new StringBuilder("kind=qemu\nimage=verbena/peer:1\nkernel=6.1.0-56-amd64\npid=" + pid
                + "\ndocker.host=tcp://127.0.0.1:" + dockerPort + "\n");
        for (int end = 0; end < 2; end++) {
            text.append("device.").append(end).append("=rxe").append(end).append('\n');
            text.append("uverbs.")
                    .append(end)
                    .append("=/dev/infiniband/uverbs")
                    .append(end)
                    .append('\n');
            text.append("netdev.").append(end).append("=v").append(end).append('\n');
            text.append("address.")
                    .append(end)
                    .append("=10.7.0.")
                    .append(end + 1)
                    .append('\n');
            text.append("address6.")
                    .append(end)
                    .append("=fd07::")
                    .append(end + 1)
                    .append('\n');
            text.append("gidindex.").append(end).append("=1\n");
            text.append("gidindex6.").append(end).append("=2\n");
        }
        write("cache/lab/state.properties", text.toString());
    }

    private Path write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Path parent = path.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        return Files.writeString(path, text);
    }

    private static void assertAbsent(SoftRoceSearch search, String... parts) {
        assertThat(search)
                .isInstanceOfSatisfying(
                        Absent.class, absent -> assertThat(absent.reason()).contains(parts));
    }
}
