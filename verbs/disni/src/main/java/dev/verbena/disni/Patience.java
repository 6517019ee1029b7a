package dev.verbena.disni;

import java.time.Duration;

/**
 * How long is waited: of one wait, which may be woken up before its time is over, what is left of it.
 *
 * <p>Threading: immutable.
 */
final class Patience {
    /** A wait without an end is taken in pieces, so that nothing is lost for ever with one missed wake-up. */
    private static final Duration PIECE = Duration.ofMinutes(1);

    private static final long CONNECT_MS = 60_000;
    /** What a step may take beyond its own timeout before its event must be there. */
    private static final long MARGIN_MS = 5_000;

    private final boolean endless;
    private final long endNs;

    /** Of one wait with a timeout of DiSNI's: milliseconds, negative for no end. */
    Patience(int timeoutMs) {
        endless = timeoutMs < 0;
        endNs = System.nanoTime() + timeoutMs * 1_000_000L;
    }

    /** What the next look may take. */
    Duration left() {
        return endless ? PIECE : Duration.ofNanos(Math.max(0, endNs - System.nanoTime()));
    }

    /** Whether the time is over. */
    boolean isOver() {
        return !endless && endNs - System.nanoTime() <= 0;
    }

    /** Of an endpoint for the outcome of a step that has a timeout of its own. */
    static Duration ofStep(Duration timeout) {
        return timeout.plusMillis(MARGIN_MS);
    }

    /** Of an endpoint for its peer's answer. */
    static Duration ofConnect() {
        return Duration.ofMillis(Long.getLong("verbena.disni.connectTimeoutMs", CONNECT_MS));
    }
}
