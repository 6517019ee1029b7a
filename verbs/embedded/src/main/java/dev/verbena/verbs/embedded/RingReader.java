package dev.verbena.verbs.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The receiving end of a ring: entries of one peer process for one completion queue.
 *
 * <p>Threading: under the completion queue's guard. Hot path.
 */
final class RingReader {
    private static final int PUBLISH_EVERY = 64;

    private final @Nullable Guest guest;
    private final @Nullable SharedMemory mapping;
    private final long base;
    private final int slots;
    private int publishEvery = 1;
    private long position;
    private long published;
    /** Address of the next entry. */
    private long next;

    /** Whose the last entry was, as long as this process counts no change. */
    private long whom;

    private @Nullable EmbeddedQueuePair lastTarget;
    private long count = -1;

    /**
     * @param guest whose ring it is, null for this process' own
     * @param mapping what to unmap in the end, null when the writer is in this process and frees it
     */
    RingReader(@Nullable Guest guest, @Nullable SharedMemory mapping, long base, int slots) {
        this.guest = guest;
        this.mapping = mapping;
        this.base = base;
        this.slots = slots;
        this.next = slot(0);
    }

    boolean isOf(Guest other) {
        return guest == other;
    }

    /** The process that writes it. */
    int slotOf(Node node) {
        return guest == null ? node.slot() : guest.slot();
    }

    int slots() {
        return slots;
    }

    /** The next entry's address, 0 when there is none. */
    long next() {
        long slot = next;
        return Memory.getLongAcquire(slot + Layout.SLOT_STAMP) == position + 1 ? slot : 0;
    }

    private long slot(long at) {
        return base + Layout.RING_ENTRIES + (at & (slots - 1)) * Layout.SLOT_BYTES;
    }

    /** Whether an entry is for the same queue pair as the last, which is as it was. */
    boolean knows(long target, Node node) {
        return target == whom && node.changes() == count;
    }

    @Nullable
    EmbeddedQueuePair lastTarget() {
        return lastTarget;
    }

    /** Remembers whose an entry is. */
    void learn(long target, @Nullable EmbeddedQueuePair queuePair, long changes) {
        whom = target;
        lastTarget = queuePair;
        count = changes;
    }

    /** Copies a datagram's payload out of its slots. */
    void copyPayload(int lengthBytes, long to) {
        int copied = Math.min(lengthBytes, Layout.FIRST_PAYLOAD_BYTES);
        Memory.copy(slot(position) + Layout.SLOT_PAYLOAD, to, copied);
        for (int i = 1; copied < lengthBytes; i++) {
            int part = Math.min(lengthBytes - copied, Layout.NEXT_PAYLOAD_BYTES);
            Memory.copy(slot(position + i) + 8, to + copied, part);
            copied += part;
        }
    }

    /** Gives the slots of the entry back. */
    void advance(int entries) {
        position += entries;
        next = slot(position);
        if (position - published >= publishEvery) {
            publish();
        }
    }

    private void publish() {
        published = position;
        Memory.putLongRelease(base + Layout.RING_CONSUMED, position);
    }

    /** Tells the sender how many completions the queue has room for. */
    void room(int completions) {
        publishEvery = Math.clamp(completions / 4, 1, Math.min(PUBLISH_EVERY, slots / 4));
        Memory.putIntRelease(base + Layout.RING_ROOM, completions);
    }

    /** Tells the sender whether to wake us. */
    void arm(int how) {
        Memory.putIntRelease(base + Layout.RING_ARMED, how);
    }

    /** Tells the sender that nobody reads any more. */
    void close() {
        publish();
        Memory.putIntRelease(base + Layout.RING_CLOSED, 1);
        if (mapping != null) {
            mapping.close();
        }
    }
}
