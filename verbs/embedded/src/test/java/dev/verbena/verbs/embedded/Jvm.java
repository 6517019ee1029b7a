package dev.verbena.verbs.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** JVMs that tests start, and what this one holds. */
final class Jvm {
    private Jvm() {}

    /** A process with the tests' class path; its standard error is this one's. */
    static Process start(Class<?> main, List<String> flags, String... arguments) throws IOException {
        return builder(main, flags, arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    static ProcessBuilder builder(Class<?> main, List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(1, flags);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Whether a process is stopped by a signal. */
    static boolean isStopped(Process process) throws IOException {
        String stat = Files.readString(Path.of("/proc", String.valueOf(process.pid()), "stat"));
        return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
    }

    /** Sends a signal. */
    static void signal(ProcessHandle process, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start();
        if (kill.waitFor() != 0) {
            throw new AssertionError("kill " + signal + " " + process.pid() + " failed");
        }
    }

    /**
     * What a process holds of what it shares with others.
     *
     * @param descriptors open ones
     * @param mappings of memory that processes of this provider share
     * @param sharedBytes resident shared memory
     * @param heapBytes used after a collection
     */
    record Held(int descriptors, int mappings, long sharedBytes, long heapBytes) {
        static Held now() throws IOException {
            Runtime runtime = Runtime.getRuntime();
            System.gc();
            long heap = runtime.totalMemory() - runtime.freeMemory();
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                    Stream<String> maps = Files.lines(Path.of("/proc/self/maps"));
                    Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
                return new Held(
                        (int) open.count(),
                        (int) maps.filter(line -> line.contains("/memfd:verbena"))
                                .count(),
                        status.filter(line -> line.startsWith("RssShmem:"))
                                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                                        .sum()
                                << 10,
                        heap);
            }
        }
    }
}
