package dev.verbena.bench.cost;

import dev.verbena.bench.results.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one way of calling and one batch have cost, repeat by repeat.
 *
 * <p>Threading: one thread.
 *
 * @param way how Java calls
 * @param batch requests of one post
 * @param repeats figures of each repeat by name
 */
record CostFigures(Way way, int batch, Map<Integer, Map<String, Double>> repeats) {
    /** Nanoseconds of one request, from its post to its polled completion. */
    static final String JAVA = "java_ns";

    /** The same. */
    static final String C = "c_ns";

    /** Java's by C's, of samples one right after the other. */
    static final String RATIO = "ratio";

    /** Bytes of the Java heap for one request. */
    static final String ALLOCATED = "allocated_bytes";

    /** How Java calls {@code post_send}. */
    enum Way {
        /** A driver that stores into mapped memory: the thread stays in Java's state. */
        DOORBELL("doorbell"),
        /** A driver that makes a system call, as Soft-RoCE's, or an unknown one: the thread leaves Java's state. */
        SYSTEM_CALL("system call");

        private final String text;

        Way(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    CostFigures(Way way, int batch) {
        this(way, batch, new TreeMap<>());
    }

    /** What is wanted of the ratio; only of drivers with a doorbell, which all of the hardware has. */
    @Nullable
    Double target() {
        if (way == Way.SYSTEM_CALL) {
            return null;
        }
        return batch == 1 ? 1.25 : 1.4;
    }

    /** Whether the median is as wanted; null where nothing is wanted or known. */
    @Nullable
    Boolean met() {
        Double wanted = target();
        Spread found = spread(RATIO);
        if (wanted == null || found == null) {
            return null;
        }
        return found.median() <= wanted;
    }

    @Nullable
    Spread spread(String key) {
        List<Double> values = new ArrayList<>();
        repeats.values().forEach(figures -> {
            Double value = figures.get(key);
            if (value != null) {
                values.add(value);
            }
        });
        return Spread.of(values);
    }
}
