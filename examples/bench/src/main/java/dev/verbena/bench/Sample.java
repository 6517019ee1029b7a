package dev.verbena.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The samples of one figure. A sample counts when the machine was the same before and after it: the two gates differ by at
 * most {@value #GATES_DIFFER}; if none does, the figure says so.
 *
 * <p>Threading: one thread.
 */
final class Sample {
    private static final double GATES_DIFFER = 1.25;

    private final String name;
    private final String unit;
    private final List<double[]> good = new ArrayList<>();
    private int dropped;

    Sample(String name, String unit) {
        this.name = name;
        this.unit = unit;
    }

    String name() {
        return name;
    }

    /** Takes a figure with its gates. */
    void add(Map<String, Double> figures, String key) {
        double before = figures.getOrDefault("before", 0.0);
        double after = figures.getOrDefault("after", 0.0);
        if (Math.max(before, after) > GATES_DIFFER * Math.min(before, after)) {
            dropped++;
        } else {
            good.add(new double[] {figures.getOrDefault(key, Double.NaN), (before + after) / 2});
        }
    }

    boolean isEmpty() {
        return good.isEmpty();
    }

    private double median(ToDoubleFunction<double[]> of) {
        double[] values = good.stream().mapToDouble(of).sorted().toArray();
        return values.length == 0 ? Double.NaN : values[values.length / 2];
    }

    double median() {
        return median(sample -> sample[0]);
    }

    /** The figure divided by half a bare round trip: what can be compared between runs of an unsteady machine. */
    double medianInBareTrips() {
        return median(sample -> sample[0] / (sample[1] / 2));
    }

    /** The figure times half a bare round trip in seconds: of a rate, messages within a trip. */
    double medianPerBareTrip() {
        return median(sample -> sample[0] * (sample[1] / 2) * 1e-9);
    }

    String line() {
        double[] values =
                good.stream().mapToDouble(sample -> sample[0]).sorted().toArray();
        if (values.length == 0) {
            return String.format(Locale.ROOT, "%-44s no sample between equal gates (%d dropped)", name, dropped);
        }
        return String.format(
                Locale.ROOT,
                "%-44s %12.1f %-6s min %.1f max %.1f, bare round trip %.0f ns, %d samples, %d dropped",
                name,
                median(),
                unit,
                values[0],
                values[values.length - 1],
                median(sample -> sample[1]),
                values.length,
                dropped);
    }

    void write(ArrayNode results) {
        ObjectNode node =
                results.addObject().put("name", name).put("unit", unit).put("dropped", dropped);
        if (!good.isEmpty()) {
            node.put("median", median());
        }
        ArrayNode samples = node.putArray("samples");
        for (double[] sample : good) {
            samples.addObject().put("value", sample[0]).put("bare_round_trip_ns", sample[1]);
        }
    }

    @Override
    public String toString() {
        return name + " " + Arrays.deepToString(good.toArray());
    }
}
