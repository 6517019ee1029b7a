package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The live view of a real process. */
final class TopTest {
    private static Process start() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TopTargetMain.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("sending");
        return process;
    }

    private static JsonNode senderOf(JsonNode document) {
        JsonNode managers = document.path("managers");
        assertThat(managers).hasSize(2);
        return managers.path(0).path("messages_sent").asLong() > 0 ? managers.path(0) : managers.path(1);
    }

    @Test
    void itShowsTheCountersOnceAndTheRatesAtTheSecondLook() throws Exception {
        Process process = start();
        try {
            String pid = Long.toString(process.pid());

            Cli once = Cli.run("top", pid, "--once", "--json", "-");
            Cli twice = Cli.run("top", pid, "-n", "2", "--interval", "200ms", "--json", "-");
            Cli text = Cli.run("top", pid, "-n", "2", "--interval", "100ms");
            Cli none = Cli.run("top", pid, "--once", "-d", "another");

            assertThat(once.exitCode()).as(once.err()).isZero();
            JsonNode first = senderOf(once.document());
            assertThat(first.path("provider").asText()).isEqualTo("embedded");
            assertThat(first.path("connections").asInt()).isEqualTo(1);
            assertThat(first.path("messages_sent_per_second").isNull()).isTrue();
            assertThat(once.document().path("pid").asLong()).isEqualTo(process.pid());

            JsonNode second = senderOf(twice.document());
            assertThat(second.path("messages_sent").asLong())
                    .isGreaterThan(first.path("messages_sent").asLong());
            assertThat(second.path("messages_sent_per_second").asDouble()).isPositive();
            assertThat(second.path("bytes_sent_per_second").asDouble())
                    .isGreaterThan(second.path("messages_sent_per_second").asDouble());
            assertThat(twice.document().path("interval_ns").asLong()).isEqualTo(200_000_000);

            List<String> lines = text.out().lines().toList();
            assertThat(lines).hasSize(5);
            assertThat(lines.getFirst()).contains("SENT/S", "MEMORY MB");
            assertThat(lines.subList(1, 5)).allMatch(line -> line.startsWith("embedded0 (embedded)"));
            assertThat(none.out()).contains("has no queue-pair manager");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aProcessThatIsNotThereIsSaidSo() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();

        Cli cli = Cli.run("top", Long.toString(gone.pid()), "--json", "-");

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(cli.document().path("error").path("code").asText()).isEqualTo("PEER_UNREACHABLE");
        assertThat(cli.err()).contains("cannot be attached to").contains("jps");
    }

    @Test
    void aCountThatMakesNoSenseIsAUsageError() {
        assertThat(Cli.run("top", "1", "-n", "0").exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(Cli.run("top", "nobody").exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(Cli.run("top").exitCode()).isEqualTo(ExitCodes.USAGE);
    }
}
