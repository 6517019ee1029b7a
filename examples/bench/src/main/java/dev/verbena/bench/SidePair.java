package dev.verbena.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A client and a server process, each on a processor of its own, that measure what they are told.
 *
 * <p>Threading: one thread.
 */
final class SidePair implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Path file;
    private final Process server;
    private final Process client;
    private final BufferedReader figures;
    private final Writer commands;

    SidePair(Options options, int queuePairs, int slots) throws IOException {
        file = Files.createTempFile(SHARED_MEMORY, "verbena-bench", "");
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(BarePingPong.FILE_BYTES);
        }
        String port = String.valueOf(freePort());
        List<String> rest = List.of(
                port,
                file.toString(),
                options.device(),
                String.valueOf(queuePairs),
                String.valueOf(slots),
                String.valueOf(options.lengthBytes()));
        server = start(
                options.pinned(0, java(options, SideMain.class, "server", rest)), ProcessBuilder.Redirect.DISCARD);
        client = start(options.pinned(1, java(options, SideMain.class, "client", rest)), ProcessBuilder.Redirect.PIPE);
        figures = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
        commands = new OutputStreamWriter(client.getOutputStream(), StandardCharsets.UTF_8);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    static List<String> java(Options options, Class<?> main, String role, List<String> rest) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                role));
        command.addAll(rest);
        return command;
    }

    static Process start(List<String> command, ProcessBuilder.Redirect output) throws IOException {
        return new ProcessBuilder(command)
                .redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /**
     * Measures once.
     *
     * @throws IOException when one of the processes has failed; it has said why on standard error
     */
    Map<String, Double> measure(String command) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        String line = figures.readLine();
        if (line == null) {
            throw new IOException("the measuring processes ended in " + command);
        }
        Map<String, Double> found = new HashMap<>();
        for (String figure : line.trim().split(" ", -1)) {
            int equals = figure.indexOf('=');
            found.put(figure.substring(0, equals), Double.valueOf(figure.substring(equals + 1)));
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        try {
            commands.close();
            if (!client.waitFor(10, TimeUnit.SECONDS) || !server.waitFor(10, TimeUnit.SECONDS)) {
                throw new IOException("the measuring processes do not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            client.destroyForcibly();
            server.destroyForcibly();
            Files.deleteIfExists(file);
        }
    }
}
