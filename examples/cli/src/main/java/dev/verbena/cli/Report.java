package dev.verbena.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The JSON document of one run, described by docs/json. It is written once, also when the command fails or Ctrl-C ends it.
 *
 * <p>Threading: the fields belong to the command's thread; {@link #end} may be called from any thread, the first call wins.
 */
public final class Report {
    private static final String SCHEMA = "verbena/1";
    private static final ObjectMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final ObjectNode document = MAPPER.createObjectNode();
    private final @Nullable String file;
    private final PrintWriter out;
    private boolean ended;

    /**
     * A document about a command.
     *
     * @param file where it goes, {@code -} for standard output, null for nowhere
     * @param out standard output
     * @throws IOException when the file cannot be written
     */
    Report(String command, @Nullable String file, PrintWriter out) throws IOException {
        this.file = file;
        this.out = out;
        if (file != null && !file.equals("-")) {
            Files.writeString(Path.of(file), "");
        }
        document.put("schema", SCHEMA);
        document.put("command", command);
        document.put("version", Version.verbena());
        document.put("ok", false);
        document.putNull("provider");
        document.putNull("device");
        document.putNull("error");
    }

    /**
     * Where the command puts what it has to say.
     *
     * @return the document, which belongs to the command's thread
     */
    public ObjectNode fields() {
        return document;
    }

    /** Names what the command runs on. */
    synchronized void runsOn(String provider, @Nullable String device) {
        document.put("provider", provider);
        document.put("device", device);
    }

    /**
     * Writes the document, unless that has happened.
     *
     * @return whether this call was the first
     */
    synchronized boolean end(@Nullable Failure failure) {
        if (ended) {
            return false;
        }
        ended = true;
        document.put("ok", failure == null);
        if (failure != null) {
            ObjectNode error = document.putObject("error");
            error.put("code", failure.code().name());
            error.put("message", failure.text());
            error.put("hint", failure.hint().isEmpty() ? null : failure.hint());
        }
        if (file != null) {
            write(file);
        }
        return true;
    }

    private void write(String target) {
        try {
            String text = MAPPER.writeValueAsString(document) + "\n";
            if (target.equals("-")) {
                out.print(text);
                out.flush();
            } else {
                Files.writeString(Path.of(target), text);
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "cannot write " + target + ": " + e, "", e);
        }
    }
}
