package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * DiSNI on Soft-RoCE, on request ({@code -Dit.test=DisniRuns}): the tests of verbena-disni, which its own build runs on the embedded provider, on two devices. What takes
 * too long each time on an emulated machine comes with {@code -Ddisni.all=true}: DiSNI's own examples and benchmarks and those of
 * DaRPC, a process on each device; and what prepared calls cost beside the verbs below them. Where {@code -Ddisni.library=FOLDER}
 * names a folder with DiSNI's own libdisni.so, the same loop runs on Verbena and on that, too.
 */
@SoftRoceTest
final class DisniRuns {
    private static final boolean ALL = Boolean.getBoolean("disni.all");
    /** Of DiSNI's own library. */
    private static final @Nullable String LIBRARY = System.getProperty("disni.library");

    private static final String LIBRARY_THERE = SoftRoceContainer.HOME + "/libdisni";
    private static final List<String> CLASSES = List.of(
            "dev.verbena.disni.OperationsTest", "dev.verbena.disni.BadInputTest", "dev.verbena.disni.ConnectionsTest");
    /** Of connecting and closing; the embedded provider does a thousand. */
    private static final int CYCLES = 20;

    private static final String PROGRAMS = "dev.verbena.disni.ProgramsMain";
    private static final int PORT = 19_300;
    private static final int PORTS = 6;
    private static final int DARPC_PORT = 1919;

    private static final int LIBRARY_TURNS = 3;
    /** Not slower, as far as the lab can tell: runs of the same program differ by so much there. */
    private static final double LIBRARY_RATIO_MAX = 1.05;

    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final Duration SILENCE_MAX = Duration.ofMinutes(2);

    private static void everyProgramOfDisniAndDarpcRunsToItsEndOnBothSides(SoftRocePeers peers) throws Exception {
        PeerLibrary.ensureIn(peers.a());
        PeerLibrary.ensureIn(peers.b());
        Map<String, Long> before = peers.a().counters(peers.b().device());
        CommandResult called;
        CommandResult served;
        try (ContainerProcess server = start(peers.b(), "server", peers.b().address())) {
            for (int port = PORT; port < PORT + PORTS; port++) {
                peers.b().awaitRdmaListener(port, LIMIT);
            }
            peers.b().awaitRdmaListener(DARPC_PORT, LIMIT);
            try (ContainerProcess client = start(peers.a(), "client", peers.b().address())) {
                called = client.await();
            }
            assertThat(called.exitCode())
                    .as("%s%n%s", called.out(), called.err())
                    .isZero();
            served = server.await();
        }
        assertThat(served.exitCode()).as("%s%n%s", served.out(), served.err()).isZero();

        Files.writeString(reports("client.txt"), called.out());

        assertThat(called.err() + served.err()).doesNotContain("Exception", "Error");
        assertThat(called.out())
                .contains("ops 20.0", "ops 40.0")
                .contains("VerbsClient::read memory from server: This is a RDMA/read on stag ")
                .contains("ReadClient::read memory from server: This is a RDMA/read on stag ")
                .contains("Message from the server: Hello from the server")
                .contains("ReadClient, latency ", "iops ")
                .contains("RDMA result:", "TCP result:");
        assertThat(called.out().lines().filter(line -> line.startsWith("ops "))).hasSize(6);
        assertThat(served.out())
                .contains("Message from the client: Hello from the client")
                .contains("done: VerbsServer", "done: ReadServer", "done: SendRecvServer")
                .contains("done: ReadBenchmark", "done: SendRecvBenchmark");
        assertThat(peers.a().counters(peers.b().device()).get("rcvd_pkts"))
                .as("packets over the wire")
                .isGreaterThan(before.getOrDefault("rcvd_pkts", 0L) + 500);
    }

    private static ContainerProcess start(SoftRoceContainer container, String side, String address) throws Exception {
        return container.run(
                LIMIT,
                container.java(
                        "-Dverbena.disni.provider=rdma-core",
                        "-Dverbena.disni.source=" + container.address(),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        PeerLibrary.classPath(),
                        PROGRAMS,
                        side,
                        address,
                        Integer.toString(PORT)),
                line -> {});
    }

    @TestFactory
    @DisplayName("the tests of verbena-disni on Soft-RoCE")
    Stream<DynamicNode> theTestsOfTheBridge(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        SuiteRun run = new SuiteRun(SuiteMain.tests(CLASSES), SILENCE_MAX);
        run.start(
                onLine -> ContainerJvm.start(container, LIMIT, reports("hs_err.log"), arguments(peers.lab()), onLine));
        return Stream.concat(run.asTests(), onRequest(peers)).onClose(run::close);
    }

