package dev.verbena.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What does the machine charge for handing a cache line to the other processor and getting one back? Nothing that two
 * processes say to each other through memory can be faster, so it stands beside every figure.
 *
 * <p>Threading: one thread a side.
 */
public final class BarePingPong {
    /** Bytes of the file that both sides map. */
    public static final long FILE_BYTES = 4096 + 2 * Bandwidth.TOTAL_BYTES;

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
        long last = sequence + ROUNDS;
        for (long i = sequence + 1; i <= last; i++) {
            LINE.setRelease(file, PING, i);
            while ((long) LINE.getAcquire(file, PONG) != i) {
                Thread.onSpinWait();
            }
        }
        sequence = last;
        return (System.nanoTime() - start) / (double) ROUNDS;
    }

    /** The side that answers, as often as {@link #ping} asks. */
    public void pong() {
        long last = sequence + ROUNDS;
        for (long i = sequence + 1; i <= last; i++) {
            while ((long) LINE.getAcquire(file, PING) != i) {
                Thread.onSpinWait();
            }
            LINE.setRelease(file, PONG, i);
        }
        sequence = last;
    }
}
