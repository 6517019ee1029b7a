package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Receives for several queue pairs. They stay in this process; a peer asks for one, and gets it in its queue pair's own
 * window.
 *
 * <p>Threading: under the guard.
 */
final class EmbeddedSharedReceiveQueue implements SharedReceiveQueueDriver {
    private final EmbeddedContext context;
    private final int number;
    private final int entriesMax;
    private final int stride;
    private final Guard guard = new Guard(null);
    private final Set<EmbeddedCompletionQueue> completionQueues = ConcurrentHashMap.newKeySet();
    private int slots;
    private int mask;
    private MemorySegment receives;
    private long[] ids;
    private long head;
    private long tail;
    private int staged;
    private int limit;
    private int lastErrno;

    EmbeddedSharedReceiveQueue(EmbeddedContext context, SharedReceiveQueueConfig config) {
        this.context = context;
        this.number = context.node().nextName();
        this.entriesMax = config.entries();
        this.slots = config.slots();
        this.limit = config.limit();
        this.stride = (int) (Layout.RECEIVE_LIST + entriesMax * Layout.ENTRY_BYTES);
        int size = Layout.powerOfTwo(2 * slots);
        this.mask = size - 1;
        this.ids = new long[size];
        this.receives = Arena.ofAuto().allocate((long) size * stride, 8);
    }

    /** Remembers where the receives of its queue pairs complete. */
    void addCompletionQueue(EmbeddedCompletionQueue queue) {
        completionQueues.add(queue);
    }

    @Override
    public int slots() {
        return slots;
    }

    @Override
    public int scatterGatherMax() {
        return entriesMax;
    }

    @Override
    public int number() {
        return number;
    }

    private long at(long index) {
        return receives.address() + (index & mask) * stride;
    }

    @Override
    public int receive(long id, long address, int lengthBytes, int lkey) {
        Guard.Hold hold = guard.lock();
        try {
            if (staged == slots) {
                return Refusal.RECEIVE_QUEUE_FULL;
            }
            long at = begin(id, lengthBytes, 1);
            put(at + Layout.RECEIVE_LIST, address, lengthBytes, lkey);
            return 0;
        } finally {
            guard.unlock(hold);
        }
    }

    @Override
    public int receive(long id, ScatterGatherList list) {
        Guard.Hold hold = guard.lock();
        try {
            if (staged == slots) {
                return Refusal.RECEIVE_QUEUE_FULL;
            }
            long at = begin(id, list.totalBytes(), list.size());
            for (int i = 0; i < list.size(); i++) {
                long entry = at + Layout.RECEIVE_LIST + i * Layout.ENTRY_BYTES;
                put(entry, list.address(i), list.lengthBytes(i), list.lkey(i));
            }
            return 0;
        } finally {
            guard.unlock(hold);
        }
    }

    private long begin(long id, long totalBytes, int entries) {
        long index = tail + staged;
        ids[(int) index & mask] = id;
        Memory.putLong(at(index) + Layout.RECEIVE_LENGTH, totalBytes);
        Memory.putInt(at(index) + Layout.RECEIVE_ENTRIES, entries);
        staged++;
        return at(index);
    }

    private static void put(long entry, long address, int lengthBytes, int lkey) {
        Memory.putLong(entry, address);
        Memory.putInt(entry + Layout.ENTRY_LENGTH, lengthBytes);
        Memory.putInt(entry + Layout.ENTRY_KEY, lkey);
    }

    @Override
    public int flush() {
        if (isEmpty()) {
            // What has arrived so far found no receive.
            completionQueues.forEach(EmbeddedCompletionQueue::takeNews);
        }
        Guard.Hold hold = guard.lock();
        try {
            int wanted = staged;
            int taken = (int) Math.min(wanted, slots - (tail - head));
            staged = 0;
            tail += taken;
            lastErrno = taken < wanted ? Errno.ENOMEM : 0;
            return taken;
        } finally {
            guard.unlock(hold);
        }
    }

    private boolean isEmpty() {
        Guard.Hold hold = guard.lock();
        try {
            return head == tail;
        } finally {
            guard.unlock(hold);
        }
    }

    /** Moves the oldest receive to a queue pair's own; false when there is none. */
    boolean grant(ReceiveQueue to) {
        boolean low;
        Guard.Hold hold = guard.lock();
        try {
            if (head == tail || !to.grant(ids[(int) head & mask], at(head), stride)) {
                return false;
            }
            StopPoint.GRANTING.pass();
            head++;
            low = limit > 0 && tail - head < limit;
            if (low) {
                limit = 0;
            }
        } finally {
            guard.unlock(hold);
        }
        if (low) {
            context.raise(AsyncEventType.SRQ_LIMIT_REACHED, this);
        }
        return true;
    }

    /** Takes back what was granted and not used, as if it had not been: the oldest is the next again. */
    void takeBack(ReceiveQueue from) {
        Guard.Hold hold = guard.lock();
        try {
            long first = head - Math.min(from.waiting(), mask - (tail - head));
            for (long to = first; to != head; to++) {
                Memory.copy(from.oldest(), at(to), stride);
                ids[(int) to & mask] = from.take();
            }
            head = first;
        } finally {
            guard.unlock(hold);
        }
    }

    @Override
    public int lastErrno() {
        return lastErrno;
    }

    @Override
    public void modify(int newSlots, int newLimit) {
        Guard.Hold hold = guard.lock();
        try {
            if (newSlots > 0) {
                resize(newSlots);
            }
            if (newLimit > slots) {
                throw new VerbsException(
                        "ibv_modify_srq", "shared receive queue", Errno.EINVAL, "the limit is more than the slots");
            }
            if (newSlots == 0) {
                limit = newLimit;
            }
        } finally {
            guard.unlock(hold);
        }
    }

    private void resize(int newSlots) {
        if (tail - head > newSlots) {
            throw new VerbsException(
                    "ibv_modify_srq", "shared receive queue", Errno.EINVAL, (tail - head) + " receives are posted");
        }
        int size = Layout.powerOfTwo(2 * newSlots);
        MemorySegment moved = Arena.ofAuto().allocate((long) size * stride, 8);
        long[] movedIds = new long[size];
        for (long index = head; index < tail; index++) {
            Memory.copy(at(index), moved.address() + (index & (size - 1)) * stride, stride);
            movedIds[(int) index & (size - 1)] = ids[(int) index & mask];
        }
        receives = moved;
        ids = movedIds;
        mask = size - 1;
        slots = newSlots;
        staged = 0;
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public void close() {
        // Queue pairs that use it are closed already; what is posted is never completed.
    }
}
