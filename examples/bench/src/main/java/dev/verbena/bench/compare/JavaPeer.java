package dev.verbena.bench.compare;

import dev.verbena.bench.BarePingPong;
import dev.verbena.bench.process.MeasuringProcess;
import dev.verbena.bench.process.Ports;
import dev.verbena.bench.process.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A peer whose two sides are {@link PeerMain}.
 *
 * <p>Threading: one thread.
 *
 * @param warm whether there is time for the JVM's second compiler
 * @param reason why it is not there, or null
 */
record JavaPeer(
        String name,
        String title,
        String path,
        boolean isOverMemory,
        String device,
        Processors processors,
        boolean warm,
        Supplier<@Nullable String> reason)
        implements Peer {
    /** A peer that does not answer so long is stuck. */
    static final Duration ANSWER = Duration.ofSeconds(60);

    /** What a process that is killed would leave behind, beside the file. */
    static final String FOLDER = ".d";

    @Override
    public @Nullable String missing() {
        return reason.get();
    }

    @Override
    public Session start() throws IOException {
        Path file = BarePingPong.file("verbena-compare");
        String port = Ports.free();
        Session pair = new MeasuringProcess(
                processors.pinServer(java("server", port, file)),
                processors.pinClient(java("client", port, file)),
                // UCX shall take what is compared here, and say nothing about it.
                Map.of("UCX_TLS", "shm,self", "UCX_LOG_LEVEL", "error"),
                ANSWER);
        return new WithFile(pair, file);
    }

    private List<String> java(String role, String port, Path file) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                // Aeron's buffers and Netty's take what the JDK hides.
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=" + (warm ? 4 : 1),
                "-Xms256m",
                "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                PeerMain.class.getName(),
                role,
                port,
                name,
                device,
                file.toString()));
    }

    /** The file is there as long as the processes, and the folder beside it, where they make one. */
    private record WithFile(Session pair, Path file) implements Session {
        @Override
        public Map<String, Double> measure(String command) throws IOException, InterruptedException {
            return pair.measure(command);
        }

        @Override
        public List<Long> processes() {
            return pair.processes();
        }

        @Override
        public void close() throws IOException {
            try {
                pair.close();
            } finally {
                Files.deleteIfExists(file);
                deleteFolder(Path.of(file + FOLDER));
            }
        }

        private static void deleteFolder(Path folder) throws IOException {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.deleteIfExists(each);
                    }
                }
            }
        }
    }
}
