package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The demo between two processes of this machine. */
final class DemoTest {
    @Test
    void twoProcessesDoEveryOperationAndEveryStreamAndEveryByteIsAsSent() {
        Cli demo = Cli.run("demo", "--provider", "embedded", "--iterations", "50", "--json", "-");

        assertThat(demo.exitCode()).as(demo.err()).isZero();
        JsonNode document = demo.document();
        assertThat(document.path("provider").asText()).isEqualTo("embedded");
        assertThat(document.path("operations"))
                .extracting(operation -> operation.path("name").asText())
                .containsExactly("send", "write", "write_imm", "read", "cmp_swap", "fetch_add");
        assertThat(document.path("operations"))
                .allSatisfy(operation ->
                        assertThat(operation.path("verified").asBoolean()).isTrue());
        assertThat(document.path("streams"))
                .extracting(stream -> stream.path("name").asText() + stream.path("bytes"))
                .containsExactly("send64", "write64", "read64", "write65536", "read65536");
        assertThat(document.path("streams")).allSatisfy(stream -> {
            assertThat(stream.path("verified").asBoolean()).isTrue();
            assertThat(stream.path("bytes_per_second").asDouble())
                    .isEqualTo(stream.path("messages_per_second").asDouble()
                            * stream.path("bytes").asInt());
        });
        assertThat(demo.err()).contains("bandwidth of 64 KiB requests", "GB/s");
    }

    @Test
    void theProviderThatIsTakenForWantOfABetterOneIsNamedOnceWithTheReason() {
        Assumptions.assumeTrue(
                DeviceChoice.provider(null).name().equals("embedded"), "this machine has an RDMA device");

        Cli nobodyThere = Cli.run("demo", "--connect", "127.0.0.1:9", "--timeout", "5s");

        assertThat(nobodyThere.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(nobodyThere.errLines()).hasSize(2);
        assertThat(nobodyThere.errLines().getFirst())
                .startsWith(
                        "provider embedded: shared memory between processes of this host; rdma-core is not usable: ");
        assertThat(Cli.run("demo", "--connect", "127.0.0.1:9", "--provider", "embedded")
                        .errLines())
                .hasSize(1);
    }

    @Test
    void barsAreAsLongAsTheValuesAndAreDrawnWithWhatTheOutputHas() {
        Chart chart = new Chart("us");
        chart.add("all", 8);
        chart.add("half", 4);
        chart.add("little", 0.001);

        List<String> blocks = chart.lines(StandardCharsets.UTF_8);
        List<String> signs = chart.lines(StandardCharsets.US_ASCII);

        assertThat(blocks.get(0)).isEqualTo("all            " + "█".repeat(40) + " 8.0 us");
        assertThat(blocks.get(1)).isEqualTo("half           " + "█".repeat(20) + " 4.0 us");
        assertThat(blocks.get(2)).isEqualTo("little         ▏ 0.0 us");
        assertThat(signs.get(1)).isEqualTo("half           " + "#".repeat(20) + " 4.0 us");
        assertThat(signs.get(2)).isEqualTo("little         # 0.0 us");
        assertThat(new Chart("us").lines(StandardCharsets.UTF_8)).isEmpty();
    }
}
