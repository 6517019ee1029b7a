package dev.verbena.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The demo's server in a process of its own. It ends when this one does: its standard input closes then.
 *
 * <p>Threading: one thread; another reads what the process prints.
 */
final class ServerProcess implements AutoCloseable {
    static final String LISTENING = "listening on ";

    private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);

    private final Process process;
    private final CompletableFuture<String> address = new CompletableFuture<>();
    private volatile String lastLine = "";

    ServerProcess(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "demo"));
        command.addAll(arguments);
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "the server process does not start: " + e.getMessage(), "", e);
        }
        Thread reader = new Thread(this::read, "verbena-demo-server-output");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                LOG.debug("server: {}", line);
                lastLine = line;
                if (line.startsWith(LISTENING)) {
                    address.complete(line.substring(LISTENING.length()));
                }
            }
        } catch (IOException e) {
            LOG.debug("the server's output ended", e);
        }
        address.completeExceptionally(new IOException("its output ended"));
    }

    /** Waits until it listens; answers where. */
    String awaitAddress(Duration timeout) throws InterruptedException {
        try {
            return address.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw Failure.timeout("the server process's address", timeout);
        } catch (ExecutionException e) {
            process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
            throw ended();
        }
    }

    /** Waits until it has ended; throws unless it found nothing wrong. */
    void awaitEnd(Duration timeout) throws InterruptedException {
        if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
            throw Failure.timeout("the end of the server process", timeout);
        }
        if (process.exitValue() != ExitCodes.OK) {
            throw ended();
        }
    }

    private Failure ended() {
        if (process.isAlive()) {
            return new Failure(Failure.Code.FAILED, "the server process closed its output");
        }
        Failure.Code code = process.exitValue() == ExitCodes.NO_DEVICE ? Failure.Code.NO_DEVICE : Failure.Code.FAILED;
        return new Failure(code, "the server process ended with exit code " + process.exitValue() + ": " + lastLine);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
