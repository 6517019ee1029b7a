package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The contracts of verbs/conformance, which the rdma-core provider has to keep on Soft-RoCE, in a container with both devices. */
@SoftRoceTest
final class ConformanceIT {
    private static final String MAIN = "dev.verbena.verbs.conformance.ConformanceMain";
    private static final int SCALE = Integer.getInteger("scale", 1);
    private static final Duration LIST_LIMIT = Duration.ofMinutes(2);
    private static final Duration LIMIT = Duration.ofMinutes(10L * SCALE);
    /** More than the suite itself leaves a test before it gives up with a thread dump. */
    private static final Duration SILENCE_MAX = Duration.ofMinutes(5);

    @TestFactory
    @DisplayName("rdma-core on Soft-RoCE")
    Stream<DynamicNode> rdmaCoreOnSoftRoce(SoftRocePeers peers, @TempDir Path folder) throws Exception {
        List<SuiteTest> expected = expected(folder);
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        Path results = reports("results.txt");
        SuiteRun run = new SuiteRun(expected, SILENCE_MAX);
        long notReadyBefore = receiversNotReady(container);
        run.start(
                onLine -> ContainerJvm.start(container, LIMIT, reports("hs_err.log"), arguments(peers.lab()), onLine));
        DynamicNode counted = DynamicTest.dynamicTest(
                "a receiver that is not ready is counted by the device, as CoreIT relies on", () -> {
                    boolean provoked = run.results().stream()
                            .anyMatch(result -> result.test().contract().equals("ReceiverNotReady"));
                    assertThat(receiversNotReady(container) > notReadyBefore).isEqualTo(provoked);
                });
        return Stream.concat(run.asTests(), Stream.of(counted)).onClose(() -> {
            run.close();
            run.report(results);
        });
    }

    private static long receiversNotReady(SoftRoceContainer container) throws InterruptedException {
        long sum = 0;
        for (RxeDevice device : container.devices()) {
            sum += container.counters(device).getOrDefault("rcvd_rnr_err", 0L);
        }
        return sum;
    }

    /** The list is made here, not where a crash could shorten it. */
    private static List<SuiteTest> expected(Path folder) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(MAIN, "--list"));
        arguments.addAll(only());
        List<SuiteTest> tests = new ArrayList<>();
        try (LocalJvm jvm = LocalJvm.start(folder, arguments, line -> {
            Optional<SuiteTest> test = SuiteResult.parseTest(line);
            synchronized (tests) {
                test.ifPresent(tests::add);
            }
        })) {
            assertThat(jvm.await(LIST_LIMIT)).as(jvm.console()).contains(0);
        }
        synchronized (tests) {
            return List.copyOf(tests);
        }
    }

    private static List<String> arguments(SoftRoceLab lab) {
        List<String> arguments = new ArrayList<>(List.of("-Dscale=" + SCALE));
        String seed = System.getProperty("seed");
        if (seed != null) {
            arguments.add("-Dseed=" + seed);
        }
        arguments.addAll(List.of(MAIN, "--provider", "rdma-core"));
        arguments.addAll(only());
        for (int end = 0; end < 2; end++) {
            RxeDevice device = lab.device(end);
            String part = end == 0 ? "-a" : "-b";
            arguments.addAll(List.of("--device" + part, device.name(), "--address" + part, device.address()));
            arguments.addAll(List.of("--gid" + part, Integer.toString(device.gidIndex())));
            if (!device.address6().isEmpty()) {
                arguments.addAll(List.of("--address6" + part, device.address6()));
            }
        }
        return arguments;
    }

    /** With -Dconformance.only=TEXT, those tests whose contract or name contains the text. */
    private static List<String> only() {
        String text = System.getProperty("conformance.only");
        return text == null ? List.of() : List.of("--only", text);
    }

    private static Path reports(String name) throws IOException {
        Path folder = Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "conformance");
        return Files.createDirectories(folder).resolve(name);
    }
}
