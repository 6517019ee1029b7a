package dev.verbena.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.process.Ports;
import dev.verbena.cli.ExitCodes;
import dev.verbena.cli.Failure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The server and the client of a benchmark as two processes, bound to a processor each. They end when this one does: their
 * standard inputs close then.
 *
 * <p>Threading: one thread; {@link #interrupt} from another.
 */
final class LocalPair {
    /** The option of the two. */
    static final String CHILD = "--child";

    private static final long GRACE_SECONDS = 10;
    private static final Set<String> FILES = Set.of("--json", "--out_json_file");

    private final Path document;
    private final Process server;
    private final Process client;
    private final PrintWriter err;

    /** Starts both with the arguments of this one. */
    LocalPair(List<String> arguments, PrintWriter err) {
        this.err = err;
        try {
            document = Files.createTempFile("verbena-bench", ".json");
            String port = Ports.free();
            List<String> both = new ArrayList<>(List.of(arguments.getFirst(), "-p", port, CHILD));
            both.addAll(withoutOwn(arguments, false));
            List<String> mine = new ArrayList<>(List.of(arguments.getFirst(), "-p", port, CHILD));
            mine.addAll(withoutOwn(arguments, true));
            mine.addAll(List.of("--json", document.toString(), "127.0.0.1"));
            server = start(0, both, ProcessBuilder.Redirect.DISCARD);
            client = start(1, mine, ProcessBuilder.Redirect.PIPE);
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "the two processes do not start: " + e.getMessage(), "", e);
        }
    }

    /** What belongs to the benchmark itself; the client writes perftest's file, this process the document. */
    private static List<String> withoutOwn(List<String> arguments, boolean client) {
        List<String> rest = new ArrayList<>();
        for (int i = 1; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            String name = argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
            boolean own = name.equals("--json") || (FILES.contains(name) && !client);
            if (own) {
                i += argument.contains("=") ? 0 : 1;
            } else if (name.equals("-p") || name.equals("--port")) {
                i += argument.contains("=") ? 0 : 1;
            } else if (!argument.matches("-p[0-9]+") // the port with its value attached
                    && !name.equals("--local")
                    && !(name.equals("--out_json") && !client)) {
                rest.add(argument);
            }
        }
        return rest;
    }

    private static Process start(int processor, List<String> arguments, ProcessBuilder.Redirect output)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The same JVM options as here: the lab's emulated machine, for one, wants the quick compiler alone.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-X") && !option.startsWith("-Xrun"))
                .forEach(command::add);
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                BenchMain.class.getName(),
                "bench"));
        command.addAll(arguments);
        return new ProcessBuilder(Pinning.bound(processor, command))
                .redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Ends this process as soon as its standard input does. */
    static void endWithStandardInput() {
        Thread watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            Thread.onSpinWait();
                        }
                    } catch (IOException e) {
                        // The same as its end.
                    }
                    Runtime.getRuntime().halt(ExitCodes.PEER);
                },
                "verbena-bench-parent");
        watch.setDaemon(true);
        watch.start();
    }

    /** Waits until both have ended; puts the client's document into this one's fields. */
    void await(ObjectNode fields, Consumer<String> lines) throws InterruptedException {
        try {
            CompletableFuture<Process> serverEnd = server.onExit();
            CompletableFuture<Void> output = CompletableFuture.runAsync(() -> relay(lines), Thread::startVirtualThread);
            CompletableFuture.anyOf(serverEnd, client.onExit()).join();
            if (!client.waitFor(GRACE_SECONDS, TimeUnit.SECONDS) && !server.isAlive()) {
                client.destroyForcibly();
            }
            client.waitFor();
            output.join();
            if (!server.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                server.destroyForcibly().waitFor();
            }
            takeOver(fields);
        } finally {
            server.destroyForcibly();
            client.destroyForcibly();
            delete();
        }
    }

    private void relay(Consumer<String> lines) {
        try (var reader = client.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.accept(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void takeOver(ObjectNode fields) {
        String command = fields.path("command").asText();
        JsonNode error = null;
        try {
            JsonNode said = new ObjectMapper().readTree(Files.readString(document));
            if (said instanceof ObjectNode all) {
                error = all.path("error");
                fields.setAll(all);
                fields.put("command", command);
            }
        } catch (IOException e) {
            err.println("verbena: the client's document cannot be read: " + e.getMessage());
        }
        int exit = client.exitValue() != ExitCodes.OK ? client.exitValue() : server.exitValue();
        if (exit != ExitCodes.OK) {
            throw failure(exit, error);
        }
    }

    private Failure failure(int exit, @Nullable JsonNode error) {
        String text =
                "the " + (client.exitValue() != ExitCodes.OK ? "client" : "server") + " ended with exit code " + exit;
        for (Failure.Code code : Failure.Code.values()) {
            if (error != null && code.name().equals(error.path("code").asText())) {
                return new Failure(code, text + ": " + error.path("message").asText());
            }
        }
        return new Failure(exit == ExitCodes.PEER ? Failure.Code.PEER_LOST : Failure.Code.FAILED, text);
    }

    /** Ctrl-C: the client prints what there is. */
    void interrupt() throws InterruptedException {
        try {
            Process kill = new ProcessBuilder("kill", "-INT", String.valueOf(client.pid()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            boolean _ = kill.waitFor(1, TimeUnit.SECONDS);
        } catch (IOException e) {
            client.destroy();
        }
    }

    private void delete() {
        try {
            Files.deleteIfExists(document);
        } catch (IOException e) {
            err.println("verbena: cannot delete " + document + ": " + e.getMessage());
        }
    }
}
