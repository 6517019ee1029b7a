package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The rounds that were played, by all connections.
 *
 * <p>Threading: any thread.
 */
final class RpingRounds {
    private static final int SAMPLES_MAX = 100_000;

    private final Latencies times = new Latencies(SAMPLES_MAX);
    private long rounds;
    private int lastBytes;

    synchronized void done(int bytes, long ns) {
        rounds++;
        lastBytes = bytes;
        times.add(ns);
    }

    synchronized long count() {
        return rounds;
    }

    synchronized void write(ObjectNode fields) {
        if (rounds > 0) {
            fields.put("bytes", lastBytes);
        }
        fields.put("iterations", rounds);
        times.write(fields, "round_trip_ns");
    }

    synchronized String summary() {
        return rounds == 0
                ? "no round was played"
                : String.format(
                        "%d rounds of %d bytes: min %.1f us, median %.1f us, 99 %% %.1f us, max %.1f us",
                        rounds,
                        lastBytes,
                        times.percentile(0) / 1e3,
                        times.percentile(50) / 1e3,
                        times.percentile(99) / 1e3,
                        times.percentile(100) / 1e3);
    }
}
