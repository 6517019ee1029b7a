package dev.verbena.bench.perftest;

import java.time.Duration;
import java.util.Locale;

/**
 * Turns of a benchmark that are not reported: played until their time stays the same, so that compiled code and settled
 * connections are measured afterwards.
 *
 * <p>Threading: one thread.
 */
final class Rehearsal {
    private static final int LATENCY_TURN = 2000;
    private static final int FIRST_TURN = 50;
    private static final long BANDWIDTH_TURN_BYTES = 32L << 20;
    private static final int TURNS = 6;
    private static final double STEADY = 0.05;
    private static final int SMALL_BYTES = 64;

    private final Settings settings;
    private final int iterations;
    private final long mostNs;
    private final double[] turns = new double[TURNS];
    private final long start = System.nanoTime();
    private int count;
    private long played;

    /** Of a benchmark, at most so long. */
    Rehearsal(Settings whole, Duration most) {
        this.iterations = iterations(whole);
        this.settings = part(whole, whole.client(), iterations);
        this.mostNs = most.toNanos();
    }

    private static int iterations(Settings settings) {
        if (settings.test().isLatency()) {
            return LATENCY_TURN;
        }
        int bytes = settings.all() ? SMALL_BYTES : settings.bytes();
        int most = 4 * LATENCY_TURN;
        long messages = Math.clamp(BANDWIDTH_TURN_BYTES / bytes, Math.min(2L * settings.sendSlots(), most), most);
        return (int) Math.ceilDiv(messages, settings.postList()) * settings.postList();
    }

    /** So many iterations of a benchmark, as one of its sides. */
    static Settings part(Settings whole, boolean client, int iterations) {
        int bytes = whole.all() ? Math.min(SMALL_BYTES, whole.bytes()) : whole.bytes();
        return whole.withBytes(bytes).rehearsal(client, iterations);
    }

    Settings settings() {
        return settings;
    }

    int iterations() {
        return iterations;
    }

    /** Iterations of the next turn: few at first, since on a busy machine each may take a time slice. */
    int next() {
        return settings.test().isLatency() ? Math.min(iterations, FIRST_TURN << Math.min(count, 16)) : iterations;
    }

    /** Counts a turn of so many iterations that took so long. */
    void took(int turn, long ns) {
        played += turn;
        turns[count++ % TURNS] = ns / (double) turn;
    }

    /** Whether there have been enough turns. */
    boolean isEnough() {
        return isSteady() || System.nanoTime() - start >= mostNs;
    }

    private boolean isSteady() {
        double least = turns[0];
        double sum = 0;
        for (double turn : turns) {
            least = Math.min(least, turn);
            sum += turn;
        }
        return count >= TURNS && sum / TURNS <= (1 + STEADY) * least;
    }

    /** What there was, for the result. */
    String describe(String where) {
        return String.format(
                Locale.ROOT,
                "%d iterations %s in %.1f s, %s",
                played,
                where,
                (System.nanoTime() - start) / 1e9,
                isSteady() ? "until steady" : "not steady yet");
    }

    /** What a side does before both begin a turn. */
    static void prepare(Side side, Settings part, Requests requests) {
        if (part.test() == Test.SEND_LAT || BandwidthLoops.isReceiving(part)) {
            requests.postReceives(part.receiveSlots());
        }
        if (part.test() == Test.WRITE_LAT) {
            side.memory().memory().fill((byte) 0);
        }
    }

    /** Plays a side's part of a turn. */
    static void play(Side side, Settings part, Requests requests, Run run) {
        if (part.test().isLatency()) {
            if (LatencyLoops.hasPart(part)) {
                new LatencyLoops(part, side, requests, run, new Times(part), part.client()).play();
            }
        } else if (BandwidthLoops.hasPart(part)) {
            new BandwidthLoops(part, side, requests, run, new Rates(part, BandwidthLoops.isSending(part))).play();
        }
    }
}
