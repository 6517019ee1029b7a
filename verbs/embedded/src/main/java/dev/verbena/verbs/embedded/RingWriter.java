package dev.verbena.verbs.embedded;

/**
 * The sending end of a ring of entries towards one completion queue of a peer; all queue pairs of this process whose
 * peers complete there share it. The stamp of an entry is its position plus one, written last with release order: it is
 * all that tells the receiver that the entry is there.
 *
 * <p>Threading: writers hold {@link #guard}. Hot path.
 */
final class RingWriter {
    final Guard guard;
    private final Link link;
    private final SharedMemory memory;
    private final long base;
    private final int slots;
    private long position;
    private long consumed;
    private int room;
    private boolean attached;

    RingWriter(Link link, Presences presences, SharedMemory memory, int slots) {
        this.guard = new Guard(presences);
        this.link = link;
        this.memory = memory;
        this.base = memory.address();
        this.slots = slots;
    }

    static long bytes(int slots) {
        return Layout.RING_ENTRIES + slots * Layout.SLOT_BYTES;
    }

    /** Whether the receiver has closed its end. */
    boolean isClosed() {
        return Memory.getIntAcquire(base + Layout.RING_CLOSED) != 0;
    }

    void free() {
        memory.close();
    }

    private boolean hasRoom(int needed) {
        if (position + needed - consumed <= slots) {
            return true;
        }
        // Copied once, and never trusted to go back or ahead of what was written.
        consumed = Math.clamp(Memory.getLongAcquire(base + Layout.RING_CONSUMED), consumed, position);
        return position + needed - consumed <= slots;
    }

    private long slot(long at) {
        return base + Layout.RING_ENTRIES + (at & (slots - 1)) * Layout.SLOT_BYTES;
    }

    /** Whether the receiver has the ring: what it is told to place it then places before it takes memory back. */
    boolean isAttached() {
        if (!attached) {
            attached = Memory.getIntAcquire(base + Layout.RING_ROOM) != 0;
        }
        return attached;
    }

    /** Publishes an entry without payload; false when the ring is full. */
    boolean publish(int target, int generation, int operation, int immediate, int lengthBytes, int source) {
        return publish(target, generation, operation, immediate, lengthBytes, source, 0, 0);
    }

    /** Publishes an entry with so much payload as it has room for; false when the ring is full. */
    boolean publish(
            int target,
            int generation,
            int operation,
            int immediate,
            int lengthBytes,
            int source,
            long payload,
            int payloadBytes) {
        Guard.Hold hold = guard.lock();
        try {
            if (!put(target, generation, operation, immediate, lengthBytes, source, payload, payloadBytes)) {
                return false;
            }
        } finally {
            guard.unlock(hold);
        }
        wake(operation);
        return true;
    }

    /** The same by a thread that is present, and has the guard by that. */
    boolean publishPresent(
            int target,
            int generation,
            int operation,
            int immediate,
            int lengthBytes,
            int source,
            long payload,
            int payloadBytes) {
        if (!put(target, generation, operation, immediate, lengthBytes, source, payload, payloadBytes)) {
            return false;
        }
        wake(operation);
        return true;
    }

    private boolean put(
            int target,
            int generation,
            int operation,
            int immediate,
            int lengthBytes,
            int source,
            long payload,
            int payloadBytes) {
        if (!hasRoom(1)) {
            return false;
        }
        long at = position;
        long slot = slot(at);
        if (payloadBytes != 0) {
            Places.copy(payload, slot + Layout.SLOT_PAYLOAD, payloadBytes);
        }
        fill(slot, target, generation, operation, immediate, lengthBytes, source);
        StopPoint.PUBLISHING.pass();
        Memory.putLongRelease(slot + Layout.SLOT_STAMP, at + 1);
        position = at + 1;
        if (at + 1 - consumed > room) {
            wakeIfBehind();
        }
        return true;
    }

    /** Publishes a datagram with its payload in as many slots as it needs; false when the ring is full. */
    boolean publishDatagram(
            int target, int generation, int operation, int immediate, int lengthBytes, int source, long payload) {
        int needed = datagramSlots(lengthBytes);
        Guard.Hold hold = guard.lock();
        try {
            if (!hasRoom(needed)) {
                return false;
            }
            long head = slot(position);
            fill(head, target, generation, operation, immediate, lengthBytes, source);
            int copied = Math.min(lengthBytes, Layout.FIRST_PAYLOAD_BYTES);
            Memory.copy(payload, head + Layout.SLOT_PAYLOAD, copied);
            for (int i = 1; i < needed; i++) {
                long slot = slot(position + i);
                int part = Math.min(lengthBytes - copied, Layout.NEXT_PAYLOAD_BYTES);
                Memory.copy(payload + copied, slot + 8, part);
                Memory.putLong(slot + Layout.SLOT_STAMP, position + i + 1);
                copied += part;
            }
            // The first slot's stamp publishes all of them.
            Memory.putLongRelease(head + Layout.SLOT_STAMP, position + 1);
            position += needed;
        } finally {
            guard.unlock(hold);
        }
        wake(operation);
        return true;
    }

    static int datagramSlots(int lengthBytes) {
        int rest = lengthBytes - Layout.FIRST_PAYLOAD_BYTES;
        return rest <= 0 ? 1 : 1 + (rest + Layout.NEXT_PAYLOAD_BYTES - 1) / Layout.NEXT_PAYLOAD_BYTES;
    }

    private static void fill(
            long slot, int target, int generation, int operation, int immediate, int lengthBytes, int source) {
        Memory.putLong(slot + Layout.SLOT_TARGET, WorkCompletionRecord.pair(target, generation));
        Memory.putLong(slot + Layout.SLOT_OPERATION, WorkCompletionRecord.pair(operation, immediate));
        Memory.putLong(slot + Layout.SLOT_LENGTH, WorkCompletionRecord.pair(lengthBytes, source));
    }

    /** More is delivered than the receiver's queue has room for, and nobody polls: its agent shall look. */
    private void wakeIfBehind() {
        room = Math.max(Memory.getInt(base + Layout.RING_ROOM), 1);
        consumed = Math.clamp(Memory.getLongAcquire(base + Layout.RING_CONSUMED), consumed, position);
        long behind = position - consumed - room;
        if (behind > 0 && (behind == 1 || (behind & 63) == 0)) {
            link.kick();
        }
    }

    /** A receiver that armed itself sleeps, or is about to; its arming fence pairs with ours. */
    private void wake(int operation) {
        Fences.light();
        int armed = Memory.getIntAcquire(base + Layout.RING_ARMED);
        if (armed != 0 || (operation & 0xff) == Layout.KIND_FAIL) {
            wakeSlowly(armed, operation);
        }
    }

    private void wakeSlowly(int armed, int operation) {
        boolean failed = (operation & 0xff) == Layout.KIND_FAIL || (operation & 0xff00) != 0;
        if (failed || armed == Layout.ARMED_ANY || (operation & Layout.FLAG_SOLICITED) != 0) {
            link.kick();
        }
    }
}
