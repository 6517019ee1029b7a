package dev.verbena.softroce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.opentest4j.TestAbortedException;

/** One line of a suite's report. */
record SuiteResult(SuiteTest test, Status status, String reason, long millis, String trace) {
    enum Status {
        PASSED,
        FAILED,
        SKIPPED
    }

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String BEGIN = "{\"contract\":";

    /** The test that a line of {@code --list} names; nothing when the line is something else. */
    static Optional<SuiteTest> parseTest(String line) {
        return parseLine(line).map(SuiteResult::testOf);
    }

    /** The result that a line tells; nothing when the line is something else. */
    static Optional<SuiteResult> parse(String line) {
        return parseLine(line)
                .map(node -> new SuiteResult(
                        testOf(node),
                        Status.valueOf(node.required("status").asText()),
                        node.path("reason").asText(),
                        node.path("millis").asLong(),
                        node.path("trace").asText()));
    }

    /** What others print without an end of line may stand before it. */
    private static Optional<JsonNode> parseLine(String line) {
        int begin = line.indexOf(BEGIN);
        if (begin < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(MAPPER.readTree(line.substring(begin)));
        } catch (IOException e) {
            throw new UncheckedIOException("not a line of a report: " + line, e);
        }
    }

    private static SuiteTest testOf(JsonNode node) {
        return new SuiteTest(
                node.required("contract").asText(), node.required("test").asText());
    }

    /** Ends a JUnit test the way this test ended. */
    void replay() {
        switch (status) {
            case PASSED -> {}
            case SKIPPED -> throw new TestAbortedException(reason);
            case FAILED ->
                throw new AssertionError(
                        test + ": " + reason + (trace.isEmpty() ? "" : "\n--- where it ran:\n" + trace));
        }
    }
}
