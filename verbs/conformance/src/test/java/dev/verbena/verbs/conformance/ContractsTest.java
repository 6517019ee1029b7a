package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The frame around the contracts: nothing is left out, every test can be told from every other, lines are JSON. */
class ContractsTest {
    @Test
    void everyContractInTheFolderRuns() throws IOException, URISyntaxException {
        Path classes = Path.of(Contract.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("Contract.class") && !name.equals("Contract.class"))
                    .map(name -> name.substring(0, name.length() - ".class".length()))
                    .toList();

            assertThat(Contracts.ALL.stream().map(Class::getSimpleName)).containsExactlyInAnyOrderElementsOf(names);
        }
    }

    @Test
    void theListNamesEveryTestOnceAndNeedsNoDevice() {
        List<String> lines =
                standardOutputOf(() -> assertThat(ConformanceMain.run("--list")).isZero());

        assertThat(lines).hasSizeGreaterThan(200).doesNotHaveDuplicates();
        assertThat(lines)
                .allMatch(line -> line.matches("\\{\"contract\":\"[A-Za-z]+\",\"test\":\"[a-z0-9 ]+\"}"))
                .contains("{\"contract\":\"SendReceive\",\"test\":\"an unsignaled request makes no completion\"}");
    }

    @Test
    void theListCanBeNarrowed() {
        List<String> lines =
                standardOutputOf(() -> assertThat(ConformanceMain.run("--list", "--only", "sendreceive: an uns"))
                        .isZero());

        assertThat(lines).hasSize(1);
    }

    @Test
    void wrongOptionsAreAUsageError() {
        assertThat(ConformanceMain.run("--nonsense")).isEqualTo(2);
        assertThat(ConformanceMain.run("--only")).isEqualTo(2);
        assertThat(ConformanceMain.run("--limit", "soon")).isEqualTo(2);
        assertThat(ConformanceMain.run("--output", "/no/such/folder/file")).isEqualTo(2);
    }

    @Test
    void withoutAProviderThereIsNothingToJudge() {
        assertThat(ConformanceMain.run()).isEqualTo(3);
    }

    private static List<String> standardOutputOf(Runnable action) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            action.run();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** Not named as a test: run by the report's own test alone. */
    @DisplayNameGeneration(SentenceNames.class)
    static final class Sample {
        @Test
        void passes() {
            assertThat(SentenceNames.sentence("passes")).isEqualTo("passes");
        }

        @Test
        void fails() {
            throw new AssertionError("a \"quoted\" reason\n\twith two lines");
        }

        @Test
        void isSkipped() {
            Assumptions.abort("for a reason");
        }
    }

    @Test
    void theReportHasALineForEachTestWithItsStatusItsReasonAndItsTrace() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Report report = new Report(new PrintStream(bytes, true, StandardCharsets.UTF_8));

        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(Sample.class))
                                .build(),
                        report);

        assertThat(report.failures()).isEqualTo(1);
        assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
                .hasSize(3)
                .anyMatch(
                        line -> line.matches(
                                "\\{\"contract\":\"Sample\",\"test\":\"passes\",\"status\":\"PASSED\",\"reason\":\"\",\"millis\":\\d+,\"trace\":\"\"}"))
                .anyMatch(line -> line.contains("\"test\":\"is skipped\",\"status\":\"SKIPPED\"")
                        && line.contains("for a reason"))
                .anyMatch(line -> line.contains("\"status\":\"FAILED\"")
                        && line.contains("a \\\"quoted\\\" reason\\n\\twith two lines")
                        && line.contains("AssertionError"));
    }

    @Test
    void namesAreSentences() {
        assertThat(SentenceNames.sentence("aWindowOfType2IsBound")).isEqualTo("a window of type 2 is bound");
        assertThat(SentenceNames.contract(SendReceiveContract.class)).isEqualTo("SendReceive");
    }
}
