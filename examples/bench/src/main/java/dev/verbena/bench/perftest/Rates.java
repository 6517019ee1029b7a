package dev.verbena.bench.perftest;

/**
 * What a bandwidth benchmark counts: messages and the time from the first post to the last completion, and for short runs
 * each of these times, for the peak.
 *
 * <p>Hot path: {@link #posted} and {@link #completed}. Threading: one thread.
 */
final class Rates {
    /** perftest looks for a peak in runs of at most so many messages. */
    private static final int PEAK_MAX = 20_000;

    private final boolean duration;
    private final long durationNs;
    private final long marginNs;
    private final long[] postedNs;
    private final long[] completedNs;
    private long startNs;
    private long stopNs;
    private long sampleFromNs = Long.MIN_VALUE;
    private long sampleUntilNs;
    private long endNs;
    private long sampled;
    private long messages;

    /** What is to be counted, on the sending side or not. */
    Rates(Settings settings, boolean sending) {
        duration = settings.isDuration();
        durationNs = settings.seconds() * 1_000_000_000L;
        marginNs = settings.marginNs();
        long total = (long) settings.iterations() * settings.queuePairs();
        int room = sending && !duration && settings.iterations() <= PEAK_MAX && total <= 4 * PEAK_MAX ? (int) total : 0;
        postedNs = new long[room];
        completedNs = new long[room];
    }

    /** The first message goes, or has come. */
    void begin() {
        startNs = System.nanoTime();
        sampleFromNs = startNs + marginNs;
        endNs = startNs + durationNs;
        sampleUntilNs = endNs - marginNs;
    }

    /** Whether the time of a duration is over. */
    boolean isOver() {
        return duration && System.nanoTime() - endNs >= 0;
    }

    /** When the time of a duration is over. */
    long endNs() {
        return duration && startNs != 0 ? endNs : Long.MAX_VALUE;
    }

    /** A message, the index-th of all, is about to be posted. */
    void posted(long index) {
        if (index < postedNs.length) {
            postedNs[(int) index] = System.nanoTime();
        }
    }

    /** So many more messages have been completed. */
    void completed(int more) {
        messages += more;
        if (duration) {
            long now = System.nanoTime();
            if (now - sampleFromNs >= 0 && now - sampleUntilNs < 0) {
                sampled += more;
            }
        } else if (messages <= completedNs.length) {
            completedNs[(int) messages - 1] = System.nanoTime();
        }
    }

    /** The last one has been completed. */
    void end() {
        stopNs = System.nanoTime();
    }

    long messages() {
        return duration ? sampled : messages;
    }

    /** Messages a second. */
    double perSecond() {
        long ns = duration ? Math.min(stopNs, sampleUntilNs) - sampleFromNs : stopNs - startNs;
        return ns <= 0 ? 0 : messages() * 1e9 / ns;
    }

    /** Messages a second in the best stretch from a post to a completion; 0 where it was not looked for. */
    double peakPerSecond() {
        double best = 0;
        for (int i = 0; i < postedNs.length && postedNs[i] != 0; i++) {
            for (int j = i; j < completedNs.length; j++) {
                if (completedNs[j] != 0) {
                    best = Math.max(best, (j - i + 1) * 1e9 / Math.max(1, completedNs[j] - postedNs[i]));
                }
            }
        }
        return best;
    }
}
