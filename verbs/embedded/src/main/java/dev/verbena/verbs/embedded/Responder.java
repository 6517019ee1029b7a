package dev.verbena.verbs.embedded;

import dev.verbena.verbs.WorkCompletions;
import org.jspecify.annotations.Nullable;

/**
 * The side of a queue pair that messages come to: each takes the oldest receive and becomes a completion. Behind one that
 * failed nothing is delivered; the queue pair goes to ERROR as soon as the completion queue's guard is free.
 *
 * <p>Threading: under the receive completion queue's guard. Hot path: {@link #onDelivered}.
 */
final class Responder {
    private final ReceiveQueue receives;
    private final @Nullable EmbeddedSharedReceiveQueue shared;
    private final DatagramReceiver datagrams;
    private final int number;
    private final long entry;

    /** A receive ended with an error; cleared by a reset, which has another guard. */
    private volatile boolean failed;

    Responder(
            ReceiveQueue receives,
            @Nullable EmbeddedSharedReceiveQueue shared,
            DatagramReceiver datagrams,
            int number,
            long entry) {
        this.receives = receives;
        this.shared = shared;
        this.datagrams = datagrams;
        this.number = number;
        this.entry = entry;
    }

    /**
     * A message or an immediate was delivered into the oldest receive, or comes with its payload in the slot.
     */
    boolean onDelivered(
            long slot, int operation, int immediateOrKey, int lengthBytes, int source, long[] record, int recordAt) {
        if (failed || receives.isEmpty()) {
            return false;
        }
        boolean written = (operation & Layout.FLAG_WRITE) != 0;
        long room = written ? EmbeddedContext.MESSAGE_BYTES_MAX : receives.oldestBytes();
        int status = (operation >>> 8) & 0xff;
        if ((operation & Layout.FLAG_INLINE) != 0 && status == 0) {
            status = receives.place(slot + Layout.SLOT_PAYLOAD, lengthBytes);
        }
        if (status != WorkCompletionRecord.SUCCESS) {
            failed = true;
        }
        int flags = 0;
        int value = 0;
        if ((operation & Layout.FLAG_IMMEDIATE) != 0) {
            flags = WorkCompletions.WITH_IMMEDIATE;
            value = Integer.reverseBytes(immediateOrKey);
        } else if ((operation & Layout.FLAG_INVALIDATE) != 0) {
            flags = WorkCompletions.WITH_INVALIDATE;
            value = immediateOrKey;
        }
        WorkCompletionRecord.set(
                record,
                recordAt,
                receives.take(),
                status,
                written ? WorkCompletionRecord.RECV_RDMA_WITH_IMM : WorkCompletionRecord.RECV,
                (int) Math.clamp((long) lengthBytes, 0, room),
                value,
                number,
                source,
                flags);
        return true;
    }

    /** A datagram has arrived. */
    boolean onDatagram(
            RingReader reader, int lengthBytes, int operation, int immediate, int source, long[] record, int recordAt) {
        if (failed || (receives.isEmpty() && (shared == null || !shared.grant(receives)))) {
            return false;
        }
        boolean taken = datagrams.receive(
                receives, reader, lengthBytes, operation, immediate, source, number, record, recordAt);
        if (taken && WorkCompletionRecord.status(record, recordAt) != WorkCompletionRecord.SUCCESS) {
            failed = true;
        }
        return taken;
    }

    /** The peer asks for so many receives of the shared queue. */
    void onTake(int asked) {
        int wanted = Math.clamp(asked, 1, Layout.TAKE_MAX);
        int granted = 0;
        while (granted < wanted && shared != null && shared.grant(receives)) {
            granted++;
        }
        if (granted < wanted) {
            long refused = Memory.getLong(entry + Layout.QP_REFUSED);
            Memory.putLongRelease(entry + Layout.QP_REFUSED, refused + wanted - granted);
        }
    }

    /** Takes the oldest receive to be flushed; answers its id. */
    long takeFlushed() {
        return receives.take();
    }

    /** What was granted from a shared queue and not used goes back. */
    void returnShared() {
        if (shared != null) {
            shared.takeBack(receives);
        }
    }

    /** A new life of the queue pair. */
    void reset() {
        failed = false;
    }
}
