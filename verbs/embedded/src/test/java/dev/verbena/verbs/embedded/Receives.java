package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SharedReceiveQueue;
import java.util.function.IntUnaryOperator;

/** Buffers that are posted to a queue pair or to a shared receive queue; none is lost and none comes twice. */
final class Receives {
    private final MemoryRegion region;
    private final boolean[] posted;
    private final IntUnaryOperator post;
    private int open;

    private Receives(ProtectionDomain pd, int slots, PostTo to) {
        region = pd.allocate((long) slots * Load.MESSAGE_BYTES_MAX, AccessFlags.LOCAL_WRITE);
        posted = new boolean[slots];
        post = slot -> to.post(slot, address(slot), Load.MESSAGE_BYTES_MAX, region.lkey());
    }

    private interface PostTo {
        int post(long id, long address, int lengthBytes, int lkey);
    }

    static Receives of(ProtectionDomain pd, QueuePair qp, int slots) {
        return new Receives(pd, slots, qp::postReceive);
    }

    static Receives of(ProtectionDomain pd, SharedReceiveQueue queue) {
        return new Receives(pd, queue.slots(), queue::postReceive);
    }

    private long address(int slot) {
        return region.address() + (long) slot * Load.MESSAGE_BYTES_MAX;
    }

    void postAll() {
        for (int slot = 0; slot < posted.length; slot++) {
            post(slot);
        }
    }

    void post(int slot) {
        int refused = post.applyAsInt(slot);
        if (refused != 0 || posted[slot]) {
            throw new AssertionError("receive " + slot + " of " + posted.length + ": refused " + refused);
        }
        posted[slot] = true;
        open++;
    }

    /** A receive has completed. */
    void completed(int slot) {
        if (!posted[slot]) {
            throw new AssertionError("receive " + slot + " completed twice");
        }
        posted[slot] = false;
        open--;
    }

    int open() {
        return open;
    }

    int slots() {
        return posted.length;
    }

    long word(int slot, long index) {
        return Memory.getLong(address(slot) + index * Long.BYTES);
    }

    void close() {
        region.close();
    }
}
