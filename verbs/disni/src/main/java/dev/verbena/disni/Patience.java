package dev.verbena.disni;

import java.time.Duration;

/**
 * How long is waited.
 *
 * <p>Threading: pure functions.
 */
final class Patience {
    /** A wait without an end is taken in pieces, so that nothing is lost for ever with one missed wake-up. */
    private static final Duration PIECE = Duration.ofMinutes(1);

    private static final long CONNECT_MS = 60_000;
    /** What a step may take beyond its own timeout before its event must be there. */
    private static final long MARGIN_MS = 5_000;

    private Patience() {}

    /** Of one wait with a timeout of DiSNI's: milliseconds, negative for no end. */
    static Duration of(int timeoutMs) {
        return timeoutMs < 0 ? PIECE : Duration.ofMillis(timeoutMs);
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
