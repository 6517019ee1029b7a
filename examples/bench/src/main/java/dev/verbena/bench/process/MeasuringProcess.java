package dev.verbena.bench.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that reads commands from its standard input and answers each with a line of figures, {@code name=value}; often a
 * client, with its server beside it. It ends with its standard input, so that it does not outlive this one.
 *
 * <p>Threading: one thread.
 */
public final class MeasuringProcess implements Session {
    private static final int END_S = 10;
    private static final int COMPLAINT_CHARACTERS = 600;

    private final Path complaints;
    private final @Nullable Process server;
    private final Process process;
    private final Writer commands;
    private final BlockingQueue<Optional<String>> answers = new LinkedBlockingQueue<>();
    private final Duration answerTimeout;

    /**
     * Starts one alone.
     *
     * @param command its command line
     * @param environment what is added to this process's own
     * @param answerTimeout of one answer; who is silent longer is killed
     * @throws IOException when it does not start
     */
    public MeasuringProcess(List<String> command, Map<String, String> environment, Duration answerTimeout)
            throws IOException {
        this(List.of(), command, environment, answerTimeout);
    }

    /**
     * Starts two.
     *
     * @param serverCommand command line of the one that is told by the other what to do; empty for none
     * @param command command line of the one that answers
     * @param environment what is added to this process's own
     * @param answerTimeout of one answer; who is silent longer is killed, with the other
     * @throws IOException when one does not start
     */
    public MeasuringProcess(
            List<String> serverCommand, List<String> command, Map<String, String> environment, Duration answerTimeout)
            throws IOException {
        this.answerTimeout = answerTimeout;
        complaints = Files.createTempFile("verbena-measuring", ".log");
        complaints.toFile().deleteOnExit();
        server = serverCommand.isEmpty() ? null : start(serverCommand, environment, ProcessBuilder.Redirect.DISCARD);
        try {
            process = start(command, environment, ProcessBuilder.Redirect.PIPE);
        } catch (IOException e) {
            if (server != null) {
                server.destroyForcibly();
            }
            throw e;
        }
        commands = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        Thread.ofPlatform().daemon().name("verbena-measuring").start(this::read);
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
        return server == null ? List.of(process.pid()) : List.of(process.pid(), server.pid());
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.add(Optional.of(line));
            }
        } catch (IOException e) {
            // The same as the end of its output.
        }
        answers.add(Optional.empty());
    }

    @Override
    public Map<String, Double> measure(String command) throws IOException, InterruptedException {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw failed(command, "it reads nothing any more");
        }
        Optional<String> line = answers.poll(answerTimeout.toNanos(), TimeUnit.NANOSECONDS);
        if (line == null) {
            throw failed(command, "no answer within " + answerTimeout.toSeconds() + " s");
        }
        if (line.isEmpty()) {
            throw failed(command, "a process ended");
        }
        return figures(command, line.get().strip());
    }

    private static Map<String, Double> figures(String command, String line) throws IOException {
        Map<String, Double> found = new HashMap<>();
        for (String figure : line.isEmpty() ? new String[0] : line.split(" +", -1)) {
            int equals = figure.indexOf('=');
            try {
                found.put(figure.substring(0, Math.max(equals, 0)), Double.valueOf(figure.substring(equals + 1)));
            } catch (NumberFormatException e) {
                throw new IOException("to '" + command + "' came '" + line + "'", e);
            }
        }
        return found;
    }

    private IOException failed(String command, String why) throws InterruptedException {
        kill();
        boolean _ = isOver();
        String said = complaints();
        return new IOException("'" + command + "' failed: " + why + (said.isEmpty() ? "" : ": " + said));
    }

    /** What the process has said on standard error, in one line that is not too long. */
    private String complaints() {
        try {
            String said = Files.readString(complaints).strip().replaceAll("\\s+", " ");
            return said.length() > COMPLAINT_CHARACTERS ? said.substring(0, COMPLAINT_CHARACTERS) + " ..." : said;
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void kill() {
        process.destroyForcibly();
        if (server != null) {
            server.destroyForcibly();
        }
    }

    private boolean isOver() throws InterruptedException {
        return process.waitFor(END_S, TimeUnit.SECONDS) && (server == null || server.waitFor(END_S, TimeUnit.SECONDS));
    }

    /** Ends the process by closing its standard input. */
    @Override
    public void close() throws IOException {
        try {
            commands.close();
            if (!isOver()) {
                throw new IOException("the measuring processes do not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            kill();
            Files.deleteIfExists(complaints);
        }
    }
}
