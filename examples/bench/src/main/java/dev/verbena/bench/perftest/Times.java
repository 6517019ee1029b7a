package dev.verbena.bench.perftest;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * Times of a latency benchmark, as perftest takes them: from one post to the next. At a fixed rate from the moment that a
 * message was due until its answer, so that what had to wait behind a slow one counts with its wait.
 *
 * <p>Hot path: {@link #begin} and {@link #end}. Threading: one thread.
 */
final class Times {
    private static final long NS_MAX = 3_600_000_000_000L;
    private static final int DIGITS = 3;
    /** Of more iterations only the histogram is kept, which knows a time to one in a thousand. */
    static final int EACH_MAX = 5_000_000;

    private final long intervalNs;
    private final long durationNs;
    private final long marginNs;
    private final long[] each;
    private final Histogram histogram = new Histogram(NS_MAX, DIGITS);
    private int count;
    private long last;
    private long startNs;
    private long sampleFromNs;
    private long sampleUntilNs = Long.MAX_VALUE;
    private long endNs = Long.MAX_VALUE;
    private long sampled;

    /** Room for what the settings ask for. */
    Times(Settings settings) {
        intervalNs = settings.perSecond() > 0 ? (long) (1e9 / settings.perSecond()) : 0;
        durationNs = settings.seconds() * 1_000_000_000L;
        marginNs = settings.marginNs();
        boolean all = !settings.isDuration() && settings.iterations() <= EACH_MAX;
        each = new long[all ? settings.iterations() : 0];
    }

    /** When the run is over by the clock. */
    long endNs() {
        return endNs;
    }

    /** A message is about to be posted: waits until it is due. Answers false when the time is over. */
    boolean begin(long iteration) {
        long now = System.nanoTime();
        if (iteration == 0) {
            startNs = now;
            last = now;
            if (durationNs > 0) {
                sampleFromNs = now + marginNs;
                endNs = now + durationNs;
                sampleUntilNs = endNs - marginNs;
            }
        }
        if (now - endNs >= 0) {
            return false;
        }
        if (intervalNs > 0) {
            last = startNs + iteration * intervalNs;
            while (System.nanoTime() - last < 0) {
                Thread.onSpinWait();
            }
        } else {
            if (iteration > 0) {
                take(now, now - last);
            }
            last = now;
        }
        return true;
    }

    /** Its answer is there. */
    void end() {
        if (intervalNs > 0) {
            long now = System.nanoTime();
            take(now, now - last);
        }
    }

    private void take(long now, long ns) {
        if (count < each.length) {
            each[count++] = ns;
        } else if (durationNs == 0) {
            histogram.recordValue(Math.min(ns, NS_MAX));
            sampled++;
        } else if (now - sampleFromNs >= 0 && now - sampleUntilNs < 0) {
            histogram.recordValue(Math.min(ns, NS_MAX));
            sampled++;
        }
    }

    /** All of them in the order in which they were taken; empty where only the histogram is kept. */
    long[] each() {
        return Arrays.copyOf(each, count);
    }

    /** How many were taken. */
    long count() {
        return count + sampled;
    }

    /** Nanoseconds in which the samples of a duration were taken. */
    long sampledNs() {
        return Math.min(System.nanoTime(), sampleUntilNs) - sampleFromNs;
    }

    /** What they are together. */
    Histogram histogram() {
        if (histogram.getTotalCount() == 0) {
            for (int i = 0; i < count; i++) {
                histogram.recordValue(Math.min(each[i], NS_MAX));
            }
        }
        return histogram;
    }
}
