package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All other tests run on the class path; this one shows that the modules work as modules. */
final class ModulePathTest {
    private static final String PROVIDER = "dev.verbena.verbs.rdmacore";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void theProviderIsFoundOnTheModulePathWithNativeAccessForItAlone() throws Exception {
        Ended ended = probe("--enable-native-access=" + PROVIDER, "--illegal-native-access=deny");

        assertThat(ended.err).isEmpty();
        assertThat(ended.exitCode).isZero();
        assertThat(ended.out)
                .contains("api module dev.verbena.verbs", "rdma-core module " + PROVIDER)
                .doesNotContain("native access is denied");
    }

    @Test
    void withoutNativeAccessItSaysWhichFlagIsMissing() throws Exception {
        Ended ended = probe("--illegal-native-access=deny");

        assertThat(ended.err).isEmpty();
        assertThat(ended.exitCode).isZero();
        assertThat(ended.out).contains("usable false", "--enable-native-access=" + PROVIDER);
    }

    private Ended probe(String... options) throws Exception {
        String classPath = System.getProperty("java.class.path");
        String modulePath = Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(ModulePathTest::belongsOnModulePath)
                .collect(Collectors.joining(File.pathSeparator));
        String probe = Path.of(ModulePathProbe.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path",
                modulePath,
                "--add-modules",
                PROVIDER,
                "--class-path",
                probe));
        command.addAll(List.of(options));
        command.add(ModulePathProbe.class.getName());

        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** The two modules themselves, and what they require. */
    private static boolean belongsOnModulePath(String entry) {
        String path = entry.replace('\\', '/');
        return path.contains("verbs/api/")
                || path.contains("verbs/rdma-core/")
                || path.contains("/verbena-verbs-")
                || path.contains("/verbena-rdma-core-")
                || path.contains("/slf4j-")
                || path.contains("/jspecify-");
    }

    private record Ended(int exitCode, String out, String err) {}
}
