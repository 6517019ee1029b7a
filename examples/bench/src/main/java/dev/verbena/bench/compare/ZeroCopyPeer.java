package dev.verbena.bench.compare;

import dev.verbena.bench.process.CSources;
import dev.verbena.bench.process.MeasuringProcess;
import dev.verbena.bench.process.Ports;
import dev.verbena.bench.process.Session;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
                    reason = "a C program: " + e.getMessage();
                }
            }
            return file;
        }

        private static Path compile() throws IOException, InterruptedException {
            return new CSources().compile(ZeroCopyPeer.class, List.of(SOURCE), "zero-copy");
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
        String port = Ports.free();
        return new MeasuringProcess(
                processors.pinServer(List.of(program.toString(), "server", port, name)),
                processors.pinClient(List.of(program.toString(), "client", port, name)),
                Map.of(),
                JavaPeer.ANSWER);
    }
}