    private static Stream<DynamicNode> onRequest(SoftRocePeers peers) {
        List<DynamicNode> tests = new ArrayList<>();
        if (ALL) {
            tests.add(DynamicTest.dynamicTest(
                    "every program of DiSNI and DaRPC runs to its end on both sides",
                    () -> everyProgramOfDisniAndDarpcRunsToItsEndOnBothSides(peers)));
            tests.add(DynamicTest.dynamicTest(
                    "what prepared calls cost beside the verbs", () -> whatPreparedCallsCostBesideTheVerbs(peers)));
        }
        if (LIBRARY != null) {
            Path library = Path.of(LIBRARY);
            tests.add(DynamicTest.dynamicTest(
                    "a post and a poll cost no more than with DiSNI's own library",
                    () -> aPostAndAPollCostNoMoreThanWithDisnisOwnLibrary(peers, library)));
        }
        return tests.stream();
    }

    /** By turns, the fastest of each, since the emulated machine has other work. Both ends are on one device: DiSNI's own names no source. */
    private static void aPostAndAPollCostNoMoreThanWithDisnisOwnLibrary(SoftRocePeers peers, Path library)
            throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        container.copyIn(library, LIBRARY_THERE);
        String verbena = PeerLibrary.classPath();
        double verbenaNs = Double.MAX_VALUE;
        double ownNs = Double.MAX_VALUE;
        for (int turn = 0; turn < LIBRARY_TURNS; turn++) {
            verbenaNs =
                    Math.min(verbenaNs, postAndPollNs(container, "-Dverbena.disni.provider=rdma-core", "-cp", verbena));
            ownNs = Math.min(
                    ownNs,
                    postAndPollNs(
                            container,
                            "-Djava.library.path=" + LIBRARY_THERE,
                            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                            "-cp",
                            disniFirst(verbena)));
        }

        System.out.printf(
                "Verbena %.0f ns, DiSNI's own library %.0f ns, ratio %.3f%n", verbenaNs, ownNs, verbenaNs / ownNs);
        assertThat(verbenaNs / ownNs).isLessThanOrEqualTo(LIBRARY_RATIO_MAX);
    }

    private static String disniFirst(String classPath) {
        List<String> entries = new ArrayList<>(List.of(classPath.split(":")));
        String disni = entries.stream()
                .filter(entry -> entry.endsWith("disni-2.1.jar"))
                .findFirst()
                .orElseThrow();
        entries.remove(disni);
        entries.addFirst(disni);
        return String.join(":", entries);
    }

    private static double postAndPollNs(SoftRoceContainer container, String... flags) throws Exception {
        List<String> command = new ArrayList<>(container.java(flags));
        command.addAll(
                List.of("dev.verbena.disni.DisniAloneMain", container.address(), Integer.toString(PORT), "20", "500"));
        try (ContainerProcess process = container.run(LIMIT, command, line -> {})) {
            String out = process.await().requireSuccess().out();
            return Double.parseDouble(out.replaceAll("(?s).*post and poll ([0-9.]+) ns.*", "$1"));
        }
    }

    private static List<String> arguments(SoftRoceLab lab) {
        RxeDevice client = lab.device(0);
        RxeDevice server = lab.device(1);
        List<String> arguments = new ArrayList<>(devices(client, server));
        arguments.add("-Dverbena.test.cycles=" + CYCLES);
        arguments.add("dev.verbena.softroce.SuiteMain");
        arguments.add(client.name() + "," + server.name());
        arguments.addAll(CLASSES);
        return arguments;
    }

    private static List<String> devices(RxeDevice client, RxeDevice server) {
        return List.of(
                "-Dverbena.test.provider=rdma-core",
                "-Dverbena.test.client=" + client.name() + "," + client.address(),
                "-Dverbena.test.server=" + server.name() + "," + server.address());
    }

    private static void whatPreparedCallsCostBesideTheVerbs(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        List<String> command = new ArrayList<>(container.java("-cp", PeerLibrary.classPath()));
        command.addAll(devices(peers.lab().device(0), peers.lab().device(1)));
        command.addAll(List.of("dev.verbena.disni.SvcCostMain", "connected", "30", "1000"));

        CommandResult result;
        try (ContainerProcess process = container.run(LIMIT, command, line -> {})) {
            result = process.await().requireSuccess();
        }

        System.out.println(result.out());
        assertThat(result.out()).contains("ratio ", " 0 B in 1000 operations");
        String ratio = result.out().replaceAll("(?s).*ratio ([0-9.]+),.*", "$1");
        assertThat(Double.parseDouble(ratio)).isLessThanOrEqualTo(1.1);
    }

    private static Path reports(String name) throws IOException {
        Path folder = Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "disni");
        return Files.createDirectories(folder).resolve(name);
    }
}
