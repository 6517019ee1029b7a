package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import java.time.Duration;

/**
 * How the two sides talk around a benchmark: over TCP, or over a queue pair of the connection manager.
 *
 * <p>Threading: one thread reads and writes; {@link #isGone} only by the one that measures.
 */
interface PeerChannel extends AutoCloseable {
    /** Of a whole run of the other side, which may be a long one; its death is seen at once. */
    Duration RUN_TIMEOUT = Duration.ofHours(24);

    /** The other side's address. */
    String name();

    /** What perftest prints of it. */
    String method();

    /** A queue pair's record as it travels here. */
    byte[] encode(PeerRecord record, boolean withGid);

    /**
     * What came.
     *
     * @throws IllegalArgumentException for something else
     */
    PeerRecord decode(byte[] record);

    /** Whether the other side has closed the connection, or died. */
    boolean isGone();

    /** What a wait that the other side does not end any more ends with. */
    Failure lost();

    /** So many bytes of the other side; throws when it is gone or takes too long. */
    byte[] read(int length, String what) throws InterruptedException;

    /** The same, of a side that is still measuring. */
    byte[] readAfterRun(int length, String what) throws InterruptedException;

    /** Tells the other side. */
    void write(byte[] bytes) throws InterruptedException;

    /** Last words, which a side that has closed its end already need not hear. */
    void goodbye();

    @Override
    void close();
}
