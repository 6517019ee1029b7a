package dev.verbena.softroce;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The link between the two devices, and how to disturb it, in both directions.
 *
 * <p>A test that does so says {@code @SoftRoceTest(disturbsLink = true)}, so that no other run on the same lab is hurt.
 */
public final class LabLink {
    private static final int TIMEOUT_SECONDS = 120;

    private final Optional<Path> script;
    private final Path directory;

    LabLink(Optional<Path> script, Path directory) {
        this.script = script;
        this.directory = directory;
    }

    /** Ends the disturbance when closed. */
    public interface Disturbance extends AutoCloseable {
        @Override
        void close();
    }

    /** Drops that part of the packets at random. */
    public Disturbance loss(double percent) {
        return disturb("loss", String.format(Locale.ROOT, "%.3f%%", percent));
    }

    /** Delays every packet by that much, on each way. */
    public Disturbance delay(Duration delay) {
        return disturb("delay", delay.toNanos() / 1_000 + "us");
    }

    /** Drops every packet. */
    public Disturbance cut() {
        return disturb("cut");
    }

    /** Takes both ends of the link down, as a pulled cable does: the devices' ports are DOWN then. */
    public Disturbance unplug() {
        return disturb("unplug");
    }

    /** Ends every disturbance. */
    public void heal() {
        run("heal");
    }

    private Disturbance disturb(String... action) {
        run(action);
        return this::heal;
    }

    private String cacheDirectory() {
        Path cache = directory.getParent();
        return (cache == null ? directory : cache).toString();
    }

    private void run(String... action) {
        Path lab = script.orElseThrow(
                () -> new IllegalStateException("the link can be disturbed only by the script soft-roce/lab,"
                        + " which is neither in this folder nor in one above it; name it with -Dsoft-roce.lab=FILE"));
        List<String> command = new ArrayList<>(List.of(lab.toString()));
        command.addAll(List.of(action));
        try {
            Path output = Files.createTempFile("lab", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
                builder.environment().put("VERBENA_CACHE", cacheDirectory());
                Process process = builder.start();
                if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new IllegalStateException(command + " did not end within " + TIMEOUT_SECONDS + " s: "
                            + Files.readString(output, StandardCharsets.UTF_8));
                }
                if (process.exitValue() != 0) {
                    throw new IllegalStateException(command + " failed with exit code " + process.exitValue() + ": "
                            + Files.readString(output, StandardCharsets.UTF_8));
                }
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted during " + command, e);
        }
    }
}
