package dev.verbena.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.verbena.cli.ExitCodes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two loops against the device without a kernel: short samples, whose figures mean nothing. */
final class CostTest {
    private static final Path HEADER = Path.of("/usr/include/infiniband/verbs.h");

    @TempDir
    private Path folder;

    /** In a process of its own. */
    private Bench cost(List<String> prefix, String... arguments) throws Exception {
        Path out = folder.resolve("out");
        Process process = Bench.process(prefix, out, arguments);
        return Bench.end(process, out);
    }

    @Test
    void bothLoopsAnswerForEveryWayAndBatch() throws Exception {
        boolean required = System.getProperty("soft-roce", "auto").equals("required");
        assumeTrue(
                required || (Files.exists(HEADER) && Files.isExecutable(Path.of("/usr/bin/cc"))),
                "no cc with rdma-core's headers");
        Path file = folder.resolve("cost.json");

        Bench bench =
                cost(List.of(), "cost", "--repeats", "1", "--samples", "2", "-n", "20000", "--json", file.toString());

        assertThat(bench.exitCode()).as(bench.err()).isZero();
        JsonNode document = Bench.valid("bench-cost", Files.readString(file));
        Set<String> rows = new HashSet<>();
        for (JsonNode result : document.path("results")) {
            rows.add(result.path("post").asText() + " " + result.path("batch").asInt());
            assertThat(result.path("c_ns").path("median").asDouble()).isPositive();
            assertThat(result.path("java_ns").path("median").asDouble()).isPositive();
            JsonNode only = result.path("repeats").path(0);
            assertThat(result.path("ratio").path("median").asDouble())
                    .isCloseTo(only.path("ratio").asDouble(), within(1e-9));
        }
        assertThat(rows).containsExactlyInAnyOrder("doorbell 1", "doorbell 32", "system call 1", "system call 32");
        assertThat(bench.out()).contains("at most 1.25", "at most 1.4");
    }

    @ParameterizedTest
    @CsvSource({
        "cost --repeats 0, --repeats 0 is not within 1 to 100",
        "cost -n 10, --iters 10 is not within",
        "cost -d rxe0, --device do not go with cost"
    })
    void nonsenseIsExplained(String line, String complaint) throws Exception {
        Bench bench = Bench.run((line + " --json -").split(" ", -1));

        assertThat(bench.exitCode()).isEqualTo(ExitCodes.USAGE);
        JsonNode error = Bench.valid("bench-cost", bench.out()).path("error");
        assertThat(error.path("message").asText()).contains(complaint);
    }

    @Test
    void withoutACompilerItSaysWhatToInstall() throws Exception {
        Bench bench = cost(List.of("/usr/bin/env", "PATH=" + folder), "cost");

        assertThat(bench.exitCode()).isEqualTo(ExitCodes.NO_DEVICE);
        assertThat(bench.err()).contains("there is no C compiler (cc)", "apt install gcc libc6-dev libibverbs-dev");
    }
}
