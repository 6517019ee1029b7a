package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.rdmacore.ffi.CCompiler;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Prepared calls cost little more than the verbs below them, and no memory. On a machine with nothing else to do the bar is
 * {@code -Dsvc.ratio=1.1}; beside other work a build sees only that nothing is badly wrong.
 */
class SvcCostTest {
    private static final Pattern RESULT = Pattern.compile("ratio ([0-9.]+), (\\d+) B in");
    private static final double RATIO_MAX = Double.parseDouble(System.getProperty("svc.ratio", "2"));

    private static void assertCheap(Program program) throws InterruptedException {
        List<String> lines = program.awaitSuccess();
        Matcher result = RESULT.matcher(lines.getLast());
        assertThat(result.find()).as(lines.toString()).isTrue();
        System.out.println(lines.getLast());
        assertThat(Long.parseLong(result.group(2))).as(lines.getLast()).isZero();
        assertThat(Double.parseDouble(result.group(1))).as(lines.getLast()).isLessThanOrEqualTo(RATIO_MAX);
    }

    private static Program start(List<String> flags, String... arguments) throws Exception {
        return Program.start(Program.classPath(), flags, SvcCostMain.class.getName(), arguments);
    }

    @Test
    void onADeviceThatAnswersAtOnce() throws Exception {
        CCompiler.require();
        Path library = CCompiler.directory().resolve("libverbena-fake-ibverbs.so");
        CCompiler.compile(
                Path.of("..", "rdma-core", "src", "test", "c", "fake-ibverbs.c"), library, "-shared", "-fPIC");

        try (Program program = start(
                List.of("-XX:TieredStopAtLevel=4", "-Ddev.verbena.libibverbs=" + library), "fake", "40", "40000")) {
            assertCheap(program);
        }
    }

    @Test
    void onTheEmbeddedProviderTheyTakeNoMemory() throws Exception {
        try (Program program = start(List.of("-XX:TieredStopAtLevel=4"), "connected", "20", "40000")) {
            List<String> lines = program.awaitSuccess();
            System.out.println(lines.getLast());
            Matcher result = RESULT.matcher(lines.getLast());
            assertThat(result.find()).as(lines.toString()).isTrue();
            assertThat(Long.parseLong(result.group(2))).as(lines.getLast()).isZero();
        }
    }
}
