package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The lab itself: two containers, each with one device, talk by rdma-core's own programs, over the link. */
@SoftRoceTest
final class LabSelfTestIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int ROUNDS = 200;
    /** All containers of a lab share one network, also those of other runs. */
    private static final int PORT = 20_000 + (int) (ProcessHandle.current().pid() % 10_000);

    @Test
    void twoContainersPingPongOverTheLinkBetweenTheirDevices(SoftRocePeers peers) throws InterruptedException {
        SoftRoceContainer server = peers.b();
        SoftRoceContainer client = peers.a();
        long[] before = packets(peers);

        try (ContainerProcess serving = server.run(LIMIT, pingPong(server))) {
            server.awaitListener(PORT, LIMIT);
            CommandResult result =
                    client.exec(LIMIT, pingPong(client, "127.0.0.1")).requireSuccess();
            assertThat(result.out()).contains(ROUNDS + " iters");
            serving.await().requireSuccess();
        }

        long[] after = packets(peers);
        for (int i = 0; i < before.length; i++) {
            assertThat(after[i] - before[i])
                    .as("packets out of and into both devices: else the link was bypassed")
                    .isGreaterThanOrEqualTo(ROUNDS);
        }
    }

    @Test
    void twoContainersConnectByRdmaCmOverTheLinkBetweenTheirDevices(SoftRocePeers peers) throws InterruptedException {
        SoftRoceContainer server = peers.b();
        SoftRoceContainer client = peers.a();
        String rounds = "20";
        String port = Integer.toString(PORT);
        long[] before = packets(peers);

        try (ContainerProcess serving =
                server.run(LIMIT, "rping", "-s", "-a", server.address(), "-p", port, "-C", rounds)) {
            server.awaitRdmaListener(PORT, LIMIT);
            client.exec(
                            LIMIT,
                            "rping",
                            "-c",
                            "-V",
                            "-a",
                            server.address(),
                            "-I",
                            client.address(),
                            "-p",
                            port,
                            "-C",
                            rounds)
                    .requireSuccess();
            serving.await().requireSuccess();
        }

        long[] after = packets(peers);
        for (int i = 0; i < before.length; i++) {
            assertThat(after[i] - before[i]).isGreaterThanOrEqualTo(Long.parseLong(rounds));
        }
    }

    private static String[] pingPong(SoftRoceContainer container, String... server) {
        return Stream.concat(
                        Stream.of(
                                "ibv_rc_pingpong",
                                "-d",
                                container.device().name(),
                                "-g",
                                Integer.toString(container.device().gidIndex()),
                                "-p",
                                Integer.toString(PORT),
                                "-n",
                                Integer.toString(ROUNDS)),
                        Stream.of(server))
                .toArray(String[]::new);
    }

    private static long[] packets(SoftRocePeers peers) throws InterruptedException {
        Map<String, Long> first = peers.a().counters(peers.lab().device(0));
        Map<String, Long> second = peers.a().counters(peers.lab().device(1));
        return Stream.of(first, second)
                .flatMap(counters -> Stream.of("sent_pkts", "rcvd_pkts").map(counters::get))
                .mapToLong(Long::longValue)
                .toArray();
    }
}
