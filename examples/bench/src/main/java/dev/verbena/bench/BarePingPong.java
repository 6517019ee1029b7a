package dev.verbena.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What does the machine charge for handing a cache line to the other processor and getting one back? Nothing that two
 * processes say to each other through memory can be faster, so it stands beside every figure.
 *
 * <p>Threading: one thread a side.
 */
public final class BarePingPong {
    /** Bytes of the file that both sides map. */
    public static final long FILE_BYTES = 4096 + 2 * Bandwidth.TOTAL_BYTES;

    private static final Path MEMORY = Path.of("/dev/shm");
    private static final VarHandle LINE = ValueLayout.JAVA_LONG.varHandle();
    private static final long PING = 0;
    private static final long PONG = 512;
    private static final int ROUNDS = 100_000;

    private final MemorySegment file;
    private long sequence;

    /**
     * Maps the lines.
     *
     * @param path a file of {@link #FILE_BYTES} that the other side maps, too
     * @throws IOException when it cannot be mapped
     */
    public BarePingPong(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            file = channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES, Arena.ofAuto());
        }
    }

    /**
     * Makes a file for both sides, in memory where that is possible.
     *
     * @param prefix of its name
     * @return the file, which the caller deletes
     * @throws IOException when there is no place
     */
    public static Path file(String prefix) throws IOException {
        Path file =
                Files.isWritable(MEMORY) ? Files.createTempFile(MEMORY, prefix, "") : Files.createTempFile(prefix, "");
        file.toFile().deleteOnExit();
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(FILE_BYTES);
        }
        return file;
    }

    /**
     * A part of the file behind the two lines, for copying.
     *
     * @param part 0 or 1
     * @return its memory
     */
    public MemorySegment bytes(int part) {
        return file.asSlice(4096 + part * Bandwidth.TOTAL_BYTES, Bandwidth.TOTAL_BYTES);
    }

    /**
     * The side that begins.
     *
     * @return mean round trip in nanoseconds
     */
    public double ping() {
        long start = System.nanoTime();
        ping(ROUNDS, null);
        return (System.nanoTime() - start) / (double) ROUNDS;
    }

    /**
     * The side that begins.
     *
     * @param rounds how often
     * @param each takes every round trip in nanoseconds; null for none, which spares a look at the clock per round
     */
    public void ping(int rounds, @Nullable Histogram each) {
        long last = sequence + rounds;
        long before = System.nanoTime();
        for (long i = sequence + 1; i <= last; i++) {
            LINE.setRelease(file, PING, i);
            while ((long) LINE.getAcquire(file, PONG) != i) {
                Thread.onSpinWait();
            }
            if (each != null) {
                long now = System.nanoTime();
                each.recordValue(now - before);
                before = now;
            }
        }
        sequence = last;
    }

    /** The side that answers, as often as {@link #ping()} asks. */
    public void pong() {
        pong(ROUNDS);
    }

    /**
     * The side that answers.
     *
     * @param rounds how often
     */
    public void pong(int rounds) {
        long last = sequence + rounds;
        for (long i = sequence + 1; i <= last; i++) {
            while ((long) LINE.getAcquire(file, PING) != i) {
                Thread.onSpinWait();
            }
            LINE.setRelease(file, PONG, i);
        }
        sequence = last;
    }
}
