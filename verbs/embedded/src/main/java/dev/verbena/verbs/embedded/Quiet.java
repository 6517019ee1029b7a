package dev.verbena.verbs.embedded;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits until threads and queue pairs that are inside an access have left it: all of a process together at most for a second. Who was
 * waited for in vain is remembered, so that a stopped process costs that second once and not with every region.
 *
 * <p>Threading: one thread at a time.
 */
final class Quiet {
    private static final long LIMIT_NS = 1_000_000_000L;
    private static final int LOOKS = 0xfff;

    private final BooleanSupplier gone;
    /** Epochs that did not move while they were waited for, by their address. */
    private final Map<Long, Long> stuck = new HashMap<>();

    /** For queue pairs of this process. */
    Quiet() {
        this(() -> false);
    }

    /** @param gone whether the process is */
    Quiet(BooleanSupplier gone) {
        this.gone = gone;
    }

    /** Waits for the threads and queue pairs of a control segment; false when one has not moved. */
    boolean await(long control) {
        long startNs = System.nanoTime();
        boolean all = awaitPresences(control, startNs);
        int count = Memory.getIntAcquire(control + Layout.QUEUE_PAIR_HIGH_WATER);
        int queuePairs = Math.clamp(count, 0, Layout.QUEUE_PAIRS_MAX);
        for (int index = 0; index < queuePairs; index++) {
            all &= awaitEntry(Layout.queuePair(control, index), startNs);
        }
        return all;
    }

    /** Waits for one queue pair, and the threads, any of which may be its; false when one has not moved. */
    boolean await(long control, int index) {
        long startNs = System.nanoTime();
        boolean threads = awaitPresences(control, startNs);
        return awaitEntry(Layout.queuePair(control, index), startNs) && threads;
    }

    private boolean awaitPresences(long control, long startNs) {
        int count = Memory.getIntAcquire(control + Layout.PRESENCE_HIGH_WATER);
        int threads = Math.clamp(count, 0, Layout.PRESENCES_MAX);
        boolean all = true;
        for (int index = 0; index < threads; index++) {
            all &= awaitChange(Layout.presence(control, index), startNs);
        }
        return all;
    }

    private boolean awaitEntry(long entry, long startNs) {
        boolean sending = awaitChange(entry + Layout.QP_EPOCH, startNs);
        return awaitChange(entry + Layout.QP_RECEIVE_EPOCH, startNs) && sending;
    }

    private boolean awaitChange(long epoch, long startNs) {
        long seen = Memory.getLongAcquire(epoch);
        if ((seen & 1) == 0) {
            return true;
        }
        Long known = stuck.get(epoch);
        boolean moves = known == null || known != seen;
        for (int round = 1; moves && Memory.getLongAcquire(epoch) == seen; round++) {
            Thread.onSpinWait();
            if ((round & LOOKS) == 0) {
                if (gone.getAsBoolean()) {
                    return true;
                }
                LockSupport.parkNanos(10_000);
                moves = System.nanoTime() - startNs <= LIMIT_NS;
            }
        }
        if (!moves) {
            stuck.put(epoch, seen);
        }
        return moves;
    }
}
