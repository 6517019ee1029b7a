package dev.verbena.verbs.rdmacore.ffi;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the C compiler for tests that need one; without one they are skipped, or fail where they are required. */
public final class CCompiler {
    private static final String PACKAGES = "gcc, libc6-dev, libibverbs-dev and librdmacm-dev";

    private CCompiler() {}

    /** Where compiled files go. */
    public static Path directory() {
        try {
            return Files.createDirectories(Path.of("target", "c").toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Skips the test unless a C program can be compiled against rdma-core's headers. */
    public static void require() {
        Path probe = directory().resolve("headers.c");
        write(probe, "#include <infiniband/verbs.h>\n#include <rdma/rdma_cma.h>\nint main(void) { return 0; }\n");
        String output;
        try {
            output = run(List.of("cc", "-fsyntax-only", probe.toString()), true);
        } catch (UncheckedIOException absent) {
            output = String.valueOf(absent.getMessage());
        }
        if (!output.isEmpty()) {
            String reason = "no C compiler with rdma-core's headers (Debian: " + PACKAGES + "): "
                    + output.lines().findFirst().orElse("");
            if (System.getProperty("soft-roce", "auto").equals("required")) {
                fail(reason);
            }
            abort(reason);
        }
    }

    /** Compiles; fails with what the compiler says. */
    public static void compile(Path source, Path output, String... options) {
        List<String> command = new ArrayList<>(List.of("cc", "-O2", "-Wall", "-Werror", "-D_GNU_SOURCE"));
        command.addAll(List.of(options));
        command.addAll(List.of("-o", output.toString(), source.toString()));
        run(command, false);
    }

    /** Runs a program that must succeed within a time, and answers what it prints. */
    public static String run(List<String> command, int seconds) {
        return run(command, false, seconds);
    }

    /** Runs a program and answers what it prints. */
    public static String run(List<String> command, boolean mayFail) {
        return run(command, mayFail, 60);
    }

    private static String run(List<String> command, boolean mayFail, int seconds) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            Thread.ofVirtual().start(() -> endAfter(process, seconds));
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            if (process.exitValue() != 0 && !mayFail) {
                fail(command + " failed:\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void endAfter(Process process, int seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
