package dev.verbena.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * One run of a benchmark.
 *
 * @param exitCode its exit code
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record Bench(int exitCode, String out, String err) {
    private static final int SECONDS = 60;

    /** Runs in this process. */
    static Bench run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = BenchMain.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        int exitCode = commandLine.execute(
                Stream.concat(Stream.of("bench"), Stream.of(arguments)).toArray(String[]::new));
        return new Bench(exitCode, out.toString(), err.toString());
    }

    /** Runs in this process, on a thread of its own. */
    static CompletableFuture<Bench> start(String... arguments) {
        CompletableFuture<Bench> future = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        future.complete(run(arguments));
                    } catch (RuntimeException | Error e) {
                        future.completeExceptionally(e);
                    }
                },
                "bench " + arguments[0]);
        thread.setDaemon(true);
        thread.start();
        return future;
    }

    static Bench end(CompletableFuture<Bench> started) throws Exception {
        return started.get(SECONDS, TimeUnit.SECONDS);
    }

    /** Starts a process; its output goes to two files of this name. */
    static Process process(Path out, String... arguments) throws IOException {
        return process(List.of(), out, arguments);
    }

    /** The same; the prefix stands before {@code java}. */
    static Process process(List<String> prefix, Path out, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                BenchMain.class.getName(),
                "bench"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(Path.of(out + ".err").toFile())
                .start();
    }

    /** How a process of {@link #process} ended. */
    static Bench end(Process process, Path out) throws Exception {
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it did not end; it said: " + Files.readString(out));
        }
        return new Bench(process.exitValue(), Files.readString(out), Files.readString(Path.of(out + ".err")));
    }

    static String freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return String.valueOf(socket.getLocalPort());
        }
    }

    /** Standard output as a document that its schema allows. */
    JsonNode document() throws IOException {
        return valid("bench", out);
    }

    /** A text that is one document which docs/json/SCHEMA.schema.json allows. */
    static JsonNode valid(String schemaName, String text) throws IOException {
        try {
            JsonNode document = new ObjectMapper().readTree(text);
            Path schema =
                    Path.of(System.getProperty("verbena.root", "../.."), "docs", "json", schemaName + ".schema.json");
            var complaints = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(Files.readString(schema))
                    .validate(document);
            if (!complaints.isEmpty()) {
                throw new AssertionError(complaints + " in " + text);
            }
            return document;
        } catch (JsonProcessingException e) {
            throw new AssertionError("not one JSON document: " + text, e);
        }
    }
}
