package dev.verbena.verbs.conformance;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the contracts without a build: {@code java -cp ... dev.verbena.verbs.conformance.ConformanceMain}.
 *
 * <pre>
 *   --list           what would run, one line of JSON per test ({"contract","test"}); needs no device
 *   --only TEXT      only tests whose "Contract: test" contains the text, whatever its case; may be repeated
 *   --output FILE    where the lines go; standard output otherwise
 *   --limit SECONDS  what one test may take before the JVM gives itself up with a thread dump (240)
 *   --provider NAME, --device-a NAME, --device-b NAME, --address-a IP, --address-b IP, --address6-a IP, --address6-b IP,
 *   --gid-a INDEX, --gid-b INDEX, --unreachable IP       see {@link ConformanceTarget}
 * </pre>
 *
 * <p>Exit codes: 0 all passed or skipped, 1 a test failed, 2 usage, 3 no usable provider or device, 4 a test hung.
 */
public final class ConformanceMain {
    private static final String TEST_TIMEOUT = "120 s";
    private static final List<String> TARGET_OPTIONS = List.of(
            "provider",
            "device-a",
            "device-b",
            "address-a",
            "address-b",
            "address6-a",
            "address6-b",
            "gid-a",
            "gid-b",
            "unreachable");

    private boolean list;
    private final List<String> only = new ArrayList<>();
    private @Nullable Path output;
    private long limitSeconds = 240;

    private ConformanceMain() {}

    /** Runs and ends the JVM. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        return new ConformanceMain().start(args);
    }

    private int start(String[] args) {
        try {
            read(args);
        } catch (IllegalArgumentException e) {
            System.err.println("conformance: " + e.getMessage());
            return 2;
        }
        try (PrintStream out = open()) {
            return list ? list(out) : execute(out);
        } catch (UncheckedIOException e) {
            System.err.println("conformance: " + e.getMessage());
            return 2;
        }
    }

    private void read(String[] args) {
        for (int index = 0; index < args.length; index++) {
            String name = args[index];
            if (name.equals("--list")) {
                list = true;
                continue;
            }
            if (index + 1 == args.length) {
                throw new IllegalArgumentException("unknown option, or no value for it: " + name);
            }
            String value = args[++index];
            switch (name) {
                case "--only" -> only.add(value.toLowerCase(Locale.ROOT));
                case "--output" -> output = Path.of(value);
                case "--limit" -> limitSeconds = seconds(value);
                default -> {
                    if (!name.startsWith("--") || !TARGET_OPTIONS.contains(name.substring(2))) {
                        throw new IllegalArgumentException("unknown option " + name);
                    }
                    System.setProperty(
                            ConformanceTarget.PREFIX + name.substring(2).replace('-', '.'), value);
                }
            }
        }
    }

    private static long seconds(String value) {
        if (!value.matches("[1-9][0-9]{0,5}")) {
            throw new IllegalArgumentException("--limit wants seconds, not " + value);
        }
        return Long.parseLong(value);
    }

    private PrintStream open() {
        Path file = output;
        try {
            OutputStream stream = file == null ? System.out : Files.newOutputStream(file);
            return new PrintStream(stream, false, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e, e);
        }
    }

    private int list(PrintStream out) {
        TestPlan plan = LauncherFactory.create(config()).discover(request());
        for (TestIdentifier root : plan.getRoots()) {
            plan.getDescendants(root).stream()
                    .filter(TestIdentifier::isTest)
                    .forEach(test -> out.println(
                            new Json().field("contract", Report.contract(test)).field("test", test.getDisplayName())));
        }
        return out.checkError() ? 1 : 0;
    }

    private int execute(PrintStream out) {
        try {
            System.err.println("conformance: " + ConformanceTarget.current());
        } catch (RuntimeException e) {
            System.err.println("conformance: " + e.getMessage());
            return 3;
        }
        Report report = new Report(out);
        Thread watchdog =
                Thread.ofPlatform().daemon().name("conformance-watchdog").start(() -> watch(report));
        LauncherFactory.create(config()).execute(request(), report);
        watchdog.interrupt();
        return report.failures() == 0 && !out.checkError() ? 0 : 1;
    }

    private static LauncherConfig config() {
        return LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build();
    }

    private LauncherDiscoveryRequest request() {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(Contracts.ALL.stream()
                        .map(DiscoverySelectors::selectClass)
                        .toList())
                .filters((PostDiscoveryFilter) this::filter)
                .configurationParameter("junit.jupiter.execution.timeout.default", TEST_TIMEOUT)
                .configurationParameter("junit.jupiter.execution.timeout.threaddump.enabled", "true")
                .build();
    }

    private FilterResult filter(TestDescriptor test) {
        if (only.isEmpty() || !(test.getSource().orElse(null) instanceof MethodSource method)) {
            return FilterResult.included("");
        }
        String name =
                (SentenceNames.contract(method.getJavaClass()) + ": " + test.getDisplayName()).toLowerCase(Locale.ROOT);
        return FilterResult.includedIf(only.stream().anyMatch(name::contains));
    }

    /** A hang that no interrupt ends, in a system call for instance, must not keep the report from being made. */
    @SuppressWarnings("SystemExitOutsideMain") // the main thread hangs
    private void watch(Report report) {
        try {
            while (true) {
                TimeUnit.SECONDS.sleep(1);
                String running = report.running();
                long sinceNs = System.nanoTime() - report.runningSinceNs();
                if (!running.isEmpty() && sinceNs > TimeUnit.SECONDS.toNanos(limitSeconds)) {
                    System.err.println("conformance: \"" + running + "\" has hung for " + limitSeconds
                            + " s, the JVM ends here; its threads:");
                    dump(Thread.getAllStackTraces());
                    System.err.flush();
                    Runtime.getRuntime().halt(4);
                }
            }
        } catch (InterruptedException done) {
            // The suite is over.
        }
    }

    private static void dump(Map<Thread, StackTraceElement[]> stacks) {
        stacks.forEach((thread, stack) -> {
            System.err.println("  " + thread.getName() + " " + thread.getState());
            for (StackTraceElement frame : stack) {
                System.err.println("    at " + frame);
            }
        });
    }
}
