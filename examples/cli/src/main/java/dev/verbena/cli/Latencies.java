package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/**
 * Times of many operations, in nanoseconds.
 *
 * <p>Threading: one thread.
 */
final class Latencies {
    private final long[] samples;
    private int count;
    private boolean sorted;

    /** Room for so many. */
    Latencies(int capacity) {
        samples = new long[capacity];
    }

    /** Adds one; those beyond the capacity are dropped. */
    void add(long ns) {
        if (count < samples.length) {
            samples[count++] = ns;
            sorted = false;
        }
    }

    int count() {
        return count;
    }

    /** The sample that so many per cent of all do not exceed; 0 per cent is the least. */
    long percentile(int percent) {
        if (count == 0) {
            throw new IllegalStateException("nothing was measured");
        }
        if (!sorted) {
            Arrays.sort(samples, 0, count);
            sorted = true;
        }
        int rank = (int) Math.ceilDiv((long) percent * count, 100L);
        return samples[Math.max(0, rank - 1)];
    }

    /** Writes min, p50, p99 and max; null where nothing was measured. */
    void write(ObjectNode parent, String name) {
        ObjectNode node = parent.putObject(name);
        put(node, "min", 0);
        put(node, "p50", 50);
        put(node, "p99", 99);
        put(node, "max", 100);
    }

    private void put(ObjectNode node, String name, int percent) {
        if (count == 0) {
            node.putNull(name);
        } else {
            node.put(name, percentile(percent));
        }
    }
}
