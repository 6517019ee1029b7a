package dev.verbena.bench.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * UCX from C, over shared memory: its own {@code ucx_perftest}, where it is installed.
 *
 * <p>Threading: one thread.
 */
public final class UcxTool {
    private static final Path TOOL = Path.of("/usr/bin/ucx_perftest");
    private static final int END_S = 60;
    /** Of one run of the tool, which watches nobody and would wait for ever. */
    private static final int RUN_MAX_S = 60;

    private static final int ATTEMPTS = 50;
    private static final int COLUMNS = 8;
    private static final int MEDIAN = 1;
    private static final int MEAN = 3;
    private static final int RATE = 7;

    private UcxTool() {}

    /**
     * What a run has found.
     *
     * @param medianNs one way
     * @param meanNs one way
     * @param perSecond messages
     * @param cpuSeconds of both processes, from their beginning to their end
     */
    public record Result(double medianNs, double meanNs, double perSecond, double cpuSeconds) {}

    private record Side(List<Double> row, double cpuSeconds) {}

    /**
     * Why it cannot run.
     *
     * @return null when it can
     */
    public static @Nullable String missing() {
        return Files.isExecutable(TOOL) ? null : TOOL + " is not there (Debian: apt install ucx-utils)";
    }

    /**
     * Runs it once, server and client.
     *
     * @param test its name of what is measured
     * @param bytes of a message
     * @param count of messages
     * @param warmUp messages before them
     * @param pinServer puts before a command what binds it
     * @param pinClient the same for the client
     * @return what it prints
     * @throws IOException when it gives no figures
     * @throws InterruptedException when the thread is interrupted
     */
    public static Result run(
            String test,
            int bytes,
            int count,
            int warmUp,
            UnaryOperator<List<String>> pinServer,
            UnaryOperator<List<String>> pinClient)
            throws IOException, InterruptedException {
        String common = "exec timeout " + RUN_MAX_S + " env UCX_TLS=shm,self UCX_LOG_LEVEL=error " + TOOL + " -p "
                + Ports.free();
        String client = common + " -t " + test + " -s " + bytes + " -n " + count + " -w " + warmUp + " -f localhost";
        Process server = start(pinServer.apply(timed(common)));
        try {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Side found = client(pinClient.apply(timed(client)));
                if (found.row.size() >= COLUMNS) {
                    double cpu = server.waitFor(END_S, TimeUnit.SECONDS) ? read(server).cpuSeconds : Double.NaN;
                    return new Result(
                            1000 * found.row.get(MEDIAN),
                            1000 * found.row.get(MEAN),
                            found.row.get(RATE),
                            found.cpuSeconds + cpu);
                }
                Thread.sleep(50); // the server does not listen yet, and has no other way to say so
            }
            throw new IOException("ucx_perftest -t " + test + " -s " + bytes + " gives no figures");
        } finally {
            server.descendants().forEach(ProcessHandle::destroyForcibly);
            server.destroyForcibly();
        }
    }

    /** The shell says at its end how long its child has had a processor. */
    private static List<String> timed(String command) {
        return List.of("sh", "-c", "(" + command + "); times");
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static Side client(List<String> command) throws IOException, InterruptedException {
        Process client = start(command);
        try {
            Side found = read(client);
            if (!client.waitFor(END_S, TimeUnit.SECONDS)) {
                throw new IOException("ucx_perftest does not end");
            }
            return found;
        } finally {
            client.destroyForcibly();
        }
    }

    private static Side read(Process process) throws IOException {
        List<Double> last = List.of();
        String times = "";
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                List<Double> row = row(line);
                last = row.size() >= COLUMNS ? row : last;
                // The last of two such lines is that of the children.
                times = line.matches("\\d+m[\\d.]+s \\d+m[\\d.]+s") ? line : times;
            }
        }
        double cpu = 0;
        for (String time : times.isEmpty() ? new String[0] : times.split(" ", -1)) {
            int minutes = time.indexOf('m');
            cpu += 60 * Double.parseDouble(time.substring(0, minutes))
                    + Double.parseDouble(time.substring(minutes + 1, time.length() - 1));
        }
        return new Side(last, cpu);
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
