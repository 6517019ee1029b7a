package dev.verbena.softroce;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A JVM beside this one, with its class path. */
final class LocalJvm implements SuiteJvm {
    private static final Duration END_PATIENCE = Duration.ofSeconds(20);

    private final Path folder;
    private final Process process;
    private final Thread reader;

    private LocalJvm(Path folder, Process process, Thread reader) {
        this.folder = folder;
        this.process = process;
        this.reader = reader;
    }

    /** Starts one; its standard error and its crash log, if any, are put into the folder. */
    static LocalJvm start(Path folder, List<String> arguments, SuiteRun.LineListener onLine) throws IOException {
        return start(folder, Map.of(), arguments, onLine);
    }

    /** Starts one with changes to the environment; an empty value takes a variable away. */
    static LocalJvm start(
            Path folder, Map<String, String> environment, List<String> arguments, SuiteRun.LineListener onLine)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                "ulimit -c 0; exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:ErrorFile=" + folder.resolve("hs_err.log"),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectError(folder.resolve("console.log").toFile());
        environment.forEach((name, value) -> {
            if (value.isEmpty()) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        Process process = builder.start();
        Thread reader = Thread.ofPlatform().daemon().name("local-jvm-reader").start(() -> {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(onLine::line);
            } catch (IOException e) {
                onLine.line("cannot read on: " + e);
            }
        });
        return new LocalJvm(folder, process, reader);
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public Optional<Integer> await(Duration patience) throws InterruptedException {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            return Optional.empty();
        }
        reader.join(END_PATIENCE);
        return Optional.of(process.exitValue());
    }

    @Override
    public String console() {
        try {
            return Files.readString(folder.resolve("console.log"));
        } catch (IOException e) {
            return "cannot be read: " + e;
        }
    }

    @Override
    public Optional<String> crashLog() throws IOException {
        Path log = folder.resolve("hs_err.log");
        return Files.exists(log) ? Optional.of(Files.readString(log)) : Optional.empty();
    }

    @Override
    public void dumpThreads() throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-QUIT", Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(END_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("the JVM " + process.pid() + " does not die");
            }
            reader.join(END_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
