package dev.verbena.bench;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How many messages a second go one way? The receiver tells by a WRITE how many it has taken, so that the sender is never
 * ahead of the posted receives. Expected: what a post and its share of a poll cost, or the ring's cache misses.
 *
 * <p>Threading: one thread a side.
 */
final class Rate {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int CREDIT_EVERY = 64;
    private static final int SLOT_BYTES = 256;

    private final Endpoint end;
    private final Exchange.Remote remote;
    private final int lengthBytes;
    private final int batch;
    private final int ahead;

    /** @param ahead messages under way at most, all queue pairs together */
    Rate(Endpoint end, Exchange.Remote remote, int lengthBytes, int batch, int ahead) {
        this.end = end;
        this.remote = remote;
        this.lengthBytes = lengthBytes;
        this.batch = batch;
        this.ahead = ahead;
    }

    /** Both sides before a run. */
    void clear() {
        end.shared.memory().set(ValueLayout.JAVA_LONG, 0, 0);
    }

    /** Messages a second; the number is a multiple of batch and queue pairs. */
    double send(int messages) {
        int outstanding = 0;
        int which = 0;
        long sent = 0;
        long start = System.nanoTime();
        while (sent < messages) {
            while (sent + batch - (long) LONG.getAcquire(end.shared.memory(), 0L) > ahead) {
                outstanding -= reap();
            }
            QueuePair qp = end.qps[which];
            if (batch > 1) {
                qp.start();
            }
            // The slots of a queue are free again when a later completion was polled: the last of a batch will do.
            for (int i = 0; i < batch; i++) {
                int flags = i + 1 == batch ? SendFlags.SIGNALED : 0;
                Endpoint.taken(qp.postSend(sent + i, end.messages.address(), lengthBytes, end.messages.lkey(), flags));
            }
            if (batch > 1 && qp.complete() != batch) {
                throw new IllegalStateException("a batch was not taken whole");
            }
            sent += batch;
            outstanding++;
            which = which + 1 == end.qps.length ? 0 : which + 1;
            if (outstanding >= CREDIT_EVERY / 2) {
                outstanding -= reap();
            }
        }
        while ((long) LONG.getAcquire(end.shared.memory(), 0L) < messages || outstanding > 0) {
            outstanding -= reap();
        }
        return messages * 1e9 / (System.nanoTime() - start);
    }

    private int reap() {
        int polled = end.cq.poll(end.completions);
        for (int i = 0; i < polled; i++) {
            end.completions.requireSuccess(i);
        }
        return polled;
    }

    private void postReceive(int which, long slot) {
        long at = end.messages.address() + SLOT_BYTES + (slot & 63) * SLOT_BYTES;
        Endpoint.taken(end.qps[which].postReceive(which, at, lengthBytes, end.messages.lkey()));
    }

    void receive(int messages) {
        long taken = 0;
        long told = 0;
        while (taken < messages) {
            int polled = end.cq.poll(end.completions);
            for (int i = 0; i < polled; i++) {
                end.completions.requireSuccess(i);
                if (end.completions.isReceive(i)) {
                    postReceive((int) end.completions.id(i), taken);
                    taken++;
                }
            }
            if (taken - told >= CREDIT_EVERY || (taken == messages && told < taken)) {
                tell(taken);
                told = taken;
            }
            if (polled == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void tell(long taken) {
        end.messages.memory().set(ValueLayout.JAVA_LONG, 0, taken);
        Endpoint.taken(end.qps[0].postWrite(
                0,
                end.messages.address(),
                Long.BYTES,
                end.messages.lkey(),
                remote.address(),
                remote.rkey(),
                SendFlags.SIGNALED));
    }
}
