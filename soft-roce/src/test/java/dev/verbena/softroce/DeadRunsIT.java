package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;

/** A run that is killed leaves its containers behind; the next one removes them, and only them. */
@SoftRoceTest
final class DeadRunsIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** As in an IDE: nothing tells Testcontainers where the lab's docker is, nor that ryuk cannot be had. */
    private static final Map<String, String> BARE =
            Map.of("DOCKER_HOST", "", "TESTCONTAINERS_DOCKER_CLIENT_STRATEGY", "", "TESTCONTAINERS_RYUK_DISABLED", "");

    @Test
    void afterAKilledRunTheNextOneIsClean(SoftRocePeers peers, @TempDir Path folder) throws Exception {
        DockerClient docker = DockerClientFactory.lazyClient();
        String ours = peers.a().getContainerId();

        String left = startAndKill(folder);
        assertThat(isRunning(docker, left))
                .as("killed in the middle, it could not clean up")
                .isTrue();

        String passing = startAndEnd(folder);

        assertThat(exists(docker, left)).as("the dead run's container").isFalse();
        assertThat(exists(docker, passing)).as("the next run's own container").isFalse();
        assertThat(isRunning(docker, ours))
                .as("the container of a run that lives")
                .isTrue();
    }

    private static String startAndKill(Path folder) throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        try (LocalJvm jvm = start(folder, "hold", lines)) {
            String id = startedId(lines, jvm);
            jvm.handle().destroyForcibly();
            assertThat(jvm.await(PATIENCE)).contains(137);
            return id;
        }
    }

    private static String startAndEnd(Path folder) throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        try (LocalJvm jvm = start(folder, "once", lines)) {
            String id = startedId(lines, jvm);
            assertThat(jvm.await(PATIENCE)).as(jvm.console()).contains(0);
            return id;
        }
    }

    private static LocalJvm start(Path folder, String how, BlockingQueue<String> lines) throws Exception {
        return LocalJvm.start(folder, BARE, List.of(HoldContainer.class.getName(), how), lines::add);
    }

    private static String startedId(BlockingQueue<String> lines, LocalJvm jvm) throws InterruptedException {
        String line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(line).as(jvm.console()).startsWith("started ");
        return String.valueOf(line).substring("started ".length());
    }

    private static boolean exists(DockerClient docker, String id) {
        try {
            docker.inspectContainerCmd(id).exec();
            return true;
        } catch (NotFoundException e) {
            return false;
        }
    }

    private static boolean isRunning(DockerClient docker, String id) {
        return Boolean.TRUE.equals(
                docker.inspectContainerCmd(id).exec().getState().getRunning());
    }
}
