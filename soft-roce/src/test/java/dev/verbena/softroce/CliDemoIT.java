package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The main job: two containers, a Java process in each, every operation of a reliable connection, every byte compared. */
@SoftRoceTest
final class CliDemoIT {
    @BeforeAll
    static void install(SoftRocePeers peers) {
        VerbenaCommand.install(peers);
    }

    @Test
    void twoContainersDoEveryOperationAndEveryByteIsAsSent(SoftRocePeers peers) throws Exception {
        Map<String, Long> before = peers.a().counters(peers.a().device());

        try (ContainerProcess server =
                VerbenaCommand.start(peers.b(), "demo", "--listen", peers.b().address(), "--timeout", "2m")) {
            server.awaitLine(line -> line.startsWith("listening on "), VerbenaCommand.LIMIT);
            CommandResult client = VerbenaCommand.run(
                            peers.a(),
                            "demo",
                            "--connect",
                            peers.b().address(),
                            "--source",
                            peers.a().address(),
                            "-n",
                            "100",
                            "--timeout",
                            "2m",
                            "--json",
                            "-")
                    .requireSuccess();
            server.await().requireSuccess();

            JsonNode document = VerbenaDocument.of(client, "demo");
            assertThat(document.path("device").asText())
                    .isEqualTo(peers.a().device().name());
            assertThat(document.path("operations"))
                    .extracting(operation -> operation.path("name").asText())
                    .containsExactly("send", "write", "write_imm", "read", "cmp_swap", "fetch_add");
            assertThat(document.path("operations")).allSatisfy(operation -> {
                assertThat(operation.path("verified").asBoolean()).isTrue();
                assertThat(operation.path("p50_ns").asLong()).isPositive();
            });
        }
        Map<String, Long> after = peers.a().counters(peers.a().device());
        assertThat(after.getOrDefault("sent_pkts", 0L)).isGreaterThan(before.getOrDefault("sent_pkts", 0L) + 600);
    }
}
