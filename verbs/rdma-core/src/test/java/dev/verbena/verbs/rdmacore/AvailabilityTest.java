package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.rdmacore.ffi.CCompiler;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import dev.verbena.verbs.spi.VerbsProvider.Availability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is missing is one sentence, the same each time it is asked for. */
class AvailabilityTest {
    private static final RdmaCoreProvider PROVIDER = new RdmaCoreProvider();

    /** Runs in a child JVM: asks twice, opens once, and opens an event channel. */
    public static final class Main {
        private Main() {}

        public static void main(String[] arguments) {
            System.out.println(PROVIDER.availability().reason());
            System.out.println(PROVIDER.availability().reason());
            System.out.println(PROVIDER.devices());
            try {
                PROVIDER.openEventChannel().close();
                System.out.println("opened");
            } catch (RuntimeException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private static List<String> child(String... options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        return CCompiler.run(command, false).lines().toList();
    }

    private static String reason() {
        Availability first = PROVIDER.availability();
        assertThat(first.usable()).isFalse();
        assertThat(PROVIDER.availability()).isEqualTo(first);
        assertThat(PROVIDER.devices()).isEmpty();
        return first.reason();
    }

    @Nested
    class WithoutTheLibraries {
        private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

        @Test
        void aMissingLibraryIsOneSentence() {
            List<String> lines = child(NATIVE, "-Ddev.verbena.libibverbs=libnowhere.so.1");

            String sentence =
                    "libnowhere.so.1 cannot be loaded: install rdma-core 32 or later (Debian, Ubuntu: apt install"
                            + " libibverbs1 ibverbs-providers; Fedora, RHEL: dnf install libibverbs)";
            assertThat(lines)
                    .containsExactly(
                            sentence,
                            sentence,
                            "[]",
                            "rdma_create_event_channel failed on the rdma_cm event channel: " + sentence);
        }

        @Test
        void aPathThatDoesNotExistIsNamedWithItsProperty() {
            List<String> lines = child(NATIVE, "-Ddev.verbena.libibverbs=/nowhere/libibverbs.so");

            assertThat(lines.getFirst())
                    .isEqualTo("/nowhere/libibverbs.so, named by -Ddev.verbena.libibverbs, does not exist");
        }

        @Test
        void anOldLibraryIsToldByTheFunctionItLacks() throws Exception {
            CCompiler.require();
            Path source = CCompiler.directory().resolve("old.c");
            Path old = CCompiler.directory().resolve("libold.so");
            Files.writeString(source, "void *ibv_get_device_list(int *count) { return 0; }\n");
            CCompiler.compile(source, old, "-shared", "-fPIC");

            List<String> lines = child(NATIVE, "-Ddev.verbena.libibverbs=" + old);

            assertThat(lines.getFirst())
                    .startsWith(old + " has no function ibv_free_device_list: install rdma-core 32 or later");
            assertThat(lines.get(1)).isEqualTo(lines.getFirst());
        }

        @Test
        void deniedNativeAccessIsToldWithTheOption() {
            List<String> lines = child("--illegal-native-access=deny");

            assertThat(lines.getFirst())
                    .isEqualTo("native access is denied: start java with --enable-native-access=ALL-UNNAMED");
            assertThat(lines.get(1)).isEqualTo(lines.getFirst());
            assertThat(lines.get(3)).endsWith(lines.getFirst());
        }

        @Test
        void aMissingConnectionManagerLeavesTheVerbsUsable() {
            FakeIbverbs.require();

            List<String> lines = child(NATIVE, FakeIbverbs.option(), "-Ddev.verbena.librdmacm=libnowhere.so.1");

            assertThat(lines.getFirst()).isEqualTo("fake0");
            assertThat(lines.get(3))
                    .startsWith(
                            "rdma_create_event_channel failed on the rdma_cm event channel: libnowhere.so.1 cannot be"
                                    + " loaded: install rdma-core");
        }
    }

    @Nested
    class WithTheFakeLibrary {
        @BeforeEach
        void fake() {
            FakeIbverbs.require();
        }

        @Test
        void itsDevicesAreFound() {
            FakeIbverbs.present(2, 0, true);

            Availability availability = PROVIDER.availability();

            assertThat(availability).isEqualTo(new Availability(true, "fake0, fake1"));
            assertThat(Verbs.devices(PROVIDER).stream().map(device -> device.name()))
                    .containsExactly("fake0", "fake1");
        }

        @Test
        void aKernelWithoutRdmaIsToldWithTheModulesToLoad() {
            FakeIbverbs.inject("ibv_get_device_list", Errno.ENOSYS, 3);

            assertThat(reason()).startsWith("the kernel has no RDMA devices").contains("modprobe rdma_rxe");
        }

        @Test
        void anotherErrorOfTheListIsToldByItsName() {
            FakeIbverbs.inject("ibv_get_device_list", Errno.EMFILE, 3);

            assertThat(reason()).isEqualTo("ibv_get_device_list failed: EMFILE (24)");
        }

        @Test
        void anEmptyListIsToldWithTheCommandThatMakesADevice() {
            FakeIbverbs.present(0, 0, true);

            assertThat(reason()).contains("modprobe rdma_rxe");
        }

        @Test
        void aMissingDeviceNodeIsNamed() {
            FakeIbverbs.presentPaths("", "/sys/class/infiniband_verbs/uverbs77", "uverbs77");

            assertThat(reason())
                    .isEqualTo(
                            "/dev/infiniband/uverbs77, the device node of fake0, does not exist: `modprobe ib_uverbs`, and"
                                    + " in a container give --device /dev/infiniband/uverbs77");
        }
    }
}
