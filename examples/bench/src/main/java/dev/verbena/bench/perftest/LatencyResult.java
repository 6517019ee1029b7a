package dev.verbena.bench.perftest;

import dev.verbena.bench.results.LatencySummary;
import java.util.Arrays;
import java.util.Locale;

/**
 * A line of a latency benchmark, in microseconds, as perftest reckons it: the two longest times are left out of all
 * columns.
 *
 * <p>Threading: immutable.
 */
record LatencyResult(
        int bytes,
        long iterations,
        double min,
        double max,
        double typical,
        double average,
        double deviation,
        double percentile99,
        double percentile999) {
    static final String HEADING = " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]"
            + "    t_stdev[usec]   99% percentile[usec]   99.9% percentile[usec] ";
    static final String DURATION_HEADING = " #bytes        #iterations       t_avg[usec]    tps average";

    private static final int TAIL = 2;

    /**
     * Reckons.
     *
     * @param eachNs times, in any order; at least 4
     * @param factor 0.5 for one way of a round trip
     */
    static LatencyResult of(int bytes, long iterations, long[] eachNs, double factor) {
        long[] sorted = eachNs.clone();
        Arrays.sort(sorted);
        int count = sorted.length - TAIL;
        double us = factor / 1e3;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += sorted[i] * us;
        }
        double average = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double difference = average - sorted[i] * us;
            squares += difference * difference;
        }
        long median = count % 2 == 0 ? (sorted[count / 2] + sorted[count / 2 - 1]) / 2 : sorted[count / 2];
        return new LatencyResult(
                bytes,
                iterations,
                sorted[0] * us,
                sorted[count] * us,
                median * us,
                average,
                Math.sqrt(squares / count),
                sorted[(int) Math.ceil(count * 0.99)] * us,
                sorted[(int) Math.ceil(count * 0.999)] * us);
    }

    /** Where there are too many to keep each: of all of them, also the two longest. */
    static LatencyResult of(int bytes, long iterations, LatencySummary all) {
        return new LatencyResult(
                bytes,
                iterations,
                all.min() / 1e3,
                all.max() / 1e3,
                all.p50() / 1e3,
                all.mean() / 1e3,
                all.deviation() / 1e3,
                all.p99() / 1e3,
                all.p999() / 1e3);
    }

    /** perftest's line. */
    String line() {
        return String.format(
                Locale.ROOT,
                " %-7d %d          %-7.2f        %-7.2f      %-7.2f  \t       %-7.2f     \t%-7.2f\t\t%-7.2f \t\t%-7.2f",
                bytes,
                iterations,
                min,
                max,
                typical,
                average,
                deviation,
                percentile99,
                percentile999);
    }

    /** perftest's line of a duration. */
    static String durationLine(int bytes, long iterations, double averageUs, double perSecond) {
        return String.format(
                Locale.ROOT, " %-7d       %d            %-7.2f        %-7.2f", bytes, iterations, averageUs, perSecond);
    }
}
