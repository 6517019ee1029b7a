package dev.verbena.bench.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * C sources of this jar, compiled by the machine's own compiler when they are needed. What is made lies in a folder that goes
 * with the JVM.
 *
 * <p>Threading: one thread.
 */
public final class CSources {
    private static final int COMPILE_S = 60;

    private final Path folder;

    /**
     * An empty folder.
     *
     * @throws IOException when there is no place for temporary files
     */
    public CSources() throws IOException {
        folder = Files.createTempDirectory("verbena-bench-c");
        folder.toFile().deleteOnExit();
    }

    /**
     * A place in the folder, deleted with it.
     *
     * @param name of a file
     * @return where it lies, or will
     */
    public Path file(String name) {
        Path file = folder.resolve(name);
        file.toFile().deleteOnExit();
        return file;
    }

    /**
     * Compiles.
     *
     * @param owner beside whose class the sources lie in the jar
     * @param sources their names
     * @param output the name of what is made
     * @param options of the compiler, behind the sources
     * @return what was made
     * @throws IOException that says what is missing or what the compiler complains of
     * @throws InterruptedException when the thread is interrupted
     */
    public Path compile(Class<?> owner, List<String> sources, String output, String... options)
            throws IOException, InterruptedException {
        Path made = file(output);
        List<String> command = new ArrayList<>(List.of("cc", "-O2", "-D_GNU_SOURCE", "-o", made.toString()));
        for (String source : sources) {
            Path text = file(source);
            try (InputStream in = owner.getResourceAsStream(source)) {
                if (in == null) {
                    throw new IOException(source + " is not in the jar");
                }
                Files.copy(in, text);
            }
            command.add(text.toString());
        }
        command.addAll(List.of(options));
        run(command);
        return made;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process cc;
        try {
            cc = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new IOException("there is no C compiler (cc)", e);
        }
        String said = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!cc.waitFor(COMPILE_S, TimeUnit.SECONDS) || cc.exitValue() != 0) {
            cc.destroyForcibly();
            throw new IOException("cc says: "
                    + said.lines()
                            .filter(line -> line.contains("error"))
                            .findFirst()
                            .orElse("nothing"));
        }
    }
}
