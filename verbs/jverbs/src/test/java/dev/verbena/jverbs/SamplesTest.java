package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.jverbs.samples.DeviceInfo;
import dev.verbena.jverbs.samples.EndpointClient;
import dev.verbena.jverbs.samples.EndpointServer;
import dev.verbena.jverbs.samples.ReadClient;
import dev.verbena.jverbs.samples.ReadServer;
import dev.verbena.jverbs.samples.VerbsClient;
import dev.verbena.jverbs.samples.VerbsServer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Programs in the style of IBM's documentation, each as two processes; they check every byte themselves. */
final class SamplesTest {
    private static final String IP = "127.0.0.1";

    @Test
    void messagesReadsAndWritesByConnectionManagerAndVerbs() throws Exception {
        try (SampleJvm server = new SampleJvm(VerbsServer.class, IP, "0")) {
            String port = server.awaitLine("listening");
            try (SampleJvm client = new SampleJvm(VerbsClient.class, IP, IP, port, "500")) {
                assertThat(client.awaitGoodEnd()).containsExactly("exchanged 500, read 20000, wrote 20000");
                assertThat(server.awaitGoodEnd()).containsExactly("served 501");
            }
        }
    }

    @Test
    void activeEndpointsAreToldOfTheirCompletions() throws Exception {
        try (SampleJvm server = new SampleJvm(EndpointServer.class, IP, "0", "5")) {
            String port = server.awaitLine("listening");
            try (SampleJvm client = new SampleJvm(EndpointClient.class, IP, IP, port, "5")) {
                assertThat(client.awaitGoodEnd()).containsExactly("answered 5");
                assertThat(server.awaitGoodEnd()).containsExactly("served 5");
            }
        }
    }

    @Test
    void passiveEndpointsReadTheMemoryOfTheOtherSide() throws Exception {
        try (SampleJvm server = new SampleJvm(ReadServer.class, IP, "0")) {
            String port = server.awaitLine("listening");
            try (SampleJvm client = new SampleJvm(ReadClient.class, IP, IP, port, "20")) {
                assertThat(client.awaitGoodEnd()).containsExactly("read 20 x 50000");
                assertThat(server.awaitGoodEnd()).containsExactly("served 50000");
            }
        }
    }

    @Test
    void theDevicesAndTheirPortsTellTheirLimits() throws Exception {
        try (SampleJvm program = new SampleJvm(DeviceInfo.class)) {
            List<String> lines = program.awaitGoodEnd();

            assertThat(lines).hasSize(2);
            assertThat(lines.get(0))
                    .matches(
                            "device \\S+ max_qp [1-9]\\d* max_sge [1-9]\\d* max_mr_size [1-9]\\d* max_qp_rd_atom [1-9]\\d*");
            assertThat(lines.get(1)).isEqualTo("port 1 ACTIVE active_mtu 4096 link_layer MEMORY");
        }
    }
}
