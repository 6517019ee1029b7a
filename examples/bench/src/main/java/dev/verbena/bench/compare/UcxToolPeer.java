package dev.verbena.bench.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * UCX from C, over shared memory: its own {@code ucx_perftest}, two processes for each measurement. It does not compare what
 * arrives, and the processor time is that of both processes as a whole.
 *
 * <p>Threading: one thread.
 *
 * @param latencyTest of the echo
 * @param bandwidthTest of the rate and the bulk transfer
 */
record UcxToolPeer(
        String name, String title, String path, String latencyTest, String bandwidthTest, Processors processors)
        implements Peer {
    private static final Path TOOL = Path.of("/usr/bin/ucx_perftest");
    private static final int WARM_UP = 10_000;
    private static final int LARGE_WARM_UP = 20;
    private static final int END_S = 60;
    /** Of one run of the tool, which watches nobody and would wait for ever. */
    private static final int RUN_MAX_S = 60;

    private static final int ATTEMPTS = 50;
    private static final int COLUMNS = 8;
    private static final int MEDIAN = 1;
    private static final int MEAN = 3;
    private static final int RATE = 7;

    @Override
    public boolean isOverMemory() {
        return true;
    }

    @Override
    public @Nullable String missing() {
        return Files.isExecutable(TOOL) ? null : TOOL + " is not there (Debian: apt install ucx-utils)";
    }

    @Override
    public Session start() {
        return new ToolSession();
    }

    private final class ToolSession implements Session {
        @Override
        public Map<String, Double> measure(String command) throws IOException, InterruptedException {
            String[] words = command.split(" ", -1);
            Map<String, Double> figures = new HashMap<>();
            switch (words[0]) {
                case "echo" -> {
                    int rounds = Integer.parseInt(words[1]);
                    List<Double> row = run(latencyTest, Messages.SMALL_BYTES, rounds, WARM_UP, figures);
                    figures.put("p50", 2000 * row.get(MEDIAN));
                    figures.put("mean", 2000 * row.get(MEAN));
                }
                case "push" -> {
                    int bytes = Integer.parseInt(words[1]);
                    int messages = Integer.parseInt(words[2]);
                    int warmUp = bytes == Messages.SMALL_BYTES ? WARM_UP : LARGE_WARM_UP;
                    List<Double> row = run(bandwidthTest, bytes, messages, warmUp, figures);
                    figures.put("per_s", row.get(RATE));
                    figures.computeIfPresent("cpu_s", (key, s) -> s * messages / (messages + warmUp));
                }
                default -> {
                    // It checks nothing and needs no warm-up of the JVM's kind.
                }
            }
            return figures;
        }

        @Override
        public List<Long> processes() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    /** The numbers of the last line of figures. */
    private List<Double> run(String test, int bytes, int count, int warmUp, Map<String, Double> figures)
            throws IOException, InterruptedException {
        String port = Processors.freePort();
        // The shell says at its end how long its child has had a processor.
        String common =
                "exec timeout " + RUN_MAX_S + " env UCX_TLS=shm,self UCX_LOG_LEVEL=error " + TOOL + " -p " + port;
        Process server = new ProcessBuilder(processors.pinServer(timed(common)))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            String client =
                    common + " -t " + test + " -s " + bytes + " -n " + count + " -w " + warmUp + " -f localhost";
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Run found = client(client);
                if (found.row.size() >= COLUMNS) {
                    if (server.waitFor(END_S, TimeUnit.SECONDS)) {
                        double cpu = found.cpuSeconds + read(server).cpuSeconds;
                        figures.put("cpu_s", cpu);
                    }
                    return found.row;
                }
                Thread.sleep(50); // the server does not listen yet, and has no other way to say so
            }
            throw new IOException("ucx_perftest -t " + test + " -s " + bytes + " gives no figures");
        } finally {
            server.descendants().forEach(ProcessHandle::destroyForcibly);
            server.destroyForcibly();
        }
    }

    private static List<String> timed(String command) {
        return List.of("sh", "-c", "(" + command + "); times");
    }

    private Run client(String command) throws IOException, InterruptedException {
        Process client = new ProcessBuilder(processors.pinClient(timed(command)))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Run found = read(client);
            if (!client.waitFor(END_S, TimeUnit.SECONDS)) {
                throw new IOException("ucx_perftest does not end");
            }
            return found;
        } finally {
            client.destroyForcibly();
        }
    }

    private record Run(List<Double> row, double cpuSeconds) {}

    private static Run read(Process process) throws IOException {
        List<Double> last = List.of();
        double cpu = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            List<String> times = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                List<Double> row = row(line);
                last = row.size() >= COLUMNS ? row : last;
                if (line.matches("\\d+m[\\d.]+s \\d+m[\\d.]+s")) {
                    times.add(line);
                }
            }
            // The second line is that of the children.
            for (String time : times.isEmpty()
                    ? List.<String>of()
                    : List.of(times.getLast().split(" ", -1))) {
                int minutes = time.indexOf('m');
                cpu += 60 * Double.parseDouble(time.substring(0, minutes))
                        + Double.parseDouble(time.substring(minutes + 1, time.length() - 1));
            }
        }
        return new Run(last, cpu);
    }

    /** The numbers of a line of figures; empty for any other line. */
    private static List<Double> row(String line) {
        List<Double> numbers = new ArrayList<>();
        for (String field : line.replace("Final:", "").trim().split("\\s+", -1)) {
            try {
                numbers.add(Double.valueOf(field));
            } catch (NumberFormatException e) {
                return List.of();
            }
        }
        return numbers;
    }
}
