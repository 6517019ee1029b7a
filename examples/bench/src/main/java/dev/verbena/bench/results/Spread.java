package dev.verbena.bench.results;

import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * The median and the extremes of repeats.
 *
 * <p>Threading: immutable.
 *
 * @param min the least
 * @param median the one in the middle, or the mean of the two
 * @param max the greatest
 * @param count of how many values
 */
public record Spread(double min, double median, double max, int count) {
    /**
     * Of some values.
     *
     * @param values in any order
     * @return null of none
     */
    public static @Nullable Spread of(Collection<Double> values) {
        if (values.isEmpty()) {
            return null;
        }
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1], sorted.length);
    }
}
