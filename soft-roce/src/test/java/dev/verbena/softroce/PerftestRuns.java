package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code ./verbena bench} with perftest's own programs over Soft-RoCE, each as either side. Few iterations: what is shown is
 * that they understand each other. Too long for every build on an emulated machine: {@code -Dit.test=PerftestRuns}, for some of
 * them with {@code -Dperftest.tests=send_lat,read_bw}; with {@code -Dperftest.manager=true} through the connection manager (-R).
 */
@SoftRoceTest
final class PerftestRuns {
    private static final String CHOSEN =
            System.getProperty("perftest.tests", "send_lat,send_bw,write_lat,write_bw,read_lat,read_bw");
    private static final boolean MANAGER = Boolean.getBoolean("perftest.manager");
    private static final String ITERATIONS = "100";
    private static final String BYTES = "64";
    private static final int PORT = 18515;
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** The line of results: bytes, iterations, and numbers. */
    private static final Pattern RESULT = Pattern.compile("(?m)^ 64 +100 +([0-9.]+ +)");

    @BeforeAll
    static void install(SoftRocePeers peers) {
        VerbenaCommand.installBench(peers);
    }

    private static List<String> chosen() {
        return List.of(CHOSEN.split(","));
    }

    @ParameterizedTest
    @MethodSource("chosen")
    void verbenasClientMeasuresWithPerftestsServer(String test, SoftRocePeers peers) throws Exception {
        try (ContainerProcess server = peers.b().run(LIMIT, perftest(test, peers.b()))) {
            awaitListener(peers.b());
            CommandResult client;
            try (ContainerProcess process =
                    verbena(peers.a(), test, "--json", "-", peers.b().address())) {
                client = process.await().requireSuccess();
            }
            server.await().requireSuccess();

            JsonNode document = VerbenaDocument.of(client, "bench", "bench " + test);
            assertThat(document.path("benchmark").asText()).isEqualTo(test);
            assertThat(document.path("peer").asText()).startsWith("perftest (");
            assertMeasured(test, document);
        }
    }

    @ParameterizedTest
    @MethodSource("chosen")
    void perftestsClientMeasuresWithVerbenasServer(String test, SoftRocePeers peers) throws Exception {
        try (ContainerProcess server = verbena(peers.b(), test)) {
            awaitListener(peers.b());
            CommandResult client = peers.a()
                    .exec(LIMIT, perftest(test, peers.a(), peers.b().address()))
                    .requireSuccess();
            CommandResult served = server.await().requireSuccess();

            assertMeasured(client.out());
            if (!test.equals("read_lat")) {
                assertMeasured(served.out());
            }
        }
    }

    private static void awaitListener(SoftRoceContainer server) throws InterruptedException {
        if (MANAGER) {
            server.awaitRdmaListener(PORT, LIMIT);
        } else {
            server.awaitListener(PORT, LIMIT);
        }
    }

    /** The options that both have. */
    private static Stream<String> common() {
        Stream<String> all = Stream.of("-s", BYTES, "-n", ITERATIONS);
        return MANAGER ? Stream.concat(all, Stream.of("-R")) : all;
    }

    private static void assertMeasured(String test, JsonNode document) {
        if (test.endsWith("_lat")) {
            assertThat(document.path("latency_ns").path("p50").asDouble()).isPositive();
            assertThat(document.path("one_way").asBoolean()).isEqualTo(!test.startsWith("read"));
        } else {
            assertThat(document.path("iterations").asLong()).isEqualTo(Long.parseLong(ITERATIONS));
            assertThat(document.path("messages_per_second").asDouble()).isPositive();
        }
    }

    private static void assertMeasured(String printed) {
        Matcher matcher = RESULT.matcher(printed);
        assertThat(matcher.find()).as(printed).isTrue();
    }

    private static ContainerProcess verbena(SoftRoceContainer container, String test, String... more) {
        return VerbenaCommand.startBench(
                container,
                Stream.of(Stream.of("bench", test, "--warm-up", "0"), common(), Stream.of(more))
                        .flatMap(words -> words)
                        .toArray(String[]::new));
    }

    private static String[] perftest(String test, SoftRoceContainer container, String... server) {
        Stream<String> program = Stream.of(
                "ib_" + test,
                "-d",
                container.device().name(),
                "-x",
                Integer.toString(container.device().gidIndex()),
                "-F");
        return Stream.of(program, common(), Stream.of(server))
                .flatMap(words -> words)
                .toArray(String[]::new);
    }
}
