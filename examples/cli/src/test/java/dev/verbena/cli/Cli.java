package dev.verbena.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;

/**
 * One run of the command in this process.
 *
 * @param exitCode its exit code
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record Cli(int exitCode, String out, String err) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static Cli run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        int exitCode = commandLine.execute(arguments);
        return new Cli(exitCode, out.toString(), err.toString());
    }

    List<String> errLines() {
        return err.lines().toList();
    }

    /** Standard output as a JSON document that its schema allows. */
    JsonNode document() {
        return valid(out);
    }

    /** A JSON document that its schema in docs/json allows. */
    static JsonNode valid(String text) {
        try {
            JsonNode document = MAPPER.readTree(text);
            Set<ValidationMessage> complaints =
                    schema(document.path("command").asText()).validate(document);
            if (!complaints.isEmpty()) {
                throw new AssertionError(
                        complaints.stream().map(ValidationMessage::getMessage).collect(Collectors.joining("; "))
                                + " in " + text);
            }
            return document;
        } catch (JsonProcessingException e) {
            throw new AssertionError("not one JSON document: " + text, e);
        }
    }

    private static JsonSchema schema(String command) {
        Path file = Path.of(System.getProperty("verbena.root", "../.."), "docs", "json", command + ".schema.json");
        try {
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(Files.readString(file));
        } catch (IOException e) {
            throw new AssertionError("no schema for '" + command + "'", e);
        }
    }
}
