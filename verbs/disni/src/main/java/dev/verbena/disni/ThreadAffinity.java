package dev.verbena.disni;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which processors the calling thread runs on. Linux tells it in /proc; it is changed by taskset(1), because Java has no call
 * for it and a thread asks for it once.
 *
 * <p>Threading: any thread.
 */
public final class ThreadAffinity {
    private static final Logger LOG = LoggerFactory.getLogger(ThreadAffinity.class);
    private static final Path THREAD = Path.of("/proc/thread-self");
    private static final long PATIENCE_S = 5;

    private ThreadAffinity() {}

    /** Binds the calling thread to the processors of a mask. What cannot be done is logged: the program runs without. */
    public static void set(long mask) {
        String failure;
        try {
            String thread = Files.readSymbolicLink(THREAD).getFileName().toString();
            Process taskset = new ProcessBuilder("taskset", "-p", Long.toHexString(mask), thread)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            failure = taskset.waitFor(PATIENCE_S, TimeUnit.SECONDS)
                    ? taskset.exitValue() == 0 ? "" : "has this machine those processors?"
                    : "taskset does not end";
            taskset.destroy();
        } catch (IOException e) {
            failure = e.getMessage() + "; taskset comes with util-linux";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = "interrupted";
        }
        if (!failure.isEmpty()) {
            LOG.warn(
                    "thread {} is not bound to the processors 0x{}: {}",
                    Thread.currentThread().getName(),
                    Long.toHexString(mask),
                    failure);
        }
    }

    /** The processors that the calling thread may run on, one bit each, of the first 63. */
    public static long get() {
        try (Stream<String> lines = Files.lines(THREAD.resolve("status"))) {
            String mask = lines.filter(line -> line.startsWith("Cpus_allowed:"))
                    .findFirst()
                    .orElseThrow(() -> new IOException(THREAD + "/status has no Cpus_allowed"))
                    .replaceAll("^.*:|[,\\s]", "");
            return Long.parseUnsignedLong(mask.substring(Math.max(0, mask.length() - 16)), 16) & Long.MAX_VALUE;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
