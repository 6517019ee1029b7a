package dev.verbena.verbs.conformance;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes one line of JSON per test, at once: {@code {"contract","test","status","reason","millis","trace"}} with status
 * PASSED, FAILED or SKIPPED. A reader that misses a test's line knows that the JVM died in it or before it.
 */
final class Report implements TestExecutionListener {
    private final PrintStream out;
    private final Map<String, Long> starts = new ConcurrentHashMap<>();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile String running = "";
    private volatile long runningSinceNs;
    private volatile @Nullable TestPlan plan;

    Report(PrintStream out) {
        this.out = out;
    }

    /** Failed tests and classes so far. */
    int failures() {
        return failures.get();
    }

    /** The test that runs, empty between tests. */
    String running() {
        return running;
    }

    /** When it began. */
    long runningSinceNs() {
        return runningSinceNs;
    }

    static String contract(TestIdentifier test) {
        return test.getSource()
                .map(source -> switch (source) {
                    case MethodSource method -> SentenceNames.contract(method.getJavaClass());
                    case ClassSource clazz -> SentenceNames.contract(clazz.getJavaClass());
                    default -> "";
                })
                .orElse("");
    }

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
        plan = testPlan;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        if (test.isTest()) {
            starts.put(test.getUniqueId(), System.nanoTime());
            runningSinceNs = System.nanoTime();
            running = contract(test) + ": " + test.getDisplayName();
        }
    }

    @Override
    public void executionSkipped(TestIdentifier skipped, String reason) {
        eachTest(skipped, test -> line(test, "SKIPPED", reason, null));
    }

    @Override
    public void executionFinished(TestIdentifier finished, TestExecutionResult result) {
        Throwable cause = result.getThrowable().orElse(null);
        String reason = cause == null ? "" : reason(cause);
        if (finished.isTest()) {
            running = "";
            switch (result.getStatus()) {
                case SUCCESSFUL -> line(finished, "PASSED", "", null);
                case ABORTED -> line(finished, "SKIPPED", reason, null);
                case FAILED -> {
                    failures.incrementAndGet();
                    line(finished, "FAILED", reason, cause);
                }
            }
        } else if (result.getStatus() == TestExecutionResult.Status.FAILED) {
            failures.incrementAndGet();
            eachTest(finished, test -> line(test, "FAILED", reason, cause));
        }
    }

    private void eachTest(TestIdentifier root, Consumer<TestIdentifier> action) {
        if (root.isTest()) {
            action.accept(root);
            return;
        }
        TestPlan known = plan;
        if (known != null) {
            known.getDescendants(root).stream().filter(TestIdentifier::isTest).forEach(action);
        }
    }

    private static String reason(Throwable cause) {
        String message = cause.getMessage();
        return message == null || message.isBlank() ? cause.getClass().getName() : message.strip();
    }

    private synchronized void line(TestIdentifier test, String status, String reason, @Nullable Throwable cause) {
        Long start = starts.remove(test.getUniqueId());
        long millis = start == null ? 0 : (System.nanoTime() - start) / 1_000_000;
        out.println(new Json()
                .field("contract", contract(test))
                .field("test", test.getDisplayName())
                .field("status", status)
                .field("reason", reason)
                .field("millis", millis)
                .field("trace", cause == null ? "" : trace(cause)));
        out.flush();
    }

    private static String trace(Throwable cause) {
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
