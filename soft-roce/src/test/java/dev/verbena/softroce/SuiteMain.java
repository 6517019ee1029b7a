package dev.verbena.softroce;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes where the devices are: {@code SuiteMain DEVICE,DEVICE CLASS...}. One line of JSON per method, as
 * {@link SuiteResult} reads them; a method with several arguments counts as one test. Exit code 1 when one failed.
 *
 * <p>A test fails also when it has moved a device's counters of receiver-not-ready: the core never lets that happen. Soft-RoCE
 * counts as such also an answer to a READ that it could not send; those are known by its count of failed sends.
 */
final class SuiteMain {
    private static final String TEST_TIMEOUT = "120 s";
    /** What compares texts of the repository with each other needs no device, and has no repository in a container. */
    private static final String NEEDS_SOURCES = "sources";

    private static final Pattern CLASS_INVOCATION = Pattern.compile("class-template-invocation:#(\\d+)");

    private SuiteMain() {}

    public static void main(String[] args) {
        Report report = new Report(List.of(args[0].split(",")));
        launcher().execute(request(Arrays.asList(args).subList(1, args.length)), report);
        System.exit(report.failures == 0 ? 0 : 1);
    }

    /** What would run. */
    static List<SuiteTest> tests(List<String> classes) {
        TestPlan plan = launcher().discover(request(classes));
        Stream<SuiteTest> plain = plan.getRoots().stream()
                .flatMap(root -> plan.getDescendants(root).stream())
                .filter(test -> isMethod(plan, test))
                .map(SuiteMain::name);
        return Stream.concat(plain, classes.stream().flatMap(SuiteMain::parameterizedTests))
                .toList();
    }

    /** The methods of a class with parameters, which discovery finds only while it runs: for each constant of its enum. */
    private static Stream<SuiteTest> parameterizedTests(String className) {
        try {
            Class<?> type = Class.forName(className);
            EnumSource source = type.getAnnotation(EnumSource.class);
            if (!type.isAnnotationPresent(ParameterizedClass.class) || source == null) {
                return Stream.empty();
            }
            int invocations = source.value().getEnumConstants().length;
            return IntStream.rangeClosed(1, invocations)
                    .boxed()
                    .flatMap(invocation -> Arrays.stream(type.getDeclaredMethods())
                            .filter(method -> method.isAnnotationPresent(Test.class)
                                    || method.isAnnotationPresent(ParameterizedTest.class))
                            .map(method ->
                                    new SuiteTest(type.getSimpleName() + "[" + invocation + "]", method.getName())));
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(className + " is not on the class path", e);
        }
    }

    private static Launcher launcher() {
        return LauncherFactory.create(LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build());
    }

    private static LauncherDiscoveryRequest request(List<String> classes) {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(classes.stream().map(DiscoverySelectors::selectClass).toList())
                .filters(TagFilter.excludeTags(NEEDS_SOURCES))
                .configurationParameter("junit.jupiter.execution.timeout.default", TEST_TIMEOUT)
                .configurationParameter("junit.jupiter.execution.timeout.threaddump.enabled", "true")
                .build();
    }

    /** Whether it is a method, and not one of its invocations. */
    private static boolean isMethod(TestPlan plan, TestIdentifier test) {
        return test.getSource().orElse(null) instanceof MethodSource
                && plan.getParent(test)
                        .filter(parent -> parent.getSource().orElse(null) instanceof MethodSource)
                        .isEmpty();
    }

    private static SuiteTest name(TestIdentifier method) {
        MethodSource source = (MethodSource) method.getSource().orElseThrow();
        Matcher invocation = CLASS_INVOCATION.matcher(method.getUniqueId());
        String which = invocation.find() ? "[" + invocation.group(1) + "]" : "";
        return new SuiteTest(source.getJavaClass().getSimpleName() + which, source.getMethodName());
    }

