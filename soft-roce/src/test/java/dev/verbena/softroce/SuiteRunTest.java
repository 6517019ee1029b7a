package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** The bridge that reports a suite's tests as JUnit tests, with a suite that dies in all the ways. */
final class SuiteRunTest {
    private static final Duration LONG = Duration.ofSeconds(40);
    private static final String WHOLE = "the suite runs to its end and reports what was expected, nothing else";

    @Test
    void everyTestEndsHereAsItEndedThere(@TempDir Path folder) throws Exception {
        Map<String, Optional<Throwable>> ends = run(folder, "end", LONG);

        assertThat(ends).hasSize(FakeSuite.TESTS.size() + 1);
        assertFirstThree(ends);
        assertThat(ends.get("Second: passes")).isEmpty();
        assertThat(ends.get("Second: passes as well")).isEmpty();
        assertThat(ends.get("Third: passes")).isEmpty();
        assertThat(ends.get(WHOLE)).isEmpty();
    }

    @Test
    void testsWithoutAResultFailWithTheCrashLogWhenTheJvmCrashesMidway(@TempDir Path folder) throws Exception {
        Map<String, Optional<Throwable>> ends = run(folder, "crash", LONG);

        assertFirstThree(ends);
        for (String lost : List.of("Second: passes", "Second: passes as well", "Third: passes", WHOLE)) {
            assertThat(ends.get(lost))
                    .get()
                    .isInstanceOf(AssertionError.class)
                    .asString()
                    .contains("exit code 134", "3 of 6 tests were done", "the last one: First: skips")
                    .contains("A fatal error has been detected by the Java Runtime Environment", "SIGSEGV");
        }
    }

    @Test
    void testsWithoutAResultFailWhenTheJvmIsKilledMidway(@TempDir Path folder) throws Exception {
        CompletableFuture<LocalJvm> jvm = new CompletableFuture<>();
        try (SuiteRun run = new SuiteRun(FakeSuite.TESTS, LONG)) {
            run.start(onLine -> {
                jvm.complete(LocalJvm.start(folder, fakeSuite("hang"), onLine));
                return jvm.join();
            });
            run.await(FakeSuite.TESTS.get(2));

            jvm.join().handle().destroyForcibly();

            assertThatThrownBy(() -> run.await(FakeSuite.TESTS.get(3)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContainingAll("no result", "exit code 137", "3 of 6", "it left no crash log");
        }
    }

    @Test
    void aSilentJvmIsKilledAndItsThreadsAreShown(@TempDir Path folder) throws Exception {
        StringBuilder all = new StringBuilder();
        CompletableFuture<LocalJvm> jvm = new CompletableFuture<>();
        try (SuiteRun run = new SuiteRun(FakeSuite.TESTS, Duration.ofSeconds(3))) {
            run.start(onLine -> {
                jvm.complete(LocalJvm.start(folder, fakeSuite("hang"), line -> {
                    synchronized (all) {
                        all.append(line).append('\n');
                    }
                    onLine.line(line);
                }));
                return jvm.join();
            });

            assertThatThrownBy(() -> run.await(FakeSuite.TESTS.get(5)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("gave no result for PT3S and was killed");
        }
        assertThat(jvm.join().handle().isAlive()).isFalse();
        synchronized (all) {
            assertThat(all).contains("FakeSuite.main");
        }
    }

    @Test
    void aResultThatNobodyExpectedIsAFailure(@TempDir Path folder) throws Exception {
        Map<String, Optional<Throwable>> ends = run(folder, "surprise", LONG);

        assertThat(ends.get("Third: passes")).isEmpty();
        assertThat(ends.get(WHOLE)).get().asString().contains("not on the list: Fourth: is not on the list");
    }

    private static Map<String, Optional<Throwable>> run(Path folder, String end, Duration silenceMax)
            throws IOException, InterruptedException {
        try (SuiteRun run = new SuiteRun(FakeSuite.TESTS, silenceMax)) {
            run.start(onLine -> LocalJvm.start(folder, fakeSuite(end), onLine));
            return ends(run);
        }
    }

    static List<String> fakeSuite(String end) {
        return List.of(FakeSuite.class.getName(), end);
    }

    /** What each of the JUnit tests throws, if anything. */
    static Map<String, Optional<Throwable>> ends(SuiteRun run) {
        Map<String, Optional<Throwable>> ends = new LinkedHashMap<>();
        run.asTests().forEach(node -> collect("", node, ends));
        return ends;
    }

    private static void collect(String prefix, DynamicNode node, Map<String, Optional<Throwable>> ends) {
        switch (node) {
            case DynamicContainer container ->
                container.getChildren().forEach(child -> collect(container.getDisplayName() + ": ", child, ends));
            case DynamicTest test -> ends.put(prefix + test.getDisplayName(), thrownBy(test));
            default -> throw new AssertionError(node);
        }
    }

    private static Optional<Throwable> thrownBy(DynamicTest test) {
        try {
            test.getExecutable().execute();
            return Optional.empty();
        } catch (Throwable e) {
            return Optional.of(e);
        }
    }

    static void assertFirstThree(Map<String, Optional<Throwable>> ends) {
        assertThat(ends.get("First: passes")).isEmpty();
        assertThat(ends.get("First: fails"))
                .get()
                .isInstanceOf(AssertionError.class)
                .asString()
                .contains("1 is not 2");
        assertThat(ends.get("First: skips"))
                .get()
                .isInstanceOf(TestAbortedException.class)
                .asString()
                .contains("the device cannot do it");
    }
}
