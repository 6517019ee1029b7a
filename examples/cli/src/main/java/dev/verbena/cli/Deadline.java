package dev.verbena.cli;

import java.time.Duration;

/**
 * The end of a wait.
 *
 * <p>Threading: immutable.
 *
 * @param endNs on the clock of {@link System#nanoTime()}
 * @param allowed how long the whole wait may take
 */
record Deadline(long endNs, Duration allowed) {
    static Deadline in(Duration allowed) {
        return new Deadline(System.nanoTime() + allowed.toNanos(), allowed);
    }

    boolean isOver() {
        return System.nanoTime() - endNs >= 0;
    }

    /** What is left, at most so much, at least 1 ms. */
    Duration left(Duration most) {
        long left = Math.clamp(endNs - System.nanoTime(), 1_000_000L, Math.max(1_000_000L, most.toNanos()));
        return Duration.ofNanos(left);
    }

    /** Throws when it is over. */
    void check(String what) {
        if (isOver()) {
            throw Failure.timeout(what, allowed);
        }
    }
}
