package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the link does to work on it: lost and late packets only cost time, a cut link ends everything within a bound,
 * an unplugged one is told. */
@SoftRoceTest(disturbsLink = true)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LossIT {
    private static final String PIPE = SoftRoceContainer.HOME + "/link-work";
    private static final int ROUNDS = 50 * Integer.getInteger("scale", 1);
    private static final Duration LIMIT = Duration.ofMinutes(10L * Integer.getInteger("scale", 1));
    private static final Duration START_PATIENCE = Duration.ofMinutes(3);
    private static final Duration WORK_PATIENCE = Duration.ofMinutes(2L * Integer.getInteger("scale", 1));
    /**
     * Of QueuePair.connect's defaults: seven transmissions, each of which may take four times the acknowledge timeout of
     * 67 ms before it counts as lost (IBTA 9.7.6.1.3), and as much again for an emulated, busy machine.
     */
    private static final Duration PENDING_MAX = Duration.ofMillis(2 * 7 * 4 * 67);

    private SoftRoceContainer container;
    private ContainerProcess work;
    private LabLink link;

    @BeforeAll
    void startTheWorker(SoftRocePeers peers) throws Exception {
        SoftRoceLab lab = peers.lab();
        link = lab.link();
        container = peers.both();
        PeerLibrary.ensureIn(container);
        container.exec("sh", "-c", "rm -f $0 && mkfifo $0", PIPE).requireSuccess();
        List<String> command = container.java(
                "-cp",
                ContainerJvm.LIB + "/*",
                LinkWork.class.getName(),
                PIPE,
                lab.device(0).name(),
                lab.device(0).address(),
                lab.device(1).name(),
                lab.device(1).address());
        work = container.run(LIMIT, command, line -> {});
        work.awaitLine(line -> line.equals("ready"), START_PATIENCE);
    }

    @AfterAll
    void endTheWorker() {
        work.close();
    }

    @Test
    void overALossyLinkAllWorkIsDoneAndCorrect() throws Exception {
        long repairsBefore = repairs();

        try (LabLink.Disturbance _ = link.loss(3)) {
            perform("exchange " + ROUNDS, "exchanged " + ROUNDS + " ");
        }

        assertThat(repairs()).as("lost packets that were sent again").isGreaterThan(repairsBefore);
    }

    @Test
    void aDelayedLinkDelaysEveryRound() throws Exception {
        Duration oneWay = Duration.ofMillis(5);
        long rounds = 5;
        long operationsPerRound = 4;

        String line;
        try (LabLink.Disturbance _ = link.delay(oneWay)) {
            line = perform("exchange " + rounds, "exchanged " + rounds + " ");
        }

        long millis = Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
        assertThat(millis).isGreaterThanOrEqualTo(rounds * operationsPerRound * 2 * oneWay.toMillis());
    }

    @Test
    void onACutLinkPendingWorkFailsWithinTheBoundAndAHealedOneWorksAgain() throws Exception {
        String line;
        try (LabLink.Disturbance _ = link.cut()) {
            line = perform("pending", "pending ");
        }

        assertThat(line).endsWith("RETRY_EXC_ERR WR_FLUSH_ERR WR_FLUSH_ERR ERROR");
        long millis = Long.parseLong(line.substring("pending ".length(), line.indexOf(' ', "pending ".length())));
        assertThat(Duration.ofMillis(millis)).isLessThan(PENDING_MAX);
        perform("exchange 3", "exchanged 3 ");
    }

    @Test
    void anUnpluggedLinkIsToldByThePortsOfBothDevicesAndAPluggedOneWorksAgain() throws Exception {
        container.exec("sh", "-c", "echo \"$1\" >\"$0\"", PIPE, "ports").requireSuccess();
        work.awaitLine(line -> line.equals("watching"), WORK_PATIENCE);

        try (LabLink.Disturbance _ = link.unplug()) {
            work.awaitLine(line -> line.equals("ports PORT_ERR DOWN PORT_ERR DOWN"), WORK_PATIENCE);
        }

        work.awaitLine(line -> line.equals("ports PORT_ACTIVE ACTIVE PORT_ACTIVE ACTIVE"), WORK_PATIENCE);
        perform("exchange 3", "exchanged 3 ");
    }

    /** Has the worker do it, and returns the line that says so. */
    private String perform(String command, String begin) throws InterruptedException {
        container.exec("sh", "-c", "echo \"$1\" >\"$0\"", PIPE, command).requireSuccess();
        return work.awaitLine(line -> line.startsWith(begin), WORK_PATIENCE);
    }

    private long repairs() throws InterruptedException {
        long sum = 0;
        for (RxeDevice device : container.devices()) {
            Map<String, Long> counters = container.counters(device);
            for (String name :
                    List.of("duplicate_request", "out_of_seq_request", "rcvd_seq_err", "completer_retry_err")) {
                sum += counters.getOrDefault(name, 0L);
            }
        }
        return sum;
    }
}
