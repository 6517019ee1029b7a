package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The programs of the differential test on rdma-core with Soft-RoCE and on the embedded provider, in one JVM in a container with
 * both devices: each has to keep the rules for what it declares that it can do.
 */
@SoftRoceTest
final class DifferentialIT {
    private static final String MAIN = "dev.verbena.verbs.conformance.differential.DifferentialMain";
    private static final int PROGRAMS = Integer.getInteger("programs", 60) * Integer.getInteger("scale", 1);
    private static final Duration LIMIT = Duration.ofMinutes(4L * Integer.getInteger("scale", 1));

    @Test
    void softRoceAndEmbeddedDoWhatTheRulesAllow(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        Path folder = Files.createDirectories(
                Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "differential"));
        List<String> lines = new ArrayList<>();

        Optional<Integer> exitCode;
        String console;
        try (ContainerJvm jvm = ContainerJvm.start(
                container, LIMIT, folder.resolve("hs_err.log"), arguments(peers.lab()), line -> add(lines, line))) {
            exitCode = jvm.await(LIMIT);
            console = jvm.console();
        }

        synchronized (lines) {
            Files.write(folder.resolve("results.txt"), lines);
            assertThat(exitCode).as(String.join("\n", lines) + "\n" + console).contains(0);
        }
    }

    private static void add(List<String> lines, String line) {
        synchronized (lines) {
            lines.add(line);
        }
    }

    private static List<String> arguments(SoftRoceLab lab) {
        List<String> arguments = new ArrayList<>(List.of("-Dverbena.embedded.devices=2", MAIN));
        arguments.addAll(List.of("--provider", "rdma-core", "--also", "embedded"));
        arguments.addAll(List.of("--seed", System.getProperty("seed", "1")));
        arguments.addAll(List.of("--programs", Integer.toString(PROGRAMS)));
        for (int end = 0; end < 2; end++) {
            RxeDevice device = lab.device(end);
            String part = end == 0 ? "-a" : "-b";
            arguments.addAll(
                    List.of("--device" + part, device.name(), "--gid" + part, Integer.toString(device.gidIndex())));
        }
        return arguments;
    }
}
