package dev.verbena.disni;

import dev.verbena.verbs.PostingTurns;
import dev.verbena.verbs.QueuePair;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Prepared requests of one work queue, posted as often as they are executed. Several go to the device behind one doorbell, and
 * no request of another thread among them.
 *
 * <p>What the device has no room for is refused with an exception, and put into the program's list of bad requests where it
 * gave one; those before it have been posted, as in ibv_post_send(3) and ibv_post_recv(3).
 *
 * <p>Threading: one thread at a time; other calls of the same queue pair may run on others. Hot path: {@link #execute}.
 */
final class PreparedPosts<W> implements PostingTurns.Turn {
    /** One request. */
    interface Prepared {
        /** Posts it as it is now; answers 0 or a refusal. */
        int post();
    }

    private final DisniQueuePair owner;
    private final QueuePair qp;
    private final PostingTurns turns;
    private final boolean sends;
    private final List<W> requests;
    private final @Nullable List<W> bad;
    private final Prepared[] prepared;
    private final Prepared first;
    private final int count;
    private @Nullable RuntimeException failure;
    private boolean valid = true;

    /**
     * Takes what is prepared.
     *
     * @param sends whether they are send requests, else receives
     * @param requests what they were prepared from, at least one
     */
    PreparedPosts(DisniQueuePair owner, boolean sends, List<W> requests, @Nullable List<W> bad, Prepared[] prepared) {
        this.owner = owner;
        this.qp = owner.qp();
        this.turns = owner.turns(sends);
        this.sends = sends;
        this.requests = requests;
        this.bad = bad;
        this.prepared = prepared;
        first = prepared[0];
        count = prepared.length;
    }

    void execute() throws IOException {
        if (!valid || !owner.isOpen()) {
            throw new IOException(valid ? qp + " is closed" : "this call was freed: prepare another one");
        }
        int taken;
        try {
            taken = turns.take(this);
        } catch (RuntimeException e) {
            throw refused(0, e);
        }
        if (taken < count) {
            throw refused(taken, Objects.requireNonNull(failure));
        }
    }

    /** Posts them; answers how many were taken. */
    @Override
    public int post() {
        if (count > 1) {
            return postList();
        }
        int refusal = first.post();
        if (refusal != 0) {
            failure = Refused.of(qp, refusal);
            return 0;
        }
        return 1;
    }

    private int postList() {
        int staged = 0;
        int refusal = 0;
        RuntimeException mistake = null;
        start();
        try {
            while (staged < count && refusal == 0) {
                refusal = prepared[staged].post();
                staged += refusal == 0 ? 1 : 0;
            }
        } catch (RuntimeException e) {
            mistake = e;
        }
        int taken = complete();
        if (taken < count) {
            failure = mistake != null ? mistake : Refused.of(qp, refusal);
        }
        return taken;
    }

    private void start() {
        if (sends) {
            qp.start();
        } else {
            qp.startReceives();
        }
    }

    private int complete() {
        return sends ? qp.complete() : qp.completeReceives();
    }

    private IOException refused(int taken, RuntimeException cause) {
        if (bad != null) {
            bad.clear();
            bad.addAll(requests.subList(taken, count));
        }
        return new IOException(
                (sends ? "ibv_post_send on " : "ibv_post_recv on ") + qp + " took " + taken + " of " + count
                        + " requests: " + cause.getMessage(),
                cause);
    }

    /** An index that there is a request for. */
    int checked(int index) throws IOException {
        if (index < 0 || index >= count) {
            throw new IOException("there is no request " + index + ", the list has " + count);
        }
        return index;
    }

    boolean isValid() {
        return valid;
    }

    void free() {
        valid = false;
    }
}
