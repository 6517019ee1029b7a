package dev.verbena.bench;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How fast are large WRITEs and SENDs, beside a plain copy between mappings of the same kind? The buffers rotate, and the
 * other side has touched the destination last. Expected: the plain copy's rate, since each is one copy.
 *
 * <p>Threading: one thread a side.
 */
final class Bandwidth {
    static final int BYTES = 1 << 20;
    static final int BUFFERS = 16;
    static final long TOTAL_BYTES = (long) BYTES * BUFFERS;

    private final Endpoint end;
    private final Exchange.Remote remote;

    Bandwidth(Endpoint end, Exchange.Remote remote) {
        this.end = end;
        this.remote = remote;
    }

    /** Bytes a second of one turn over all buffers. */
    static double copy(MemorySegment from, MemorySegment to) {
        long start = System.nanoTime();
        for (int i = 0; i < BUFFERS; i++) {
            MemorySegment.copy(from, (long) i * BYTES, to, (long) i * BYTES, BYTES);
        }
        return TOTAL_BYTES * 1e9 / (System.nanoTime() - start);
    }

    /** The same by WRITEs, or by READs. */
    double oneSided(boolean read) {
        QueuePair qp = end.qps[0];
        long start = System.nanoTime();
        for (int i = 0; i < BUFFERS; i++) {
            long offset = (long) i * BYTES;
            long mine = end.messages.address() + offset;
            int lkey = end.messages.lkey();
            long theirs = remote.address() + offset;
            Endpoint.taken(
                    read
                            ? qp.postRead(i, mine, BYTES, lkey, theirs, remote.rkey(), SendFlags.SIGNALED)
                            : qp.postWrite(i, mine, BYTES, lkey, theirs, remote.rkey(), SendFlags.SIGNALED));
            end.awaitOne();
        }
        return TOTAL_BYTES * 1e9 / (System.nanoTime() - start);
    }

    /** The same by SENDs into receives that the other side has posted. */
    double send() {
        long start = System.nanoTime();
        for (int i = 0; i < BUFFERS; i++) {
            Endpoint.taken(end.large.postSend(
                    i, end.messages.address() + (long) i * BYTES, BYTES, end.messages.lkey(), SendFlags.SIGNALED));
            end.awaitOne();
        }
        return TOTAL_BYTES * 1e9 / (System.nanoTime() - start);
    }

    void postReceives() {
        for (int i = 0; i < BUFFERS; i++) {
            Endpoint.taken(end.large.postReceive(i, end.shared.address() + (long) i * BYTES, BYTES, end.shared.lkey()));
        }
    }

    void awaitReceives() {
        for (int left = BUFFERS; left > 0; ) {
            left -= end.await();
        }
    }

    /** Changes every line of a destination, so that this processor has it. */
    static void touch(MemorySegment memory) {
        for (long at = 0; at < TOTAL_BYTES; at += 64) {
            memory.set(ValueLayout.JAVA_LONG, at, at);
        }
    }
}
