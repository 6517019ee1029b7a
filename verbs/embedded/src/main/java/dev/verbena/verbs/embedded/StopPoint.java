package dev.verbena.verbs.embedded;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Places in the middle of a request where a test has this process stopped or killed, by the system property {@value
 * #PROPERTY}: the place, the signal's number, and at which passage, as in {@code copying:9:100}. Signal 0 has only the
 * thread that passes wait, for {@value #PAUSE_MS} ms. Without the property the
 * condition is a constant, and nothing of it is left in compiled code.
 *
 * <p>Threading: any thread.
 */
enum StopPoint {
    /** A receive of the peer is chosen; nothing is copied yet. */
    CLAIMED,
    /** Half of a payload is copied. */
    COPYING,
    /** An entry of a ring is filled and not published. */
    PUBLISHING,
    /** An entry is published; that its receive is taken is not. */
    PUBLISHED,
    /** The peer has been asked for a receive of its shared queue; that it was is not counted. */
    ASKING,
    /** A receive of the shared queue is handed over, and still in the queue. */
    GRANTING;

    static final String PROPERTY = "verbena.embedded.stop";
    static final long PAUSE_MS = 300;

    private static final String @Nullable [] WANTED = wanted();
    private static final AtomicInteger PASSAGES = new AtomicInteger();

    private static String @Nullable [] wanted() {
        String value = System.getProperty(PROPERTY);
        return value == null ? null : value.split(":", 3);
    }

    /** Whether a test waits for it. Hot path: a constant. */
    boolean isWanted() {
        return WANTED != null && WANTED[0].equals(name());
    }

    /** Stops or kills the process when its time has come. Hot path: nothing. */
    void pass() {
        if (WANTED != null && isWanted()) {
            stop(Integer.parseInt(WANTED[1]), Integer.parseInt(WANTED[2]));
        }
    }

    private static void stop(int signal, int passage) {
        if (PASSAGES.incrementAndGet() != passage) {
            return;
        }
        if (signal == 0) {
            LockSupport.parkNanos(PAUSE_MS * 1_000_000);
        } else {
            int _ = Linux.raise(signal);
        }
    }
}
