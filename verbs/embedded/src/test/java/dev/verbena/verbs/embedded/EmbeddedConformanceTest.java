package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every contract of the suite, in JVMs of their own: once with one device in both parts, once with two devices, which
 * reach each other through sockets and mappings as two processes do.
 */
final class EmbeddedConformanceTest {
    private static final int SUITE_SECONDS = 240;
    private static final int TESTS_AT_LEAST = 300;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @TestFactory
    @Timeout(value = SUITE_SECONDS + 30, unit = TimeUnit.SECONDS)
    Stream<DynamicTest> aProcessAndItself() throws Exception {
        return run(1);
    }

    @TestFactory
    @Timeout(value = SUITE_SECONDS + 30, unit = TimeUnit.SECONDS)
    Stream<DynamicTest> twoNodes() throws Exception {
        return run(2);
    }

    private Stream<DynamicTest> run(int devices) throws IOException, InterruptedException {
        Path output = folder.resolve("results");
        Path errors = folder.resolve("errors");
        Process suite = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-D" + EmbeddedProvider.DEVICES_PROPERTY + "=" + devices,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.verbena.verbs.conformance.ConformanceMain",
                        "--provider",
                        "embedded",
                        "--output",
                        output.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(errors.toFile())
                .start();
        boolean ended;
        try {
            ended = suite.waitFor(SUITE_SECONDS, TimeUnit.SECONDS);
        } finally {
            suite.destroyForcibly();
        }
        String said = Files.readString(errors);
        List<DynamicTest> tests = new ArrayList<>();
        for (String line : Files.readAllLines(output)) {
            tests.add(DynamicTest.dynamicTest(field(line, "contract") + ": " + field(line, "test"), () -> judge(line)));
        }
        int count = tests.size();
        tests.add(DynamicTest.dynamicTest("the suite came to its end", () -> {
            assertThat(ended).as(said).isTrue();
            assertThat(suite.exitValue()).as(said).isIn(0, 1);
            assertThat(count).isGreaterThan(TESTS_AT_LEAST);
        }));
        return tests.stream();
    }

    private static void judge(String line) {
        String status = field(line, "status");
        Assumptions.assumeFalse(status.equals("SKIPPED"), field(line, "reason"));
        assertThat(status).as(field(line, "trace").replace("\\n", "\n")).isEqualTo("PASSED");
    }

    private static String field(String line, String name) {
        Matcher matcher =
                Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(line);
        return matcher.find() ? matcher.group(1) : "";
    }
}
