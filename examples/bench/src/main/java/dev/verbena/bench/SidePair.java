package dev.verbena.bench;

import dev.verbena.bench.process.MeasuringProcess;
import dev.verbena.bench.process.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A client and a server process, each on a processor of its own, that measure what they are told.
 *
 * <p>Threading: one thread.
 */
final class SidePair implements AutoCloseable {
    /** A thousand connections take their time. */
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private final Path file;
    private final MeasuringProcess processes;

    SidePair(Options options, int queuePairs, int slots) throws IOException {
        file = BarePingPong.file("verbena-bench");
        List<String> rest = List.of(
                Ports.free(),
                file.toString(),
                options.device(),
                String.valueOf(queuePairs),
                String.valueOf(slots),
                String.valueOf(options.lengthBytes()));
        processes = new MeasuringProcess(
                options.pinned(0, java("server", rest)), options.pinned(1, java("client", rest)), Map.of(), ANSWER);
    }

    private static List<String> java(String role, List<String> rest) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                SideMain.class.getName(),
                role));
        command.addAll(rest);
        return command;
    }

    /**
     * Measures once.
     *
     * @throws IOException that says what the processes complained of
     */
    Map<String, Double> measure(String command) throws IOException, InterruptedException {
        return processes.measure(command);
    }

    @Override
    public void close() throws IOException {
        try {
            processes.close();
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
