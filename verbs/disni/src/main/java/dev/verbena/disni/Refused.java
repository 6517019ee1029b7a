package dev.verbena.disni;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.Refusal;

/**
 * Puts the refusal of a request into words.
 *
 * <p>Threading: pure functions.
 */
final class Refused {
    private Refused() {}

    static IllegalStateException of(QueuePair qp, int refusal) {
        return new IllegalStateException(
                switch (refusal) {
                    case Refusal.SEND_QUEUE_FULL ->
                        "the send queue has no free slot of " + qp.sendSlots()
                                + ": poll completions first, or ask for more by max_send_wr";
                    case Refusal.RECEIVE_QUEUE_FULL ->
                        "the receive queue has no free slot of " + qp.receiveSlots()
                                + ": poll completions first, or ask for more by max_recv_wr";
                    // A batch answers only how many it took.
                    case 0 -> "there is no room for more: poll completions first" + errno(qp);
                    default -> Refusal.name(refusal) + errno(qp);
                });
    }

    private static String errno(QueuePair qp) {
        return qp.lastErrno() == 0 ? "" : ", " + Errno.name(qp.lastErrno()) + " (" + qp.lastErrno() + ")";
    }
}
