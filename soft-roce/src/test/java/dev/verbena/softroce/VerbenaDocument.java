package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a command wrote with {@code --json -}: a document that its schema in docs/json allows. */
final class VerbenaDocument {
    private VerbenaDocument() {}

    /** The document of a command that succeeded. */
    static JsonNode of(CommandResult result, String command) throws IOException {
        return of(result, command, command);
    }

    /** The same, where the document names the command with what was typed after it. */
    static JsonNode of(CommandResult result, String schemaOf, String command) throws IOException {
        JsonNode document = new ObjectMapper().readTree(result.out());
        Path schema = Path.of(System.getProperty("verbena.root", ".."), "docs", "json", schemaOf + ".schema.json");
        assertThat(JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                        .getSchema(Files.readString(schema))
                        .validate(document))
                .as(result.out())
                .isEmpty();
        assertThat(document.path("command").asText()).startsWith(command);
        assertThat(document.path("ok").asBoolean()).isTrue();
        assertThat(document.path("provider").asText()).isEqualTo("rdma-core");
        return document;
    }
}
