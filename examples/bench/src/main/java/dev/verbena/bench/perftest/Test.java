package dev.verbena.bench.perftest;

import java.util.Locale;

/** perftest's eight benchmarks. */
public enum Test {
    /** {@code ib_send_lat}. */
    SEND_LAT(Verb.SEND, true),
    /** {@code ib_send_bw}. */
    SEND_BW(Verb.SEND, false),
    /** {@code ib_write_lat}. */
    WRITE_LAT(Verb.WRITE, true),
    /** {@code ib_write_bw}. */
    WRITE_BW(Verb.WRITE, false),
    /** {@code ib_read_lat}. */
    READ_LAT(Verb.READ, true),
    /** {@code ib_read_bw}. */
    READ_BW(Verb.READ, false),
    /** {@code ib_atomic_lat}. */
    ATOMIC_LAT(Verb.ATOMIC, true),
    /** {@code ib_atomic_bw}. */
    ATOMIC_BW(Verb.ATOMIC, false);

    private static final int LATENCY_BYTES = 2;
    private static final int BANDWIDTH_BYTES = 65_536;
    private static final int ITERATIONS = 1000;
    private static final int WRITE_BANDWIDTH_ITERATIONS = 5000;
    private static final int BANDWIDTH_SLOTS = 128;
    private static final int RECEIVES = 512;

    private final Verb verb;
    private final boolean latency;

    Test(Verb verb, boolean latency) {
        this.verb = verb;
        this.latency = latency;
    }

    Verb verb() {
        return verb;
    }

    boolean isLatency() {
        return latency;
    }

    /**
     * The command's name.
     *
     * @return for example {@code send_lat}
     */
    public String command() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * What the command's help says.
     *
     * @return a sentence
     */
    public String description() {
        String what =
                latency ? verb.isRequest() ? "Round-trip time" : "Half the round-trip time" : "Bandwidth and rate";
        return what + " of " + verb.title() + ", as ib_" + command() + " measures it.";
    }

    int defaultBytes() {
        return verb == Verb.ATOMIC ? Long.BYTES : latency ? LATENCY_BYTES : BANDWIDTH_BYTES;
    }

    int defaultIterations() {
        return this == WRITE_BW ? WRITE_BANDWIDTH_ITERATIONS : ITERATIONS;
    }

    int defaultSendSlots() {
        return latency ? 1 : BANDWIDTH_SLOTS;
    }

    int defaultReceiveSlots() {
        return verb == Verb.SEND ? RECEIVES : 1;
    }
}
