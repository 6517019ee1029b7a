package dev.verbena.softroce;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/**
 * One run of a suite in a JVM somewhere else, seen from here: every test that was expected becomes a JUnit test, which ends as
 * it ended there. A test without a result fails, with what the JVM left behind.
 *
 * <p>The JUnit tests wait for their results one after the other, while the suite runs.
 */
final class SuiteRun implements AutoCloseable {
    private static final Duration DUMP_PATIENCE = Duration.ofSeconds(5);
    private static final Duration END_PATIENCE = Duration.ofSeconds(60);
    private static final int CRASH_LOG_LINES_MAX = 80;
    private static final int CONSOLE_LINES_MAX = 60;

    private final List<SuiteTest> expected;
    private final Duration silenceMax;
    private final Map<SuiteTest, SuiteResult> results = new LinkedHashMap<>();
    private final List<String> surprises = new ArrayList<>();
    private SuiteJvm jvm = new NoJvm();
    private Optional<String> verdict = Optional.empty();
    private long lastNewsNs = System.nanoTime();

    /** How a JVM is started whose standard output goes to a listener line by line. */
    interface Starter {
        SuiteJvm start(LineListener onLine) throws IOException, InterruptedException;
    }

    interface LineListener {
        void line(String line);
    }

    /**
     * A run that is expected to bring these tests.
     *
     * @param silenceMax how long no result may come before the JVM counts as hung and is killed
     */
    SuiteRun(Collection<SuiteTest> expected, Duration silenceMax) {
        this.expected = List.copyOf(expected);
        this.silenceMax = silenceMax;
        if (this.expected.isEmpty()) {
            throw new AssertionError("the suite is empty");
        }
        if (this.expected.stream().distinct().count() != this.expected.size()) {
            throw new AssertionError("two tests of the suite have one name: " + expected);
        }
    }

    void start(Starter starter) throws IOException, InterruptedException {
        jvm = starter.start(this::onLine);
    }

    /** What each test took, the slowest first, into a file: the emulated machine makes slow tests dear. */
    void report(Path file) {
        List<String> lines = results().stream()
                .sorted(Comparator.comparingLong(SuiteResult::millis).reversed())
                .map(result -> String.format(
                        "%8d ms  %-7s  %s  %s", result.millis(), result.status(), result.test(), result.reason()))
                .toList();
        try {
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A JUnit test per expected test, by contract, and one about the run as a whole. */
    Stream<DynamicNode> asTests() {
        Map<String, List<DynamicTest>> byContract = new LinkedHashMap<>();
        for (SuiteTest test : expected) {
            byContract
                    .computeIfAbsent(test.contract(), contract -> new ArrayList<>())
                    .add(DynamicTest.dynamicTest(test.test(), () -> await(test).replay()));
        }
        Stream<DynamicNode> contracts = byContract.entrySet().stream()
                .map(entry -> DynamicContainer.dynamicContainer(entry.getKey(), entry.getValue()));
        return Stream.concat(
                contracts,
                Stream.of(DynamicTest.dynamicTest(
                        "the suite runs to its end and reports what was expected, nothing else",
                        this::requireGoodEnd)));
    }

    /**
     * Waits for the result of a test.
     *
     * @throws AssertionError when the run ended without one
     */
    SuiteResult await(SuiteTest test) throws InterruptedException, IOException {
        while (true) {
            synchronized (this) {
                SuiteResult result = results.get(test);
                if (result != null) {
                    return result;
                }
                if (verdict.isPresent()) {
                    throw new AssertionError(test + ": no result: " + verdict.get());
                }
            }
            watch();
        }
    }

    /** What came so far. */
    synchronized List<SuiteResult> results() {
        return List.copyOf(results.values());
    }

    @Override
    public void close() {
        jvm.close();
    }

    private synchronized void onLine(String line) {
        try {
            SuiteResult.parse(line).ifPresent(this::onResult);
        } catch (RuntimeException e) {
            surprises.add(e.getMessage() + ": " + line);
        }
        lastNewsNs = System.nanoTime();
        notifyAll();
    }

    private void onResult(SuiteResult result) {
        if (!expected.contains(result.test())) {
            surprises.add("not on the list: " + result.test());
        } else if (results.putIfAbsent(result.test(), result) != null) {
            surprises.add("reported twice: " + result.test());
        }
    }

    /** Returns when there is a new line; else when the JVM ended, was silent for too long, or a moment passed. */
    private void watch() throws InterruptedException, IOException {
        int before = results().size();
        Optional<Integer> exitCode = jvm.await(Duration.ofMillis(100));
        if (exitCode.isPresent()) {
            conclude("the suite's JVM ended with exit code " + exitCode.get());
            return;
        }
        synchronized (this) {
            if (results.size() != before || System.nanoTime() - lastNewsNs < silenceMax.toNanos()) {
                return;
            }
        }
        jvm.dumpThreads();
        jvm.await(DUMP_PATIENCE);
        jvm.close();
        conclude("the suite's JVM gave no result for " + silenceMax + " and was killed");
    }

    private void conclude(String reason) throws InterruptedException, IOException {
        String crash =
                jvm.crashLog().map(log -> "\n--- crash log\n" + head(log)).orElse("\n(it left no crash log)");
        synchronized (this) {
            List<SuiteResult> done = results();
            String last = done.isEmpty()
                    ? "no test was done"
                    : done.size() + " of " + expected.size() + " tests were done, the last one: "
                            + done.getLast().test();
            verdict = Optional.of(reason + "; " + last + crash + "\n--- standard error\n" + tail(jvm.console()));
        }
    }

    private void requireGoodEnd() throws InterruptedException, IOException {
        long deadline = System.nanoTime() + END_PATIENCE.toNanos();
        while (verdictSoFar().isEmpty() && System.nanoTime() < deadline) {
            watch();
        }
        String end = verdictSoFar().orElse("the suite's JVM did not end");
        List<SuiteResult> done = results();
        boolean anyFailed = done.stream().anyMatch(result -> result.status() == SuiteResult.Status.FAILED);
        Optional<Integer> exitCode = jvm.await(Duration.ofMillis(TimeUnit.SECONDS.toMillis(1)));
        if (!surprises.isEmpty()) {
            throw new AssertionError("surprises in the report: " + String.join("\n", surprises));
        }
        if (!exitCode.equals(Optional.of(anyFailed ? 1 : 0))) {
            throw new AssertionError(end);
        }
    }

    private synchronized Optional<String> verdictSoFar() {
        return verdict;
    }

    private static String head(String text) {
        return String.join("\n", text.lines().limit(CRASH_LOG_LINES_MAX).toList());
    }

    private static String tail(String text) {
        List<String> lines = text.lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - CONSOLE_LINES_MAX), lines.size()));
    }

    /** Before the start. */
    private static final class NoJvm implements SuiteJvm {
        @Override
        public Optional<Integer> await(Duration patience) {
            throw new IllegalStateException("not started");
        }

        @Override
        public String console() {
            return "";
        }

        @Override
        public Optional<String> crashLog() {
            return Optional.empty();
        }

        @Override
        public void dumpThreads() {}

        @Override
        public void close() {}
    }
}
