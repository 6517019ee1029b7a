package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bridge with a suite in a container, whose JVM crashes midway. */
@SoftRoceTest
final class BridgeIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @Test
    void testsWithoutAResultFailWithTheCrashLogOfTheJvmInTheContainer(SoftRocePeers peers, @TempDir Path folder)
            throws Exception {
        SoftRoceContainer container = peers.both();
        PeerLibrary.ensureIn(container);
        Path crashLog = folder.resolve("hs_err.log");
        Map<String, Optional<Throwable>> ends;
        try (SuiteRun run = new SuiteRun(FakeSuite.TESTS, LIMIT)) {
            run.start(
                    onLine -> ContainerJvm.start(container, LIMIT, crashLog, SuiteRunTest.fakeSuite("crash"), onLine));
            ends = SuiteRunTest.ends(run);
        }

        SuiteRunTest.assertFirstThree(ends);
        for (SuiteTest lost : List.copyOf(FakeSuite.TESTS).subList(3, FakeSuite.TESTS.size())) {
            assertThat(ends.get(lost.toString()))
                    .get()
                    .isInstanceOf(AssertionError.class)
                    .asString()
                    .contains("3 of 6 tests were done", "SIGSEGV");
        }
        assertThat(crashLog).isNotEmptyFile();
    }
}
