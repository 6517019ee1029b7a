package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program in a process of its own. */
final class SampleJvm implements AutoCloseable {
    private static final long PATIENCE_S = 30;

    private final String name;
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Thread reader;

    SampleJvm(Class<?> main, String... arguments) throws IOException {
        name = main.getSimpleName();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dverbena.jverbs.provider=embedded",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        reader = Thread.ofPlatform().daemon().name("sample-" + name).start(this::read);
    }

    private void read() {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
            in.lines().forEach(lines::add);
        } catch (IOException e) {
            lines.add("cannot be read: " + e);
        }
    }

    /** The rest of the next line, which begins so. */
    String awaitLine(String start) throws InterruptedException {
        String line = lines.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(line).as(name + " says").startsWith(start);
        return String.valueOf(line).substring(start.length()).trim();
    }

    /** Waits for its end, which has to be a good one, and for all that it printed. */
    List<String> awaitGoodEnd() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE_S, TimeUnit.SECONDS))
                .as(name + " ends")
                .isTrue();
        reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_S));
        assertThat(process.exitValue())
                .as(name + "'s exit code, after " + lines)
                .isZero();
        return List.copyOf(lines);
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
