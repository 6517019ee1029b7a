package dev.verbena.bench.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.verbena.bench.BenchMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of {@code bench compare} in a process of its own.
 *
 * @param exitCode its exit code
 * @param out standard output
 * @param err standard error
 */
record Compare(int exitCode, String out, String err) {
    private static final int END_S = 150;

    /** A process that has not ended. */
    record Running(Process process, Path out, Path err) {
        Compare end() throws IOException, InterruptedException {
            if (!process.waitFor(END_S, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError("bench compare does not end: " + Files.readString(err));
            }
            return new Compare(process.exitValue(), Files.readString(out), Files.readString(err));
        }
    }

    /**
     * Starts one.
     *
     * @param prefix what stands before {@code java}
     */
    static Running start(Path folder, List<String> prefix, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                BenchMain.class.getName(),
                "bench",
                "compare"));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        return new Running(builder.start(), out, err);
    }

    /** A document that its schema allows. */
    static JsonNode valid(Path file) throws IOException {
        JsonNode document = new ObjectMapper().readTree(Files.readString(file));
        Path schema = Path.of(System.getProperty("verbena.root", "../.."), "docs", "json", "bench-compare.schema.json");
        var complaints = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(Files.readString(schema))
                .validate(document);
        if (!complaints.isEmpty()) {
            throw new AssertionError(complaints + " in " + document.toPrettyString());
        }
        return document;
    }
}
