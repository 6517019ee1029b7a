package dev.verbena.bench.results;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a figure was found with, so that somebody else can find it again.
 *
 * <p>Threading: pure functions.
 */
public final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final int GIT_SECONDS = 5;

    private Machine() {}

    /**
     * The commit of the checkout that this was built in, with {@code -dirty} where files differ.
     *
     * @return null outside a checkout
     */
    public static @Nullable String commit() {
        try {
            Path code = Path.of(Machine.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path folder = Files.isDirectory(code) ? code : code.resolveSibling(".");
            Process git = new ProcessBuilder("git", "-C", folder.toString(), "describe", "--always", "--dirty")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!git.waitFor(GIT_SECONDS, TimeUnit.SECONDS)) {
                git.destroyForcibly();
                return null;
            }
            String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            return git.exitValue() == 0 && !said.isEmpty() ? said : null;
        } catch (IOException | URISyntaxException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /**
     * The JVM.
     *
     * @return name and version
     */
    public static String jvm() {
        return System.getProperty("java.vm.name") + " " + Runtime.version();
    }

    /**
     * The kernel.
     *
     * @return name and version
     */
    public static String kernel() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version");
    }

    /**
     * The processors.
     *
     * @return model and number; null where the kernel does not tell
     */
    public static @Nullable String cpu() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            List<String> models =
                    lines.filter(line -> line.startsWith("model name")).toList();
            return models.isEmpty()
                    ? null
                    : models.getFirst()
                                    .substring(models.getFirst().indexOf(':') + 1)
                                    .trim() + ", " + models.size() + " processors";
        } catch (IOException | UncheckedIOException e) {
            return null;
        }
    }
}
