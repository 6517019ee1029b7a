package dev.verbena.bench.compare;

import java.io.IOException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection, in a process of its own: it echoes, and it carries messages one way. The other end does the
 * counterpart at the same time.
 *
 * <p>Threading: one thread calls; waits are busy where the peer's own way of waiting is, and end with the process.
 */
interface Side extends AutoCloseable {
    /** Whether this many bytes can go one way; echoes always can. */
    default boolean carries(int bytes) {
        return true;
    }

    /** From now on every byte is checked, or the numbers only. */
    void checkWhole(boolean whole);

    /**
     * Sends small messages and waits for each to come back.
     *
     * @param each takes every round trip in nanoseconds; null for none, which spares a look at the clock per round
     */
    void echo(int rounds, @Nullable Histogram each) throws Exception;

    /** Sends back so many small messages. */
    void answer(int rounds) throws Exception;

    /** Sends messages, as fast as they go; returns when they have left. */
    void push(int bytes, int messages) throws Exception;

    /** Returns when so many messages have come. */
    void take(int bytes, int messages) throws Exception;

    @Override
    void close() throws IOException;
}
