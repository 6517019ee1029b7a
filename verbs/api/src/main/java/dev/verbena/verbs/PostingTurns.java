package dev.verbena.verbs;

import dev.verbena.verbs.internal.OwnerGate;

/**
 * Keeps apart what several threads post to one queue pair, when some of them post batches: a batch, between
 * {@link QueuePair#start()} and {@link QueuePair#complete()}, takes in whatever is posted meanwhile, and answers for it.
 *
 * <p>Everybody who posts to the queue pair takes turns by the same object; then no request gets into another thread's batch.
 *
 * <p>Threading: any thread. As long as it is always the same one, a turn costs two plain stores; threads that alternate come
 * to share a fair lock.
 *
 * <p>Hot path: {@link #take}.
 */
public final class PostingTurns {
    /** What is posted in one turn. */
    public interface Turn {
        /** Posts it; it must not take another turn. The answer is that of {@link PostingTurns#take}. */
        int post();
    }

    private final OwnerGate gate;

    /** Turns at a queue pair. */
    public PostingTurns(QueuePair qp) {
        gate = new OwnerGate("posting to " + qp);
    }

    /** Posts while nobody else does, and answers what the turn answers; what it throws is thrown. */
    public int take(Turn turn) {
        OwnerGate.Hold hold = gate.enter();
        try {
            return turn.post();
        } finally {
            gate.exit(hold);
        }
    }
}
