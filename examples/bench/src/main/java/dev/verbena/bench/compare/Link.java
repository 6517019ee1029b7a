package dev.verbena.bench.compare;

import java.io.IOException;

/**
 * How a peer sends and receives, where the caller waits for messages. {@link LinkSide} makes an echo and a transfer of it,
 * the same for all.
 *
 * <p>Threading: one thread.
 */
interface Link extends AutoCloseable {
    /** From now on messages are so long; nothing is under way. Both ends do it, and meet afterwards. */
    void open(int bytes) throws IOException;

    /** Where the next message is to be written; waits until there is a place. */
    long next() throws IOException;

    /**
     * Sends what lies at {@link #next}.
     *
     * @param more another one follows at once: up to {@link Messages#BATCH} may go together
     */
    void send(boolean more) throws IOException;

    /** Returns when what was sent has left. */
    default void drain() throws IOException {}

    /** Waits for a message; its memory is valid until the next call. */
    long receive() throws IOException;

    @Override
    void close() throws IOException;
}
