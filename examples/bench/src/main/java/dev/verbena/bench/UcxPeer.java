package dev.verbena.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * UCX over shared memory, in C: the peer to compare with, where {@code ucx_perftest} is installed.
 *
 * <p>Threading: one thread.
 */
final class UcxPeer {
    private static final Path TOOL = Path.of("/usr/bin/ucx_perftest");
    private static final int OVERALL_LATENCY = 3;
    private static final int OVERALL_RATE = 7;

    private UcxPeer() {}

    static boolean isInstalled() {
        return Files.isExecutable(TOOL);
    }

    /** Mean one-way nanoseconds of an active message. */
    static double activeMessageNs(Options options) throws IOException, InterruptedException {
        return run(options, "ucp_am_lat", 1_000_000)[OVERALL_LATENCY] * 1000;
    }

    /** Mean one-way nanoseconds of a put that the other side polls for. */
    static double putNs(Options options) throws IOException, InterruptedException {
        return run(options, "ucp_put_lat", 1_000_000)[OVERALL_LATENCY] * 1000;
    }

    /** Tagged messages a second. */
    static double tagRate(Options options) throws IOException, InterruptedException {
        return run(options, "tag_bw", 5_000_000)[OVERALL_RATE];
    }

    private static double[] run(Options options, String test, int count) throws IOException, InterruptedException {
        String port = String.valueOf(SidePair.freePort());
        List<String> common = List.of("env", "UCX_TLS=shm,self", "UCX_LOG_LEVEL=error", TOOL.toString(), "-p", port);
        Process server = SidePair.start(options.pinned(0, common), ProcessBuilder.Redirect.DISCARD);
        try {
            for (int attempt = 0; ; attempt++) {
                double[] found = client(options, common, test, count);
                if (found.length > OVERALL_RATE) {
                    return found;
                }
                if (attempt == 50) {
                    throw new IOException("ucx_perftest -t " + test + " gave no figures");
                }
                Thread.sleep(100);
            }
        } finally {
            server.destroy();
            boolean _ = server.waitFor(5, TimeUnit.SECONDS);
            server.destroyForcibly();
        }
    }

    private static double[] client(Options options, List<String> common, String test, int count)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(options.pinned(1, common));
        command.addAll(List.of(
                "-t",
                test,
                "-s",
                String.valueOf(options.lengthBytes()),
                "-n",
                String.valueOf(count),
                "-w",
                "100000",
                "-f",
                "localhost"));
        Process client = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        double[] last = new double[0];
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                double[] row = row(line);
                last = row.length > OVERALL_RATE ? row : last;
            }
        }
        if (!client.waitFor(60, TimeUnit.SECONDS)) {
            client.destroyForcibly();
        }
        return last;
    }

    /** The numbers of a line of figures; empty for any other line. */
    private static double[] row(String line) {
        String[] fields = line.replace("Final:", "").trim().split("\\s+", -1);
        double[] numbers = new double[fields.length];
        for (int i = 0; i < fields.length; i++) {
            try {
                numbers[i] = Double.parseDouble(fields[i]);
            } catch (NumberFormatException e) {
                return new double[0];
            }
        }
        return numbers;
    }
}
