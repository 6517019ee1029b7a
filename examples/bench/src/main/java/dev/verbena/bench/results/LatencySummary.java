package dev.verbena.bench.results;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.HdrHistogram.AbstractHistogram;

/**
 * The times of a measurement in nanoseconds.
 *
 * <p>Threading: immutable.
 *
 * @param count how many times were measured
 * @param min least
 * @param p50 median
 * @param p90 90 of 100 take no longer
 * @param p99 99 of 100
 * @param p999 999 of 1,000
 * @param max greatest
 * @param mean average
 * @param deviation standard deviation
 */
public record LatencySummary(
        long count,
        double min,
        double p50,
        double p90,
        double p99,
        double p999,
        double max,
        double mean,
        double deviation) {
    /**
     * What a histogram of nanoseconds holds.
     *
     * @param histogram not empty
     * @param factor that every time is multiplied by: 0.5 makes one way of a round trip
     * @return its summary
     */
    public static LatencySummary of(AbstractHistogram histogram, double factor) {
        return new LatencySummary(
                histogram.getTotalCount(),
                histogram.getMinValue() * factor,
                histogram.getValueAtPercentile(50) * factor,
                histogram.getValueAtPercentile(90) * factor,
                histogram.getValueAtPercentile(99) * factor,
                histogram.getValueAtPercentile(99.9) * factor,
                histogram.getMaxValue() * factor,
                histogram.getMean() * factor,
                histogram.getStdDeviation() * factor);
    }

    void write(ObjectNode node) {
        node.put("min", min)
                .put("p50", p50)
                .put("p90", p90)
                .put("p99", p99)
                .put("p99_9", p999)
                .put("max", max)
                .put("mean", mean);
    }
}
