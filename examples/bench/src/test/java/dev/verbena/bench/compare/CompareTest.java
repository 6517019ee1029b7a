package dev.verbena.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.verbena.bench.process.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The comparison with real processes: short samples, whose figures mean nothing. */
final class CompareTest {
    /** What needs nothing but Java and Linux. */
    private static final List<String> EVERYWHERE =
            List.of("limits", "verbs", "messages", "aeron", "unix", "tcp-polling", "tcp", "sendfile", "netty-nio");

    private static final String[] SHORT = {"--repeats", "1", "--sample", "5", "--no-warm-up"};

    @TempDir
    private Path folder;

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private static String[] with(String... more) {
        List<String> all = new ArrayList<>(List.of(SHORT));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test
    @Timeout(180)
    void everyPeerExchangesWhatIsCheckedAndIsReportedOrListedWithItsReason() throws Exception {
        Compare run = Compare.start(
                        folder,
                        List.of(),
                        Map.of(),
                        with("--json", file("c.json"), "--csv", file("c.csv"), "--html", file("c.html")))
                .end();

        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode document = Compare.valid(folder.resolve("c.json"));
        Set<String> measured = new HashSet<>();
        document.path("results")
                .forEach(result -> measured.add(result.path("peer").asText() + " "
                        + result.path("benchmark").asText()));
        Set<String> skipped = new HashSet<>();
        document.path("skipped").forEach(skip -> skipped.add(skip.path("name").asText()));
        for (Peer peer : new Peers(Processors.find(), false).list()) {
            if (EVERYWHERE.contains(peer.name()) || !skipped.contains(peer.name())) {
                assertThat(measured)
                        .as(run.err() + document.path("skipped"))
                        .contains(peer.name() + " echo", peer.name() + " bulk");
            }
        }
        assertThat(measured).contains("verbs rate").doesNotContain("limits rate");
        assertThat(skipped).doesNotContain("limits rate");
        assertThat(skipped.contains("system calls") || callsAreCounted(document))
                .isTrue();

        assertThat(document.path("ratios")).isNotEmpty();
        assertThat(run.out()).contains("netty-nio", "echo 64 B, p50: tcp / verbs", "at least 30");
        assertThat(Files.readAllLines(folder.resolve("c.csv")))
                .hasSize(1 + document.path("results").size());
        String page = Files.readString(folder.resolve("c.html"));
        assertThat(page).contains("<svg", "Verbena messages", "prefers-color-scheme", "class=\"repeat\"", "</html>");
        assertThat(page).doesNotContain("src=", "href=", "NaN", "Infinity");
    }

    private static boolean callsAreCounted(JsonNode document) {
        for (JsonNode result : document.path("results")) {
            if (result.path("peer").asText().equals("tcp")
                    && result.path("benchmark").asText().equals("echo")) {
                // A write and a read for a message at least.
                return result.path("system_calls_per_message").asDouble() >= 1.9;
            }
        }
        return false;
    }

    @Test
    @Timeout(120)
    void whatIsNotThereIsListedWithItsReason() throws Exception {
        // given: a path with taskset and nothing else
        for (String directory : List.of("/usr/bin", "/bin")) {
            Path taskset = Path.of(directory, "taskset");
            if (Files.isExecutable(taskset) && !Files.exists(folder.resolve("taskset"))) {
                Files.createSymbolicLink(folder.resolve("taskset"), taskset);
            }
        }

        Compare run = Compare.start(
                        folder,
                        List.of(),
                        Map.of("PATH", folder.toString()),
                        with("--only", "splice,unix", "--json", file("c.json")))
                .end();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(Compare.valid(folder.resolve("c.json")).path("skipped").toString())
                .contains("there is no C compiler (cc)", "perf is not installed; strace is not installed");
        assertThat(run.out()).contains("not measured: splice: a C program");
    }

    @Test
    @Timeout(120)
    void oneProcessorIsNotEnoughAndNonsenseIsAUsageError() throws Exception {
        int allowed = Processors.find().server();
        Compare.Running one = Compare.start(
                folder, List.of("taskset", "-c", String.valueOf(allowed)), Map.of(), with("--json", file("one.json")));
        Compare.Running name = Compare.start(folder, List.of(), Map.of(), "--only", "carrier-pigeon");
        Compare.Running count = Compare.start(folder, List.of(), Map.of(), "--repeats", "0");
        Compare.Running place = Compare.start(folder, List.of(), Map.of(), "--html", file("no/such/c.html"));

        assertThat(one.end().exitCode()).isEqualTo(1);
        assertThat(Compare.valid(folder.resolve("one.json"))
                        .path("error")
                        .path("message")
                        .asText())
                .contains("two processors", "may use 1");
        Compare named = name.end();
        assertThat(named.exitCode()).isEqualTo(2);
        assertThat(named.err()).contains("there is no carrier-pigeon but limits, verbs, messages");
        assertThat(count.end().exitCode()).isEqualTo(2);
        assertThat(place.end().exitCode()).isEqualTo(2);
    }

    @Test
    @Timeout(120)
    void interruptedItReportsWhatThereIs() throws Exception {
        Compare.Running run = Compare.start(
                folder,
                List.of(),
                Map.of(),
                "--only",
                "unix,tcp",
                "--repeats",
                "100",
                "--sample",
                "5",
                "--no-warm-up",
                "--json",
                file("c.json"));
        Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .until(() -> Files.readString(run.err()).contains("repeat 2"));
        assertThat(new ProcessBuilder(
                                "kill", "-INT", String.valueOf(run.process().pid()))
                        .start()
                        .waitFor())
                .isZero();

        Compare ended = run.end();

        assertThat(ended.exitCode()).isEqualTo(130);
        JsonNode document = Compare.valid(folder.resolve("c.json"));
        assertThat(document.path("error").path("code").asText()).isEqualTo("INTERRUPTED");
        assertThat(document.path("results")).isNotEmpty();
    }

    @Test
    void aProcessThatIsKilledIsAFailureThatSaysWhat() throws Exception {
        Processors processors = Processors.find();
        Peer tcp = new Peers(processors, false)
                .list().stream()
                        .filter(peer -> peer.name().equals("tcp"))
                        .findFirst()
                        .orElseThrow();
        try (Session session = tcp.start()) {
            assertThat(session.measure("check")).containsEntry("checked", 3320.0);
            assertThat(session.measure("echo 100").get("mean")).isPositive();

            ProcessHandle server =
                    ProcessHandle.of(session.processes().getLast()).orElseThrow();
            server.destroyForcibly();
            server.onExit().join();

            assertThatThrownBy(() -> session.measure("echo 100"))
                    .hasMessageContaining("'echo 100' failed: a process ended")
                    .hasMessageContaining("Exception");
        }
    }
}
