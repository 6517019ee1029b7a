package dev.verbena.softroce;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Labels containers with the run they belong to, and removes those whose run has died without cleaning up.
 *
 * <p>A run is a JVM: its number in its process namespace, and when it started, so that a number used again does not deceive.
 * Runs of other machines that share the docker, and of other process namespaces, are left alone: nobody here can tell
 * whether they live.
 */
final class DeadRuns {
    static final String RUN = "dev.verbena.softroce.run";
    static final String PID = "dev.verbena.softroce.pid";
    static final String STARTED = "dev.verbena.softroce.started";
    static final String MACHINE = "dev.verbena.softroce.machine";

    private static final Logger LOG = LoggerFactory.getLogger(DeadRuns.class);
    private static final String THIS_RUN = UUID.randomUUID().toString();
    private static boolean swept;

    private DeadRuns() {}

    static Map<String, String> labelsOfThisRun() {
        ProcessHandle self = ProcessHandle.current();
        return Map.of(RUN, THIS_RUN, PID, Long.toString(self.pid()), STARTED, started(self), MACHINE, machine());
    }

    /** Sweeps, the first time in this JVM. */
    static synchronized void sweepOnce(DockerClient docker) {
        if (!swept) {
            sweep(docker);
            swept = true;
        }
    }

    /** Removes the containers of dead runs; returns their ids. */
    static List<String> sweep(DockerClient docker) {
        List<String> removed = new ArrayList<>();
        List<Container> containers = docker.listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(Map.of(MACHINE, machine()))
                .exec();
        for (Container container : containers) {
            Map<String, String> labels = container.getLabels();
            if (isAlive(labels.getOrDefault(PID, ""), labels.getOrDefault(STARTED, ""))) {
                continue;
            }
            LOG.info(
                    "removing container {} of the dead run {} (pid {})",
                    container.getId(),
                    labels.get(RUN),
                    labels.get(PID));
            try {
                docker.removeContainerCmd(container.getId())
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec();
                removed.add(container.getId());
            } catch (NotFoundException | ConflictException e) {
                LOG.debug("another run removes {} as well", container.getId(), e);
            }
        }
        return removed;
    }

    private static boolean isAlive(String pid, String started) {
        Optional<ProcessHandle> process;
        try {
            process = ProcessHandle.of(Long.parseLong(pid));
        } catch (NumberFormatException e) {
            return false;
        }
        return process.isPresent() && started(process.get()).equals(started);
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("unknown");
    }

    private static String machine() {
        try {
            // By lines: readString reads one byte first, and such a file gives nothing after that.
            String boot = Files.readAllLines(Path.of("/proc/sys/kernel/random/boot_id"))
                    .getFirst();
            return boot + "/" + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException e) {
            throw new IllegalStateException("cannot tell this machine from others", e);
        }
    }
}
