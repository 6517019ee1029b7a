package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher, in a checkout whose Maven and lab are scripts that note their calls. What it starts is the real command.
 */
final class LauncherTest {
    private static final String MVNW = """
            #!/bin/sh
            cd "$(dirname "$0")" || exit 1
            echo "mvnw $*" >> calls
            echo "[INFO] Building Verbena command line 0.1.0 [1/1]"
            while [ -e gate ]; do sleep 0.05; done
            if [ -e mvnw.fails ]; then echo "[ERROR] Failed to execute goal: because"; exit 9; fi
            mkdir -p examples/cli/target && cp command.jar examples/cli/target/verbena.jar
            """;

    private static final String LAB = """
            #!/bin/sh
            cd "$(dirname "$0")/.." || exit 1
            echo "lab $*" >> calls
            case $1 in
              status) [ -e lab.up ]; exit ;;
              run) exit 42 ;;
            esac
            [ ! -e "lab.$1.fails" ]
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    private Path checkout = Path.of("");
    private int runs;

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = Files.createDirectories(folder.resolve("check out"));
        Path root = Path.of(System.getProperty("verbena.root", "../.."));
        Files.createDirectories(checkout.resolve(".mvn"));
        for (String file : List.of("verbena", ".mvn/find-jdk.sh")) {
            Files.copy(root.resolve(file), checkout.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        script("mvnw", MVNW);
        script("soft-roce/lab", LAB);
        // so that nothing is installed on the machine of whoever runs this
        script("bin/apt-get", "#!/bin/sh\nexit 0\n");
        script("bin/sudo", "#!/bin/sh\nexit 0\n");
        write("pom.xml", "<project/>");
        write("examples/cli/src/main/java/Old.java", "class Old {}");
        write("examples/cli/src/main/java/New.java", "class New {}");
        makeCommandJar();
    }

    @Test
    void theFirstUseBuildsAndTheSecondDoesNot() {
        Ended first = run("--version");
        Ended second = run("--version");

        assertThat(first.exitCode).isZero();
        assertThat(first.out).startsWith("verbena ");
        assertThat(first.err).contains("building for the first time", "[1/1] Verbena command line", "built in");
        assertThat(second.exitCode).isZero();
        assertThat(second.out).isEqualTo(first.out);
        assertThat(second.err).isEmpty();
        assertThat(calls()).hasSize(1);
    }

    @Test
    void standardOutputHoldsTheCommandsOutputAlone() {
        Ended ended = run("completion");

        assertThat(ended.exitCode).isZero();
        assertThat(ended.out).startsWith("#!/usr/bin/env bash").doesNotContain("Building");
    }

    @Test
    void theExitCodeIsTheCommands() {
        Ended ended = run("frobnicate");

        assertThat(ended.exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(ended.out).isEmpty();
        assertThat(ended.err).contains("there is no command 'frobnicate'");
    }

    @Test
    void aChangedSourceIsBuilt() throws IOException {
        run("--version");

        write("examples/cli/src/main/java/New.java", "class New { int changed; }");
        Ended ended = run("--version");

        assertThat(ended.err).contains("sources changed, building");
        assertThat(calls()).hasSize(2);
    }

    @Test
    void aDeletedSourceIsBuilt() throws IOException {
        run("--version");

        Files.delete(checkout.resolve("examples/cli/src/main/java/Old.java"));
        run("--version");

        assertThat(calls()).hasSize(2);
    }

    @Test
    void aChangedTestIsNotBuilt() throws IOException {
        run("--version");

        write("examples/cli/src/test/java/SomeTest.java", "class SomeTest {}");
        run("--version");

        assertThat(calls()).hasSize(1);
    }

    @Test
    void aFailedBuildEndsWithOneSentenceAndIsTriedAgain() throws IOException {
        write("mvnw.fails", "");
        Ended failed = run("--version");
        Files.delete(checkout.resolve("mvnw.fails"));
        Ended mended = run("--version");

        assertThat(failed.exitCode).isEqualTo(ExitCodes.FAILED);
        assertThat(failed.out).isEmpty();
        assertThat(failed.err).contains("Failed to execute goal: because", "the build failed, all of its output is in");
        assertThat(mended.exitCode).isZero();
    }

    @Test
    void twoStartedTogetherBuildOnce() throws Exception {
        write("gate", "");
        Running first = start(checkout, checkout.resolve("verbena").toString(), "--version");
        await().until(() -> calls().size() == 1);
        Running second = start(checkout, checkout.resolve("verbena").toString(), "--version");
        await().until(() -> Files.readString(second.err).contains("waiting for another build"));
        Files.delete(checkout.resolve("gate"));

        assertThat(first.end().exitCode).isZero();
        assertThat(second.end().exitCode).isZero();
        assertThat(calls()).hasSize(1);
    }

    @Test
    void itWorksFromAnotherFolderAndThroughLinks() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("links"));
        Files.createSymbolicLink(bin.resolve("absolute"), checkout.resolve("verbena"));
        Files.createSymbolicLink(bin.resolve("verbena"), Path.of("absolute"));

        Ended ended = start(Path.of("/"), bin.resolve("verbena").toString(), "--version")
                .end();

        assertThat(ended.exitCode).isZero();
        assertThat(ended.out).startsWith("verbena ");
    }

    @Test
    void labRunsTheLabWithItsArgumentsAndExitCode() {
        Ended ended = run("lab", "run", "--timeout", "5", "true");

        assertThat(ended.exitCode).isEqualTo(42);
        assertThat(calls()).containsExactly("lab run --timeout 5 true");
    }

    @Test
    void testBringsTheLabUpVerifiesAndTakesItDown() {
        Ended ended = run("test", "-Dscale=2");

        assertThat(ended.exitCode).isZero();
        assertThat(calls())
                .containsExactly(
                        "lab install",
                        "lab status",
                        "lab up",
                        "mvnw -B -T2 verify -Dsoft-roce=required -Dscale=2",
                        "lab down");
    }

    @Test
    void failedTestsTakeTheLabDownAndKeepTheExitCode() throws IOException {
        write("mvnw.fails", "");

        Ended ended = run("test");

        assertThat(ended.exitCode).isEqualTo(9);
        assertThat(calls()).endsWith("lab down");
    }

    @Test
    void aLabThatDoesNotComeUpIsTakenDownAndNothingIsTested() throws IOException {
        write("lab.up.fails", "");

        Ended ended = run("test");

        assertThat(ended.exitCode).isNotZero();
        assertThat(calls()).containsExactly("lab install", "lab status", "lab up", "lab down");
    }

    @Test
    void endedByASignalItTakesTheLabDown() throws Exception {
        write("gate", "");
        Running running = start(checkout, "setsid", checkout.resolve("verbena").toString(), "test");
        await().until(() -> calls().stream().anyMatch(call -> call.startsWith("mvnw")));

        // to its whole group, as a terminal and timeout(1) do; setsid made it a group of its own
        long group = running.process.pid();
        assertThat(new ProcessBuilder("kill", "-TERM", "--", "-" + group)
                        .start()
                        .waitFor())
                .isZero();
        Ended ended = running.end();

        assertThat(ended.exitCode).isEqualTo(143);
        assertThat(calls()).endsWith("lab down");
    }

    @Test
    void aLabThatWasUpStaysUp() throws IOException {
        write("lab.up", "");

        Ended ended = run("test");

        assertThat(ended.exitCode).isZero();
        assertThat(ended.err).contains("the lab is up already and stays up");
        assertThat(calls()).doesNotContain("lab up", "lab down");
    }

    @Test
    void helpOfTestRunsNoTest() {
        Ended ended = run("test", "--help");

        assertThat(ended.exitCode).isZero();
        assertThat(ended.out).startsWith("Usage: verbena test");
        assertThat(calls()).noneMatch(call -> call.startsWith("lab"));
    }

    private Ended run(String... arguments) {
        String launcher = checkout.resolve("verbena").toString();
        return start(
                        checkout,
                        Stream.concat(Stream.of(launcher), Stream.of(arguments)).toArray(String[]::new))
                .end();
    }

    private Running start(Path workingFolder, String... command) {
        Path out = folder.resolve("out." + runs);
        Path err = folder.resolve("err." + runs);
        runs++;
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(workingFolder.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().merge("PATH", checkout.resolve("bin").toString(), (path, ours) -> ours + ":" + path);
        builder.environment().remove("VERBENA_PHASES");
        try {
            return new Running(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> calls() {
        Path calls = checkout.resolve("calls");
        try {
            return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void script(String name, String text) throws IOException {
        assertThat(write(name, text).toFile().setExecutable(true)).isTrue();
    }

    private Path write(String name, String text) throws IOException {
        Path file = checkout.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        return Files.writeString(file, text);
    }

    /** A jar that runs the real command from this build's class path. */
    private void makeCommandJar() throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
        main.put(
                Attributes.Name.CLASS_PATH,
                Stream.of(System.getProperty("java.class.path").split(":", -1))
                        .map(entry -> Path.of(entry).toUri().toString())
                        .collect(Collectors.joining(" ")));
        try (JarOutputStream jar =
                new JarOutputStream(Files.newOutputStream(checkout.resolve("command.jar")), manifest)) {
            jar.finish();
        }
    }

    private record Ended(int exitCode, String out, String err) {}

    private record Running(Process process, Path out, Path err) {
        Ended end() {
            try {
                if (!process.waitFor(30, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError("the launcher did not end; it said: " + Files.readString(err));
                }
                return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }
    }
}
