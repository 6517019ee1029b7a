package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** A program of somebody else's in a JVM of its own. Closing it ends it. */
final class Program implements AutoCloseable {
    private static final long PATIENCE_S = 40;

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread reader;
    private boolean ended;

    private Program(Process process) {
        this.process = process;
        this.reader = Thread.ofPlatform().daemon().start(this::read);
    }

    /** The class path of this JVM: Verbena's bridge before DiSNI. */
    static List<String> classPath() {
        return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
    }

    /** Starts a program on the class path and the embedded provider. */
    static Program start(String main, String... arguments) throws IOException {
        return start(classPath(), List.of(), main, arguments);
    }

    /** Starts a program with a class path and flags of its own. */
    static Program start(List<String> classPath, List<String> flags, String main, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-Dverbena.disni.provider=embedded",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.log.dev.verbena.disni=info"));
        command.addAll(flags);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main));
        command.addAll(List.of(arguments));
        return new Program(new ProcessBuilder(command)
                .directory(Path.of("target").toFile())
                .redirectErrorStream(true)
                .start());
    }

    private void read() {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                add(line, false);
            }
        } catch (IOException e) {
            add(e.toString(), false);
        }
        add("", true);
    }

    private void add(String line, boolean end) {
        lock.lock();
        try {
            if (end) {
                ended = true;
            } else {
                lines.add(line);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a line that contains a text. */
    Program await(String text) throws InterruptedException {
        assertThat(awaited(all -> all.stream().anyMatch(line -> line.contains(text))))
                .as("no line contains <%s> in%n%s", text, output())
                .isTrue();
        return this;
    }

    /** Waits for its end; answers the exit code. */
    int awaitEnd() throws InterruptedException {
        boolean over = process.waitFor(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(over).as("does not end:%n%s", output()).isTrue();
        reader.join();
        return process.exitValue();
    }

    /** Waits for its end by itself, without a failure or an exception on the way. */
    List<String> awaitSuccess() throws InterruptedException {
        int exit = awaitEnd();
        assertThat(output()).doesNotContain("Exception", "Error", "A fatal");
        assertThat(exit).as(output()).isZero();
        return output().lines().toList();
    }

    private boolean awaited(Predicate<List<String>> condition) throws InterruptedException {
        long left = TimeUnit.SECONDS.toNanos(PATIENCE_S);
        lock.lock();
        try {
            while (!condition.test(lines)) {
                if (ended || left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** What it has printed, on both streams. */
    String output() {
        lock.lock();
        try {
            return String.join("\n", lines);
        } finally {
            lock.unlock();
        }
    }

    /** Ends it as SIGKILL does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