    private static final class Report implements TestExecutionListener {
        private final ObjectMapper mapper = new ObjectMapper();
        private final List<String> devices;
        private final Map<String, Long> startsNs = new LinkedHashMap<>();
        private final Map<String, Throwable> firstFailures = new LinkedHashMap<>();
        private final Set<String> reported = new HashSet<>();
        private @Nullable TestPlan running;
        private long notReadyBefore;
        private long notReadyAnswersBefore;
        private int failures;

        Report(List<String> devices) {
            this.devices = devices;
        }

        private TestPlan plan() {
            TestPlan plan = running;
            if (plan == null) {
                throw new IllegalStateException("nothing runs");
            }
            return plan;
        }

        @Override
        public void testPlanExecutionStarted(TestPlan plan) {
            running = plan;
        }

        @Override
        public void executionStarted(TestIdentifier test) {
            if (isMethod(plan(), test)) {
                startsNs.put(test.getUniqueId(), System.nanoTime());
                notReadyBefore = sum("rcvd_rnr_err");
                notReadyAnswersBefore = notReadyAnswers();
            }
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            eachMethod(test, method -> line(method, "SKIPPED", reason, null));
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            Throwable cause = result.getThrowable().orElse(null);
            if (isMethod(plan(), test)) {
                finished(test, result.getStatus(), cause != null ? cause : firstFailures.get(test.getUniqueId()));
            } else if (cause != null) {
                // Of an invocation, its method's; of a class, that of all its methods without a result.
                plan().getParent(test)
                        .filter(parent -> isMethod(plan(), parent))
                        .ifPresent(method -> firstFailures.putIfAbsent(method.getUniqueId(), cause));
                if (!test.isTest()) {
                    eachMethod(test, method -> line(method, "FAILED", reason(cause), cause));
                }
            }
        }

        private void finished(TestIdentifier method, TestExecutionResult.Status status, @Nullable Throwable cause) {
            long notReady =
                    sum("rcvd_rnr_err") - notReadyBefore + Math.max(0, notReadyAnswers() - notReadyAnswersBefore);
            if (status == TestExecutionResult.Status.ABORTED) {
                line(method, "SKIPPED", reason(cause), null);
            } else if (cause != null) {
                line(method, "FAILED", reason(cause), cause);
            } else if (notReady != 0) {
                line(method, "FAILED", "the devices' counters of receiver-not-ready moved by " + notReady, null);
            } else {
                line(method, "PASSED", "", null);
            }
        }

        private interface Action {
            void on(TestIdentifier method);
        }

        private void eachMethod(TestIdentifier root, Action action) {
            if (isMethod(plan(), root)) {
                action.on(root);
            }
            plan().getDescendants(root).stream()
                    .filter(test -> isMethod(plan(), test) && !reported.contains(test.getUniqueId()))
                    .forEach(action::on);
        }

        private static String reason(@Nullable Throwable cause) {
            return cause == null ? "" : String.valueOf(cause);
        }

        /** What was answered with receiver-not-ready for another reason than that a packet could not be sent. */
        private long notReadyAnswers() {
            return sum("send_rnr_err") - sum("send_err");
        }

        private long sum(String counter) {
            long sum = 0;
            for (String device : devices) {
                Path file = Path.of("/sys/class/infiniband", device, "ports/1/hw_counters", counter);
                try {
                    sum += Long.parseLong(Files.readString(file).trim());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return sum;
        }

        private void line(TestIdentifier method, String status, String reason, @Nullable Throwable cause) {
            reported.add(method.getUniqueId());
            failures += status.equals("FAILED") ? 1 : 0;
            StringWriter trace = new StringWriter();
            if (cause != null) {
                cause.printStackTrace(new PrintWriter(trace, true));
            }
            Long startNs = startsNs.get(method.getUniqueId());
            SuiteTest name = name(method);
            ObjectNode line = mapper.createObjectNode()
                    .put("contract", name.contract())
                    .put("test", name.test())
                    .put("status", status)
                    .put("reason", reason)
                    .put("millis", startNs == null ? 0 : (System.nanoTime() - startNs) / 1_000_000)
                    .put("trace", trace.toString());
            System.out.println(line);
            System.out.flush();
        }
    }
}
