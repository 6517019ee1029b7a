package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Every example and benchmark of DiSNI and of DaRPC, as it lies on Maven Central: two processes each, on the embedded
 * provider, both of which end by themselves with exit code 0; what they print is checked. The server of DaRPC has no end and
 * is ended.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
class ProgramsTest {
    private static final String EXAMPLES = "com.ibm.disni.examples.";
    private static final String BENCHMARKS = "com.ibm.disni.benchmarks.";
    private static final String ADDRESS = "127.0.0.1";

    private int nextPort = 20_100 + (int) (ProcessHandle.current().pid() % 2_000) * 20;

    private record Outputs(List<String> server, List<String> client) {}

    private Outputs run(String name, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-a", ADDRESS, "-p", String.valueOf(nextPort)));
        nextPort += 2;
        arguments.addAll(List.of(options));
        String[] all = arguments.toArray(String[]::new);
        try (Program server = Program.start(name + "Server", all).await("listening at");
                Program client = Program.start(name + "Client", all)) {
            List<String> ofClient = client.awaitSuccess();
            return new Outputs(server.awaitSuccess(), ofClient);
        }
    }

    @Test
    void theVerbsExampleReadsTheServersMemory() throws Exception {
        Outputs outputs = run(EXAMPLES + "Verbs");

        assertThat(outputs.client())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("VerbsClient::read memory from server: This is a RDMA/read on stag ")
                        .contains(" !"));
        assertThat(outputs.server()).contains("VerbsServer::stag info sent", "VerbsServer::done");
    }

    @Test
    void theReadExampleReadsTenTimesEachTimeMore() throws Exception {
        Outputs outputs = run(EXAMPLES + "Read");

        List<String> read = outputs.client().stream()
                .filter(line -> line.startsWith("ReadClient::read memory from server: "))
                .toList();
        assertThat(read).hasSize(10);
        assertThat(read.getLast()).contains("This is a RDMA/read on stag ", " !");
        assertThat(outputs.client()).contains("closing endpoint, done");
        assertThat(outputs.server()).contains("ReadServer::final message");
    }

    @Test
    void theSendReceiveExampleExchangesGreetings() throws Exception {
        Outputs outputs = run(EXAMPLES + "SendRecv");

        assertThat(outputs.client())
                .anySatisfy(line -> assertThat(line).startsWith("Message from the server: Hello from the server"))
                .contains("group closed");
        assertThat(outputs.server())
                .anySatisfy(line -> assertThat(line).startsWith("Message from the client: Hello from the client"))
                .contains("group closed");
    }

    @Test
    void theReadBenchmarkTellsALatency() throws Exception {
        Outputs outputs = run(BENCHMARKS + "Read", "-s", "4096", "-k", "2000");

        assertThat(outputs.client()).anySatisfy(line -> assertThat(line).startsWith("ReadClient, latency "));
        assertThat(outputs.server()).contains("ReadServer, final message");
    }

    @Test
    void theSendReceiveBenchmarkDoesEveryOperationWithManyUnderWay() throws Exception {
        Outputs outputs = run(BENCHMARKS + "SendRecv", "-s", "64", "-k", "4000", "-q", "16");

        assertThat(outputs.client())
                .anySatisfy(line -> assertThat(number(line, "iops ")).isPositive());
        assertThat(outputs.server()).anySatisfy(line -> assertThat(line).contains("loop 4000, recvQueueSize 16"));
    }

    @Test
    void theComparisonWithTcpMeasuresBoth() throws Exception {
        Outputs outputs = run(BENCHMARKS + "RDMAvsTcpBenchmark", "-s", "64", "-k", "2000");

        assertThat(outputs.client()).containsSubsequence("RDMA result:", "TCP result:");
        assertThat(outputs.client().stream().filter(line -> line.startsWith("Bidirectional average latency: ")))
                .hasSize(2);
    }

    @Test
    void theAffinityExampleBindsItsThread() throws Exception {
        try (Program program = Program.start(EXAMPLES + "util.AffinityTest")) {
            List<String> lines = program.awaitSuccess();

            assertThat(lines).contains("Starting affinity test..., affinity 2");
            // The warning of ThreadAffinity.
            assertThat(lines).noneMatch(line -> line.contains("is not bound"));
        }
    }

    /** Options of a client of DaRPC, and how many calls it is to do. */
    private record Calls(int count, String options) {}

    @Test
    void theRemoteCallsOfDarpcWorkInEveryMode() throws Exception {
        List<Calls> clients = List.of(
                new Calls(1000, "-m future-poll -k 1000"),
                new Calls(1000, "-m stream-poll -k 1000"),
                new Calls(1000, "-m future-take -k 1000"),
                new Calls(1000, "-m stream-take -k 1000"),
                new Calls(1000, "-m batch-stream-take -k 1000 -b 8"),
                new Calls(4000, "-m batch-stream-poll -k 1000 -b 4 -n 4 -c 2 -i 64"));
        try (Program server = Program.start(
                        "com.ibm.darpc.examples.server.DaRPCServer", "-a", ADDRESS, "-i", "64", "-p", "2")
                .await("listening at")) {
            for (Calls calls : clients) {
                List<String> arguments = new ArrayList<>(List.of("-a", ADDRESS));
                arguments.addAll(List.of(calls.options().split(" ")));
                try (Program client =
                        Program.start("com.ibm.darpc.examples.client.DaRPCClient", arguments.toArray(String[]::new))) {
                    assertThat(client.awaitSuccess())
                            .as(String.join(" ", arguments))
                            .contains("ops " + (double) calls.count())
                            .anySatisfy(line ->
                                    assertThat(number(line, "throughput ")).isPositive());
                }
            }
            assertThat(server.output()).doesNotContain("Exception", "Error");
            assertThat(server.output().lines().filter(line -> line.startsWith("new connection ")))
                    .hasSize(clients.size() + 1);
        }
    }

    private static double number(String line, String before) {
        assertThat(line).startsWith(before);
        return Double.parseDouble(line.substring(before.length()));
    }
}
