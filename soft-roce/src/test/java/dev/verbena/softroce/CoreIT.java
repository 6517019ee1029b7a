package dev.verbena.softroce;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * The core's tests and those of the tour, which its own build runs on the embedded provider, on rdma-core with Soft-RoCE: in a
 * container with both devices, a device for each side. {@code -Dcore.only=TEXT} takes the classes whose name contains it, also
 * those that would take too long each time.
 */
@SoftRoceTest
final class CoreIT {
    private static final List<String> CLASSES = List.of(
            "dev.verbena.memory.RegisteredPoolTest",
            "dev.verbena.memory.RegistrationCacheTest",
            "dev.verbena.connection.MessagesTest",
            "dev.verbena.connection.ExecutorHandlerTest",
            "dev.verbena.connection.GatheringTest",
            "dev.verbena.connection.OneSidedTest",
            "dev.verbena.connection.OperationListTest",
            "dev.verbena.connection.EndsTest",
            "dev.verbena.connection.BadPeerTest",
            "dev.verbena.connection.FuzzTest",
            "dev.verbena.connection.ReconnectTest",
            "dev.verbena.connection.GuideTest",
            "dev.verbena.metrics.MetricsTest",
            "dev.verbena.tour.TourTest");
    /** They start JVMs, send very many messages or move many megabytes, which takes too long each time on an emulated machine. */
    private static final List<String> ON_REQUEST = List.of(
            "dev.verbena.connection.DrivenLoopTest",
            "dev.verbena.connection.LongMessagesTest",
            "dev.verbena.connection.KillTest",
            "dev.verbena.connection.SoakTest");

    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final Duration SILENCE_MAX = Duration.ofMinutes(3);

    @TestFactory
    @DisplayName("the core on Soft-RoCE")
    Stream<DynamicNode> theCoreOnSoftRoce(SoftRocePeers peers) throws Exception {
        String only = System.getProperty("core.only");
        List<String> classes = only == null
                ? CLASSES
                : Stream.concat(CLASSES.stream(), ON_REQUEST.stream())
                        .filter(name -> name.contains(only))
                        .toList();
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        Path results = reports("results.txt");
        SuiteRun run = new SuiteRun(SuiteMain.tests(classes), SILENCE_MAX);
        run.start(onLine ->
                ContainerJvm.start(container, LIMIT, reports("hs_err.log"), arguments(peers.lab(), classes), onLine));
        return run.asTests().onClose(() -> {
            run.close();
            run.report(results);
        });
    }

    private static List<String> arguments(SoftRoceLab lab, List<String> classes) {
        RxeDevice client = lab.device(0);
        RxeDevice server = lab.device(1);
        List<String> arguments = new ArrayList<>();
        String seed = System.getProperty("seed");
        if (seed != null) {
            arguments.add("-Dseed=" + seed);
        }
        Map.of(
                        "provider", "rdma-core",
                        "client", client.name() + "," + client.address(),
                        "server", server.name() + "," + server.address())
                .forEach((name, value) -> arguments.add("-Dverbena.test." + name + "=" + value));
        arguments.add("dev.verbena.softroce.SuiteMain");
        arguments.add(client.name() + "," + server.name());
        arguments.addAll(classes);
        return arguments;
    }

    private static Path reports(String name) throws IOException {
        Path folder = Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "core");
        return Files.createDirectories(folder).resolve(name);
    }
}
