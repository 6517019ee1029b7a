package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The samples of verbs/jverbs on rdma-core with Soft-RoCE, on request ({@code -Dit.test=JverbsRuns}): two processes, a device for
 * each, over the link between them.
 */
@SoftRoceTest
final class JverbsRuns {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int PORT = 18_600;

    @Test
    void programsInTheStyleOfIbmsDocumentationRunOverTheLink(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        RxeDevice client = peers.lab().device(0);
        RxeDevice server = peers.lab().device(1);
        long sentBefore = sent(container, client);

        try (ContainerProcess serving =
                container.run(LIMIT, program(container, "AllServers", server.address(), String.valueOf(PORT)))) {
            for (int port = PORT; port < PORT + 3; port++) {
                String listening = "listening " + port;
                serving.awaitLine(listening::equals, LIMIT);
            }
            CommandResult asked = container.exec(
                    LIMIT, program(container, "AllClients", client.address(), server.address(), String.valueOf(PORT)));

            asked.requireSuccess();
            assertThat(asked.out().lines().filter(line -> !line.startsWith("port ")))
                    .filteredOn(line -> !line.startsWith("device "))
                    .containsExactly("exchanged 20, read 20000, wrote 20000", "answered 2", "read 3 x 50000");
            assertThat(asked.out()).contains("device " + client.name() + " ", "device " + server.name() + " ");
            assertThat(serving.await().requireSuccess().out().lines())
                    .contains("served 21", "served 2", "served 50000");
        }
        assertThat(sent(container, client) - sentBefore)
                .as("packets that the client's device sent")
                .isGreaterThan(60);
    }

    private static long sent(SoftRoceContainer container, RxeDevice device) throws InterruptedException {
        return container.counters(device).getOrDefault("sent_pkts", 0L);
    }

    private static String[] program(SoftRoceContainer container, String name, String... arguments) {
        List<String> command = new ArrayList<>(container.java(
                "-Dverbena.jverbs.provider=rdma-core",
                "-cp",
                ContainerJvm.LIB + "/*",
                "dev.verbena.jverbs.samples." + name));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }
}
