package dev.verbena.bench.compare;

import dev.verbena.bench.process.Session;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One way to get a message to another process.
 *
 * <p>Threading: one thread.
 */
interface Peer {
    /** Short and without spaces: on the command line and in documents. */
    String name();

    /** For people. */
    String title();

    /** What the processor does with every message, in a few words: copies, system calls. */
    String path();

    /** Whether messages go through memory that both processes have, so that the bare ping-pong says what is possible. */
    boolean isOverMemory();

    /** Why it cannot be measured here; null when it can. */
    @Nullable
    String missing() throws InterruptedException;

    /** Starts both processes. */
    Session start() throws IOException, InterruptedException;
}
