package dev.verbena.bench.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sockets without the sender's copy, by calls that Java has no names for: a C program of this jar, compiled when it is needed.
 *
 * <p>Threading: one thread.
 *
 * @param name also the program's word for it
 */
record ZeroCopyPeer(String name, String title, String path, Processors processors) implements Peer {
    private static final String SOURCE = "zero-copy.c";
    private static final int COMPILE_S = 30;

    /** One program for both kinds; made when the first asks. */
    private static final class Program {
        private static @Nullable Path file;
        private static @Nullable String reason;

        private Program() {}

        static synchronized @Nullable Path file() throws InterruptedException {
            if (file == null && reason == null) {
                try {
                    file = compile();
                } catch (IOException e) {
                    reason = String.valueOf(e.getMessage());
                }
            }
            return file;
        }

        private static Path compile() throws IOException, InterruptedException {
            Path folder = Files.createTempDirectory("verbena-compare");
            Path source = folder.resolve(SOURCE);
            Path program = folder.resolve("zero-copy");
            for (Path path : List.of(folder, program, source)) {
                path.toFile().deleteOnExit();
            }
            try (InputStream text = ZeroCopyPeer.class.getResourceAsStream(SOURCE)) {
                if (text == null) {
                    throw new IOException(SOURCE + " is not in the jar");
                }
                Files.copy(text, source);
            }
            Process cc;
            try {
                cc = new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
                        .redirectErrorStream(true)
                        .start();
            } catch (IOException e) {
                throw new IOException("a C program, and there is no C compiler (cc)", e);
            }
            String said = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!cc.waitFor(COMPILE_S, TimeUnit.SECONDS) || cc.exitValue() != 0) {
                cc.destroyForcibly();
                throw new IOException(
                        "cc cannot compile it: " + said.lines().findFirst().orElse("no reason given"));
            }
            return program;
        }
    }

    @Override
    public boolean isOverMemory() {
        return false;
    }

    @Override
    public @Nullable String missing() throws InterruptedException {
        return Program.file() == null ? Program.reason : null;
    }

    @Override
    public Session start() throws IOException, InterruptedException {
        Path program = Program.file();
        if (program == null) {
            throw new IOException(Program.reason);
        }
        String port = Processors.freePort();
        return new ProcessPair(
                processors.pinServer(List.of(program.toString(), "server", port, name)),
                processors.pinClient(List.of(program.toString(), "client", port, name)),
                Map.of());
    }
}
