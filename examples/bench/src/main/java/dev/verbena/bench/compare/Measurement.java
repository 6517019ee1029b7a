package dev.verbena.bench.compare;

import dev.verbena.bench.results.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one peer has answered to one operation, repeat by repeat. Times are of one way: half the round trip.
 *
 * <p>Threading: one thread.
 */
final class Measurement {
    /** One way, as in the table; {@code bare} is a bare round trip beside the sample. */
    static final List<String> TIMES = List.of("min", "p50", "p90", "p99", "p99_9", "max", "mean");

    /** System calls of both processes for one message. */
    static final String CALLS = "system_calls_per_message";

    /** Processor time of both processes. */
    static final String CPU = "cpu_s_per_gb";

    private final Peer peer;
    private final Operation operation;
    private final Map<Integer, Map<String, Double>> repeats = new TreeMap<>();
    private @Nullable Double callsPerMessage;
    private long messages;
    private int dropped;

    Measurement(Peer peer, Operation operation) {
        this.peer = peer;
        this.operation = operation;
    }

    /** The same, as it is now. */
    Measurement copy() {
        Measurement copy = new Measurement(peer, operation);
        repeats.forEach((repeat, row) -> copy.repeats.put(repeat, new LinkedHashMap<>(row)));
        copy.callsPerMessage = callsPerMessage;
        copy.messages = messages;
        copy.dropped = dropped;
        return copy;
    }

    Peer peer() {
        return peer;
    }

    Operation operation() {
        return operation;
    }

    /** Takes a sample, with the bare round trip beside it. */
    void add(int repeat, long count, Map<String, Double> figures, double bareNs) {
        Map<String, Double> row = new LinkedHashMap<>();
        long moved = operation.messages(count, figures);
        if (operation == Operation.ECHO) {
            for (String time : TIMES) {
                figures.computeIfPresent(time, (key, roundTrip) -> row.put(key, roundTrip / 2));
            }
        } else {
            double perSecond = figures.getOrDefault("per_s", Double.NaN);
            row.put("per_s", perSecond);
            row.put("bytes_per_s", perSecond * operation.bytes());
        }
        Double cpu = figures.get("cpu_s");
        if (cpu != null) {
            row.put("cpu_s", cpu);
            row.put(CPU, cpu / (moved * (double) operation.bytes()) * 1e9);
        }
        Double allocated = figures.get("allocated");
        if (allocated != null) {
            row.put("allocated_per_message", allocated / moved);
        }
        Double copied = figures.get("copied_after_all");
        if (copied != null) {
            row.put("copied_after_all", copied);
        }
        row.put("bare_round_trip_ns", bareNs);
        repeats.put(repeat, row);
        messages = count;
    }

    void drop() {
        dropped++;
    }

    void callsPerMessage(double calls) {
        callsPerMessage = calls;
    }

    @Nullable
    Double callsPerMessage() {
        return callsPerMessage;
    }

    int dropped() {
        return dropped;
    }

    /** Round trips or messages of a sample. */
    long messages() {
        return messages;
    }

    boolean isEmpty() {
        return repeats.isEmpty();
    }

    Map<Integer, Map<String, Double>> repeats() {
        return repeats;
    }

    /** Median and extremes of a figure over the repeats; null when no repeat has it. */
    @Nullable
    Spread spread(String key) {
        List<Double> values = new ArrayList<>();
        for (Map<String, Double> row : repeats.values()) {
            Double value = row.get(key);
            if (value != null) {
                values.add(value);
            }
        }
        return Spread.of(values);
    }
}
