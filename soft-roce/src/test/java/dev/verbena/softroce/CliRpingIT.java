package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Verbena's rping with rdma-core's, each as either side; and what a server does when clients come and die. */
@SoftRoceTest
final class CliRpingIT {
    private static final Duration PEER_LIMIT = Duration.ofMinutes(2);
    private static final String[] SIZES = {"64", "4096", "65535"};

    @BeforeAll
    static void install(SoftRocePeers peers) {
        VerbenaCommand.install(peers);
    }

    @Test
    void verbenasPersistentServerServesRdmaCoresClientsOneOfWhichDiesAndEndsByCtrlC(SoftRocePeers peers)
            throws Exception {
        try (ContainerProcess server = VerbenaCommand.start(
                peers.b(), "rping", "-s", "-P", "-V", "-v", "-a", peers.b().address())) {
            server.awaitLine(line -> line.startsWith("listening on "), VerbenaCommand.LIMIT);

            for (String size : SIZES) {
                peers.a()
                        .exec(PEER_LIMIT, client(peers, "-C", "100", "-V", "-S", size))
                        .requireSuccess();
            }
            try (ContainerProcess killed = peers.a().run(PEER_LIMIT, client(peers, "-v", "-S", "65535"))) {
                killed.awaitLine(line -> line.startsWith("ping data: rdma-ping-3"), PEER_LIMIT);
                killed.signal("KILL");
            }
            peers.a()
                    .exec(PEER_LIMIT, client(peers, "-C", "100", "-V", "-S", "64"))
                    .requireSuccess();

            server.signal("INT");
            assertThat(server.await().exitCode()).isEqualTo(130);
        }
    }

    @Test
    void verbenasClientPlaysWithRdmaCoresServerAndNoticesItsDeath(SoftRocePeers peers) throws Exception {
        try (ContainerProcess server = peers.b()
                .run(
                        VerbenaCommand.LIMIT.multipliedBy(2),
                        "rping",
                        "-s",
                        "-P",
                        // Its buffer has the size that it is told, not the one that the client asks for.
                        "-S",
                        "65535",
                        "-a",
                        peers.b().address())) {
            CommandResult played = VerbenaCommand.run(
                            peers.a(), client(peers, "-C", "100", "-V", "-S", "65535", "--json", "-"))
                    .requireSuccess();
            assertThat(VerbenaDocument.of(played, "rping").path("verified").asBoolean())
                    .isTrue();
            try (ContainerProcess endless = VerbenaCommand.start(peers.a(), client(peers, "-v"))) {
                endless.awaitLine(line -> line.startsWith("ping data: rdma-ping-3"), VerbenaCommand.LIMIT);
                server.signal("KILL");
                CommandResult ended = endless.await();

                assertThat(ended.exitCode()).as(ended.toString()).isEqualTo(4);
                assertThat(ended.err().lines()).anyMatch(line -> line.startsWith("verbena: "));
            }
        }
    }

    @Test
    void overIpv6VerbenasServerServesRdmaCoresClient(SoftRocePeers peers) throws Exception {
        String server6 = peers.b().device().address6();
        String client6 = peers.a().device().address6();
        try (ContainerProcess server =
                VerbenaCommand.start(peers.b(), "rping", "-s", "-V", "-C", "20", "-a", server6)) {
            server.awaitLine(line -> line.startsWith("listening on "), VerbenaCommand.LIMIT);

            peers.a()
                    .exec(PEER_LIMIT, "rping", "-c", "-V", "-C", "20", "-a", server6, "-I", client6)
                    .requireSuccess();

            server.await().requireSuccess();
        }
    }

    @Test
    void whereNobodyIsTheClientSaysSoInOneLine(SoftRocePeers peers) throws Exception {
        String nobody = peers.b().address().replaceAll("[0-9]+$", "77");

        CommandResult unreachable = VerbenaCommand.run(
                peers.a(), "rping", "-c", "-a", nobody, "-I", peers.a().address(), "-C", "1", "--timeout", "5s");

        assertThat(unreachable.exitCode()).as(unreachable.toString()).isEqualTo(4);
        assertThat(unreachable.err().lines()).hasSize(1);
    }

    /** The client's command line, the same for both: -I, because this host has both ends. */
    private static String[] client(SoftRocePeers peers, String... more) {
        return Stream.concat(
                        Stream.of(
                                "rping",
                                "-c",
                                "-a",
                                peers.b().address(),
                                "-I",
                                peers.a().address()),
                        Stream.of(more))
                .toArray(String[]::new);
    }
}
