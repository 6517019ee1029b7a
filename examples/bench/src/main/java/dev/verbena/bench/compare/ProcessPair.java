package dev.verbena.bench.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Two processes: the client reads commands from standard input and answers each with a line of figures, {@code name=value}.
 *
 * <p>Threading: one thread. A process that does not answer for a minute is killed.
 */
final class ProcessPair implements Session {
    private static final int ANSWER_S = 60;
    private static final int END_S = 10;
    private static final int COMPLAINT_CHARACTERS = 600;

    private final Path complaints;
    private final Process server;
    private final Process client;
    private final BufferedReader figures;
    private final Writer commands;

    ProcessPair(List<String> serverCommand, List<String> clientCommand, Map<String, String> environment)
            throws IOException {
        complaints = Files.createTempFile("verbena-peer", ".log");
        complaints.toFile().deleteOnExit();
        server = start(serverCommand, environment, ProcessBuilder.Redirect.DISCARD);
        try {
            client = start(clientCommand, environment, ProcessBuilder.Redirect.PIPE);
        } catch (IOException e) {
            server.destroyForcibly();
            throw e;
        }
        figures = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
        commands = new OutputStreamWriter(client.getOutputStream(), StandardCharsets.UTF_8);
    }

    private Process start(List<String> command, Map<String, String> environment, ProcessBuilder.Redirect output)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.appendTo(complaints.toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    @Override
    public List<Long> processes() {
        return List.of(client.pid(), server.pid());
    }

    @Override
    public Map<String, Double> measure(String command) throws IOException, InterruptedException {
        String line;
        try {
            commands.write(command + "\n");
            commands.flush();
            line = answer();
        } catch (IOException e) {
            throw failed(command, e);
        }
        if (line == null) {
            throw failed(command, null);
        }
        Map<String, Double> found = new HashMap<>();
        for (String figure : line.trim().split(" ", -1)) {
            int equals = figure.indexOf('=');
            if (equals < 0) {
                throw new IOException("to '" + command + "' came '" + line + "'");
            }
            found.put(figure.substring(0, equals), Double.valueOf(figure.substring(equals + 1)));
        }
        return found;
    }

    private @Nullable String answer() throws IOException, InterruptedException {
        CompletableFuture<String> line = new CompletableFuture<>();
        Thread reader = Thread.ofPlatform().daemon().name("verbena-peer-answer").start(() -> {
            try {
                line.complete(figures.readLine());
            } catch (IOException e) {
                line.completeExceptionally(e);
            }
        });
        try {
            return line.get(ANSWER_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (TimeoutException e) {
            kill();
            throw new IOException("no answer within " + ANSWER_S + " s", e);
        } finally {
            reader.join(1000);
        }
    }

    /** What the processes have said on standard error is the reason. */
    private IOException failed(String command, @Nullable IOException cause) {
        kill();
        String said;
        try {
            boolean _ = client.waitFor(END_S, TimeUnit.SECONDS) && server.waitFor(END_S, TimeUnit.SECONDS);
            said = Files.readString(complaints).strip().replaceAll("\\s+", " ");
        } catch (IOException e) {
            said = e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            said = "";
        }
        String last = said.length() > COMPLAINT_CHARACTERS ? said.substring(0, COMPLAINT_CHARACTERS) + " ..." : said;
        String why = cause == null ? "a process ended" : String.valueOf(cause.getMessage());
        return new IOException("'" + command + "' failed: " + why + (last.isEmpty() ? "" : ": " + last), cause);
    }

    private void kill() {
        client.destroyForcibly();
        server.destroyForcibly();
    }

    @Override
    public void close() throws IOException {
        try {
            commands.close();
            if (!client.waitFor(END_S, TimeUnit.SECONDS) || !server.waitFor(END_S, TimeUnit.SECONDS)) {
                throw new IOException("the processes do not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            kill();
            Files.deleteIfExists(complaints);
        }
    }
}
