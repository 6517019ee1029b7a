package dev.verbena.verbs.embedded;

import dev.verbena.verbs.QueuePairType;

/**
 * Why the request at the head of a send queue waits, since when, how often it was tried, and when to try again.
 *
 * <p>Threading: under the queue pair's guard.
 */
final class Stall {
    private static final long SOON_NS = 50_000;
    private static final long LATER_NS = 1_000_000;
    /** So often the agent comes for nothing before it needs to be told again: telling it is a system call. */
    private static final int IDLE_ROUNDS_MAX = 20;

    private static final long UNRELIABLE_LINK_NS = 1_000_000_000;
    /** A process that does not move for less than this may have had something else to do: a device answers without it. */
    private static final long STOPPED_NS = 1_000_000_000;
    /** Pauses of a receiver that is not ready, in units of 10 us, by code: the table of the specification. */
    private static final int[] PAUSES_10US = {
        65_536, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
        4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768, 49_152
    };

    private static final int ENDLESS = 7;

    private final Requester requester;
    private int reason;
    private int refusals;
    private int retries;
    private int rounds;
    private long sinceNs;
    private long nextNs;
    private long plannedNs;
    private boolean enlisted;
    private boolean waited;
    private int idleRounds;
    private boolean polled;
    /** What the peer's agent had counted, since when, how often it was asked to look in vain. */
    private long pulse;

    private long pulseNs;
    private int asked;

    Stall(Requester requester) {
        this.requester = requester;
    }

    boolean isStalled() {
        return reason != 0;
    }

    boolean isDue(long nowNs) {
        return nowNs - nextNs >= 0;
    }

    void clear() {
        reason = 0;
        refusals = 0;
        retries = 0;
        rounds = 0;
    }

    /** Whether the agent has to be told. */
    boolean enlist() {
        boolean first = !enlisted;
        enlisted = true;
        return first;
    }

    /** Whether the completion queue's poller has to be told. */
    boolean poll() {
        boolean first = !polled;
        polled = true;
        return first;
    }

    /** When the agent shall come again. */
    long plan() {
        plannedNs = nextNs;
        return nextNs;
    }

    boolean isSoonerThanPlanned() {
        return nextNs - plannedNs < 0;
    }

    /** Whether the agent comes again although nothing waits now: something may soon, as with each message to a shared queue. */
    boolean lingers(long nowNs) {
        idleRounds = waited ? 0 : idleRounds + 1;
        waited = false;
        nextNs = nowNs + SOON_NS;
        return idleRounds < IDLE_ROUNDS_MAX;
    }

    boolean isPolled() {
        return polled;
    }

    void unpoll() {
        polled = false;
    }

    void delist() {
        enlisted = false;
    }

    /** Whether a pause that the peer asked for, or the answer that asks for one, lies between now and another try. */
    boolean mustPause() {
        return reason == Requester.STALL_TAKE
                || (reason == Requester.STALL_NOT_READY && System.nanoTime() - nextNs < 0);
    }

    /** Before the agent tries again: who has not answered may be asleep. */
    void beforeRetry(long nowNs) {
        if (reason == Requester.STALL_TAKE && isDue(nowNs)) {
            requester.nudge();
        }
    }

    /** Takes note of a wait; a negative number to go on waiting, else the status that the request ends with. */
    int on(int newReason, long givenNs, QueuePairValues values, QueuePairType type) {
        long nowNs = givenNs != 0 ? givenNs : System.nanoTime();
        boolean again = newReason == reason;
        boolean early = again && nowNs - nextNs < 0;
        if (!again) {
            sinceNs = nowNs;
        }
        int verdict = newReason;
        switch (newReason) {
            case Requester.STALL_NOT_READY -> {
                if (!early) {
                    verdict = onNotReady(nowNs, values);
                }
            }
            case Requester.STALL_SILENT -> {
                if (!early) {
                    verdict = onSilent(nowNs, again, values);
                }
            }
            default -> {
                if (!early) {
                    rounds++;
                    nextNs = nowNs + (rounds < 20 ? SOON_NS : LATER_NS);
                }
                if (newReason == Requester.STALL_LINK || newReason == Requester.STALL_MAPPING) {
                    verdict = onUnanswered(newReason, nowNs, values, type);
                } else if (!early) {
                    verdict = onHeldUp(newReason, nowNs, again, values, type);
                }
            }
        }
        reason = newReason;
        waited = true;
        return verdict;
    }

    private int onNotReady(long nowNs, QueuePairValues values) {
        if (values.rnrRetry != ENDLESS && refusals >= values.rnrRetry) {
            return WorkCompletionRecord.RNR_RETRY_EXC_ERR;
        }
        refusals++;
        nextNs = nowNs + PAUSES_10US[requester.receiverNotReadyTimer() & 31] * 10_000L;
        return Requester.STALL_NOT_READY;
    }

    private int onSilent(long nowNs, boolean again, QueuePairValues values) {
        if (again) {
            retries++;
        }
        if (values.timeout == 0) {
            nextNs = nowNs + LATER_NS;
            return Requester.STALL_SILENT;
        }
        if (retries > values.retryCount) {
            return WorkCompletionRecord.RETRY_EXC_ERR;
        }
        nextNs = nowNs + values.timeoutNs();
        return Requester.STALL_SILENT;
    }

    private int onUnanswered(int newReason, long nowNs, QueuePairValues values, QueuePairType type) {
        long waited = nowNs - sinceNs;
        if (type != QueuePairType.RC) {
            return waited > UNRELIABLE_LINK_NS ? WorkCompletionRecord.SUCCESS : newReason;
        }
        boolean over = values.timeout != 0 && waited > values.timeoutNs() * (values.retryCount + 1L) + LATER_NS * 1000;
        return over ? WorkCompletionRecord.RETRY_EXC_ERR : newReason;
    }

    /**
     * The peer's process has to do something first: empty a ring, give a receive of a shared queue. As long as its agent moves
     * it may take its time. A process that is stopped answers nothing, as a silent device: what has seen no answer for the
     * acknowledge timeout, so many times as it may be repeated, has failed; a timeout of 0 never ends.
     */
    private int onHeldUp(int newReason, long nowNs, boolean again, QueuePairValues values, QueuePairType type) {
        long now = requester.peersPulse();
        if (!again || now != pulse) {
            pulse = now;
            pulseNs = nowNs;
            asked = 0;
            return newReason;
        }
        int retries = type == QueuePairType.RC ? values.retryCount : 0;
        long interval = Math.max(values.timeoutNs(), STOPPED_NS / (retries + 1));
        if (nowNs - pulseNs < interval) {
            return newReason;
        }
        if (asked > retries && (type != QueuePairType.RC || values.timeout != 0)) {
            return type == QueuePairType.RC ? WorkCompletionRecord.RETRY_EXC_ERR : WorkCompletionRecord.SUCCESS;
        }
        asked++;
        pulseNs = nowNs;
        requester.nudge();
        return newReason;
    }
}
