package dev.verbena.softroce;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** The verbena command in the containers. */
final class VerbenaCommand {
    /** Of one command with its JVM, on a busy emulated machine. */
    static final Duration LIMIT = Duration.ofMinutes(3);

    private static final String JAR = SoftRoceContainer.HOME + "/verbena.jar";

    private VerbenaCommand() {}

    /** Brings the jar to both containers. */
    static void install(SoftRocePeers peers) {
        Path jar = Path.of(System.getProperty("verbena.jar", "../examples/cli/target/verbena.jar"));
        peers.a().copyIn(jar, JAR);
        peers.b().copyIn(jar, JAR);
    }

    /** Runs it to its end. */
    static CommandResult run(SoftRoceContainer container, String... arguments) throws InterruptedException {
        try (ContainerProcess process = start(container, arguments)) {
            return process.await();
        }
    }

    /** Starts it. */
    static ContainerProcess start(SoftRoceContainer container, String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "-jar";
        all[1] = JAR;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        List<String> command = container.java(all);
        Consumer<String> nobody = line -> {};
        return container.run(LIMIT, command, nobody);
    }
}
