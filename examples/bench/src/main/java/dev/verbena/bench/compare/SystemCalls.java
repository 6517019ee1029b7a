package dev.verbena.bench.compare;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Counts the system calls of processes while something runs: by perf where the kernel lets it, else by strace, which slows
 * them down and counts right all the same.
 *
 * <p>Threading: one thread.
 */
final class SystemCalls {
    private static final int ATTACH_S = 5;
    private static final String EVENT = "raw_syscalls:sys_enter";

    /** What is counted. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    private final boolean perf;
    private final @Nullable String missing;

    SystemCalls() throws InterruptedException {
        List<String> reasons = new ArrayList<>();
        perf = works(reasons, "perf", "stat", "-e", EVENT, "true");
        boolean strace = perf || works(reasons, "strace", "-c", "-o", "/dev/null", "true");
        missing = perf || strace ? null : String.join("; ", reasons);
    }

    private static boolean works(List<String> reasons, String... command) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor(ATTACH_S, TimeUnit.SECONDS) && process.exitValue() == 0 && !said.contains("<not ")) {
                return true;
            }
            process.destroyForcibly();
            reasons.add(command[0] + " says: "
                    + said.lines().filter(line -> !line.isBlank()).findFirst().orElse("nothing"));
        } catch (IOException e) {
            reasons.add(command[0] + " is not installed");
        }
        return false;
    }

    /** Why nothing can be counted; null when it can. */
    @Nullable
    String missing() {
        return missing;
    }

    /** What counts. */
    String tool() {
        return perf ? "perf stat -e " + EVENT : "strace -f -c";
    }

    /** Calls of the processes while the work ran. */
    long count(List<Long> processes, Work work) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("verbena-calls");
        try {
            return perf ? byPerf(folder, processes, work) : byStrace(folder, processes, work);
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static long byPerf(Path folder, List<Long> processes, Work work) throws IOException, InterruptedException {
        Path control = folder.resolve("control");
        Path answers = folder.resolve("answers");
        Path output = folder.resolve("output");
        if (new ProcessBuilder("mkfifo", control.toString(), answers.toString())
                        .start()
                        .waitFor()
                != 0) {
            throw new IOException("mkfifo failed");
        }
        String targets =
                String.join(",", processes.stream().map(String::valueOf).toList());
        // Open for both ways, so that opening waits for nobody.
        try (RandomAccessFile to = new RandomAccessFile(control.toFile(), "rw");
                RandomAccessFile from = new RandomAccessFile(answers.toFile(), "rw")) {
            Process counter = new ProcessBuilder(
                            "perf",
                            "stat",
                            "-x",
                            ",",
                            "-o",
                            output.toString(),
                            "-e",
                            EVENT,
                            "-D",
                            "-1",
                            "-p",
                            targets,
                            "--control",
                            "fifo:" + control + "," + answers)
                    .redirectErrorStream(true)
                    .start();
            try {
                say(to, from, "enable");
                work.run();
                say(to, from, "disable");
            } finally {
                interrupt(counter);
            }
        }
        for (String line : Files.readAllLines(output)) {
            if (line.contains(EVENT)) {
                return Long.parseLong(line.substring(0, line.indexOf(',')));
            }
        }
        throw new IOException("perf stat has counted nothing");
    }

    private static void say(RandomAccessFile to, RandomAccessFile from, String word)
            throws IOException, InterruptedException {
        to.write((word + "\n").getBytes(StandardCharsets.UTF_8));
        CompletableFuture<String> answer = new CompletableFuture<>();
        Thread _ = Thread.ofPlatform().daemon().name("verbena-perf-answer").start(() -> {
            try {
                answer.complete(from.readLine());
            } catch (IOException e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            String said = answer.get(ATTACH_S, TimeUnit.SECONDS);
            if (said == null || !said.contains("ack")) {
                throw new IOException("to '" + word + "' perf says " + said);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("perf does not answer to '" + word + "'", e);
        }
    }

    private static long byStrace(Path folder, List<Long> processes, Work work)
            throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-c", "-o", output.toString()));
        for (long process : processes) {
            command.addAll(List.of("-p", String.valueOf(process)));
        }
        Process counter = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            CompletableFuture<Void> attached = new CompletableFuture<>();
            Thread _ = Thread.ofPlatform().daemon().name("verbena-strace").start(() -> {
                try {
                    for (int left = processes.size(); left > 0; ) {
                        String line = counter.inputReader().readLine();
                        if (line == null) {
                            throw new IOException("strace has ended");
                        }
                        left -= line.contains(" attached") ? 1 : 0;
                    }
                    attached.complete(null);
                } catch (IOException e) {
                    attached.completeExceptionally(e);
                }
            });
            attached.get(ATTACH_S, TimeUnit.SECONDS);
            work.run();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("strace cannot attach to the processes", e);
        } finally {
            interrupt(counter);
        }
        for (String line : Files.readAllLines(output)) {
            String[] fields = line.trim().split("\\s+", -1);
            if (fields[fields.length - 1].equals("total")) {
                // % time, seconds, usecs/call where it is printed, calls, errors where there were any
                return Long.parseLong(fields[fields.length >= 5 ? 3 : 2]);
            }
        }
        throw new IOException("strace has counted nothing");
    }

    /** Both tools print what they have on SIGINT. */
    private static void interrupt(Process counter) throws IOException, InterruptedException {
        int _ = new ProcessBuilder("kill", "-INT", String.valueOf(counter.pid()))
                .start()
                .waitFor();
        if (!counter.waitFor(ATTACH_S, TimeUnit.SECONDS)) {
            counter.destroyForcibly();
        }
    }
}
