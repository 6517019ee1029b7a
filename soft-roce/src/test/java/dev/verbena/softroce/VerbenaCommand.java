package dev.verbena.softroce;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The verbena command in the containers. */
final class VerbenaCommand {
    /** Of one command with its JVM, on a busy emulated machine. */
    static final Duration LIMIT = Duration.ofMinutes(3);

    private static final String JAR = SoftRoceContainer.HOME + "/verbena.jar";
    private static final String BENCH_JAR = SoftRoceContainer.HOME + "/verbena-bench.jar";

    private VerbenaCommand() {}

    /** Brings the jar to both containers. */
    static void install(SoftRocePeers peers) {
        install(peers, Path.of(System.getProperty("verbena.jar", "../examples/cli/target/verbena.jar")), JAR);
    }

    /** Brings the jar that has the benchmarks, too, to both containers. */
    static void installBench(SoftRocePeers peers) {
        Path root = Path.of(System.getProperty("verbena.root", ".."));
        install(peers, root.resolve("examples/bench/target/verbena-bench.jar"), BENCH_JAR);
    }

    private static void install(SoftRocePeers peers, Path jar, String to) {
        peers.a().copyIn(jar, to);
        peers.b().copyIn(jar, to);
    }

    /** Runs it to its end. */
    static CommandResult run(SoftRoceContainer container, String... arguments) throws InterruptedException {
        try (ContainerProcess process = start(container, arguments)) {
            return process.await();
        }
    }

    /** Starts it. */
    static ContainerProcess start(SoftRoceContainer container, String... arguments) {
        return start(container, JAR, arguments);
    }

    /** Starts one of its benchmarks. */
    static ContainerProcess startBench(SoftRoceContainer container, String... arguments) {
        return start(container, BENCH_JAR, arguments);
    }

    private static ContainerProcess start(SoftRoceContainer container, String jar, String... arguments) {
        List<String> command = new ArrayList<>(container.java("-jar", jar));
        command.addAll(List.of(arguments));
        Consumer<String> nobody = line -> {};
        return container.run(LIMIT, command, nobody);
    }
}
