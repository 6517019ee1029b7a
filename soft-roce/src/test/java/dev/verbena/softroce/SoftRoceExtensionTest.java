package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where there is no Soft-RoCE: nothing is skipped without a reason, and nothing at all when it is required. */
final class SoftRoceExtensionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(50);

    @TempDir
    private Path folder;

    @Test
    void testsAreSkippedWithTheReason() throws Exception {
        assertThat(run()).singleElement().asString().startsWith("SKIPPED no Soft-RoCE: there is no lab");
    }

    @Test
    void testsFailWhenSoftRoceIsRequired() throws Exception {
        assertThat(run("-Dsoft-roce=required"))
                .singleElement()
                .asString()
                .startsWith("FAILED Soft-RoCE is required (-Dsoft-roce=required), but there is no lab");
    }

    private List<String> run(String... options) throws Exception {
        // Nobody listens on port 1, so that a machine that has devices of its own is none either.
        Map<String, String> environment =
                Map.of("VERBENA_CACHE", folder.resolve("cache").toString(), "DOCKER_HOST", "tcp://127.0.0.1:1");
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.add(RunNeedsSoftRoce.class.getName());
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (LocalJvm jvm = LocalJvm.start(folder, environment, arguments, lines::add)) {
            assertThat(jvm.await(PATIENCE)).as(jvm.console()).contains(0);
        }
        return lines;
    }
}
