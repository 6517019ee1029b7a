package dev.verbena.connection;

import java.time.Duration;

/**
 * When a {@link Reconnector} tries again: after a pause that doubles from one failure to the next, as often as the limit
 * says without a connection that lasted as long as the longest pause.
 *
 * <p>Threading: immutable.
 *
 * @param pauseMin before the first try after a failure; more than zero
 * @param pauseMax where doubling ends; at most a day
 * @param failuresMax so many failures in a row are borne, the next one ends it; 0 for none
 */
public record ReconnectPolicy(Duration pauseMin, Duration pauseMax, int failuresMax) {
    /** From 50 ms to 5 s, twenty failures: about a minute and a half. */
    public static final ReconnectPolicy DEFAULT = new ReconnectPolicy(Duration.ofMillis(50), Duration.ofSeconds(5), 20);

    /** Checks the ranges. */
    public ReconnectPolicy {
        if (pauseMin.isNegative()
                || pauseMin.isZero()
                || pauseMax.compareTo(pauseMin) < 0
                || pauseMax.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("pauses from " + pauseMin + " to " + pauseMax);
        }
        if (failuresMax < 0) {
            throw new IllegalArgumentException("failuresMax " + failuresMax);
        }
    }

    /**
     * The pause after so many failures in a row: half of it, and up to half of it more by chance, so that the clients of a
     * server that was away do not all come back at once.
     *
     * @param chance from 0 to 1
     */
    long pauseNs(int failures, double chance) {
        double full =
                Math.min(pauseMin.toNanos() * Math.pow(2, Math.max(failures, 1) - 1.0), (double) pauseMax.toNanos());
        return (long) (full / 2 + full / 2 * chance);
    }
}
