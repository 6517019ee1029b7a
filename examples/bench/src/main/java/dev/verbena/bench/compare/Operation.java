package dev.verbena.bench.compare;

import java.util.Map;

/**
 * What every peer is asked to do.
 *
 * <p>Threading: constants.
 */
enum Operation {
    /** A small message there and back. */
    ECHO("echo", Messages.SMALL_BYTES),
    /** Small messages one way. */
    RATE("rate", Messages.SMALL_BYTES),
    /** Large messages one way. */
    BULK("bulk", Messages.LARGE_BYTES);

    private final String title;
    private final int bytes;

    Operation(String title, int bytes) {
        this.title = title;
        this.bytes = bytes;
    }

    String title() {
        return title;
    }

    int bytes() {
        return bytes;
    }

    /** In the words of {@link PeerMain}. */
    String command(long count) {
        return this == ECHO ? "echo " + count : "push " + bytes + " " + count;
    }

    /** Round trips or messages in a second, by what came back. */
    double perSecond(Map<String, Double> figures) {
        return this == ECHO
                ? 1e9 / figures.getOrDefault("mean", Double.NaN)
                : figures.getOrDefault("per_s", Double.NaN);
    }

    /** Messages that have gone, both ways: our own sides echo as often again with a look at the clock, and then know more. */
    long messages(long count, Map<String, Double> figures) {
        if (this != ECHO) {
            return count;
        }
        return figures.containsKey("min") ? 4 * count : 2 * count;
    }

    /** The figure by which peers are compared: nanoseconds, or messages a second. */
    String key() {
        return this == ECHO ? "p50" : "per_s";
    }
}
