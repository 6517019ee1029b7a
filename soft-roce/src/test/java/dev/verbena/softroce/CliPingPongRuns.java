package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Verbena's ping-pong with rdma-core's ibv_rc_pingpong, ibv_uc_pingpong and ibv_ud_pingpong, on request: one of each
 * side, with {@code -Dpingpong.all=true} all three from both.
 */
@SoftRoceTest
final class CliPingPongRuns {
    private static final boolean ALL = Boolean.getBoolean("pingpong.all");
    private static final List<String> TYPES = List.of("rc", "uc", "ud");
    private static final String ROUNDS = "200";
    private static final String BYTES = "1000";
    private static final int PORT = 18515;
    private static final Duration PEER_LIMIT = Duration.ofMinutes(3);

    @BeforeAll
    static void install(SoftRocePeers peers) {
        VerbenaCommand.install(peers);
    }

    private static List<String> ofVerbenasClient() {
        return ALL ? TYPES : List.of("rc");
    }

    private static List<String> ofVerbenasServer() {
        return ALL ? TYPES : List.of("ud");
    }

    @ParameterizedTest
    @MethodSource("ofVerbenasClient")
    void verbenasClientPlaysWithRdmaCoresServer(String type, SoftRocePeers peers) throws Exception {
        try (ContainerProcess server = peers.b().run(PEER_LIMIT, rdmaCore(type, peers.b()))) {
            peers.b().awaitListener(PORT, PEER_LIMIT);
            CommandResult client = VerbenaCommand.run(
                            peers.a(),
                            "pingpong",
                            "--type",
                            type,
                            "-s",
                            BYTES,
                            "-n",
                            ROUNDS,
                            "--json",
                            "-",
                            peers.b().address())
                    .requireSuccess();
            CommandResult served = server.await().requireSuccess();

            assertVerified(client);
            assertThat(served.out()).contains(ROUNDS + " iters");
        }
    }

    @ParameterizedTest
    @MethodSource("ofVerbenasServer")
    void rdmaCoresClientPlaysWithVerbenasServer(String type, SoftRocePeers peers) throws Exception {
        try (ContainerProcess server =
                VerbenaCommand.start(peers.b(), "pingpong", "--type", type, "-s", BYTES, "-n", ROUNDS, "--json", "-")) {
            peers.b().awaitListener(PORT, VerbenaCommand.LIMIT);
            CommandResult client = peers.a()
                    .exec(PEER_LIMIT, rdmaCore(type, peers.a(), peers.b().address()))
                    .requireSuccess();
            CommandResult served = server.await().requireSuccess();

            assertThat(client.out()).contains(ROUNDS + " iters");
            assertVerified(served);
        }
    }

    private static void assertVerified(CommandResult verbena) throws Exception {
        JsonNode document = VerbenaDocument.of(verbena, "pingpong");
        assertThat(document.path("verified").asBoolean()).isTrue();
        assertThat(document.path("round_trip_ns").path("p50").asLong()).isPositive();
    }

    private static String[] rdmaCore(String type, SoftRoceContainer container, String... server) {
        return Stream.concat(
                        Stream.of(
                                "ibv_" + type + "_pingpong",
                                "-d",
                                container.device().name(),
                                "-g",
                                Integer.toString(container.device().gidIndex()),
                                "-s",
                                BYTES,
                                "-n",
                                ROUNDS),
                        Stream.of(server))
                .toArray(String[]::new);
    }
}
