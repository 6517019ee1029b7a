package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.QueuePairType;
import java.util.List;

/**
 * A program on two connected queue pairs. Its rounds run one after the other, each until everything that it began is done.
 *
 * @param seed what it was made from
 */
public record Program(long seed, Setup setup, List<Round> rounds) {
    /**
     * How the queue pairs are made.
     *
     * @param slots of either queue
     * @param entries per request
     * @param shared whether receives come from a shared receive queue
     * @param oneQueue whether sends and receives of a side complete in one completion queue
     * @param impatient whether a peer that does not answer is given up soon; only then programs have one
     * @param accessA what A's queue pair lets the peer do
     * @param accessB what B's lets the peer do
     */
    record Setup(
            QueuePairType type,
            int slots,
            int entries,
            int inlineBytes,
            boolean signalAll,
            boolean shared,
            boolean oneQueue,
            int rnrRetry,
            boolean impatient,
            int accessA,
            int accessB) {
        /** More slots than any program fills. */
        static final int SLOTS_ENOUGH = 64;

        int access(Side side) {
            return side == Side.A ? accessA : accessB;
        }

        /** Whether requests may find a full queue. */
        boolean small() {
            return slots < SLOTS_ENOUGH;
        }

        @Override
        public String toString() {
            return type + ", slots " + slots + ", entries " + entries + ", inline " + inlineBytes
                    + (signalAll ? ", signals all" : "") + (shared ? ", SRQ" : "") + (oneQueue ? ", one CQ" : "")
                    + ", rnr_retry " + rnrRetry + (impatient ? ", impatient" : "") + ", A lets "
                    + AccessFlags.describe(accessA) + ", B lets "
                    + AccessFlags.describe(accessB);
        }
    }

    /** Steps until the next quiet moment. */
    record Round(List<Step> steps) {}

    /** The same with other rounds. */
    Program with(List<Round> changed) {
        return new Program(seed, setup, changed);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("program " + seed + ": " + setup + "\n");
        for (int round = 0; round < rounds.size(); round++) {
            text.append("  round ").append(round).append('\n');
            rounds.get(round)
                    .steps()
                    .forEach(step -> text.append("    ").append(step).append('\n'));
        }
        return text.toString();
    }
}
