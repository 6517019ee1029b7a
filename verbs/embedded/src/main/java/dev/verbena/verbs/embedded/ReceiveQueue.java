package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Posted receives of a queue pair. They lie in shared memory, the window, so that the connected peer sees how many there
 * are, how long, and where; their ids stay here.
 *
 * <p>Threading: posting by the queue pair's user, taking under the receive completion queue's guard; with a shared receive
 * queue both under the latter. Hot path.
 */
final class ReceiveQueue {
    private static final VarHandle CONSUMED;

    static {
        try {
            CONSUMED = MethodHandles.lookup().findVarHandle(ReceiveQueue.class, "consumed", long.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private final int slots;
    private final int entriesMax;
    private final long entry;
    private final Segments.Piece piece;
    private final long window;
    private final int mask;
    private final int stride;
    private final long[] ids;
    private final long control;
    private final int domain;
    private final Link self;
    private final KeyCache keys = new KeyCache();
    private long epoch;
    private int staged;
    private long posted;
    private int lastErrno;

    @SuppressWarnings("UnusedVariable") // through CONSUMED
    private long consumed;

    /** @param entry the queue pair's entry in the control segment, where the posted count is published */
    ReceiveQueue(int slots, int entriesMax, long entry, int domain, Node node) {
        this.slots = slots;
        this.entriesMax = entriesMax;
        this.entry = entry;
        this.domain = domain;
        this.control = node.control();
        this.self = node.self();
        this.epoch = Memory.getLong(entry + Layout.QP_RECEIVE_EPOCH);
        // Twice the slots: what is staged lies behind what is posted.
        int size = Layout.powerOfTwo(Math.max(2 * slots, 2));
        this.mask = size - 1;
        this.stride = (int) (Layout.RECEIVE_LIST + Math.max(entriesMax, 1) * Layout.ENTRY_BYTES);
        this.ids = new long[size];
        this.piece = node.segments().allocate((long) size * stride);
        this.window = piece.address();
        Memory.putInt(entry + Layout.QP_WINDOW_SEGMENT, piece.segment().slot());
        Memory.putInt(entry + Layout.QP_WINDOW_SEGMENT_LIFE, piece.segment().life());
        Memory.putLong(entry + Layout.QP_WINDOW_OFFSET, piece.offset());
        Memory.putInt(entry + Layout.QP_WINDOW_MASK, mask);
        Memory.putInt(entry + Layout.QP_WINDOW_STRIDE, stride);
    }

    Segments.Piece piece() {
        return piece;
    }

    int slots() {
        return slots;
    }

    int entriesMax() {
        return entriesMax;
    }

    int lastErrno() {
        return lastErrno;
    }

    long consumed() {
        return (long) CONSUMED.getAcquire(this);
    }

    boolean isEmpty() {
        return waiting() == 0;
    }

    /** How many are posted and not taken. */
    long waiting() {
        return Memory.getLongAcquire(entry + Layout.QP_POSTED) - consumed();
    }

    // ---------------------------------------------------------------- posting

    int stage(long id, long address, int lengthBytes, int lkey) {
        if (staged == slots) {
            return Refusal.RECEIVE_QUEUE_FULL;
        }
        long at = begin(id, lengthBytes, 1);
        put(at + Layout.RECEIVE_LIST, address, lengthBytes, lkey);
        return 0;
    }

    int stage(long id, ScatterGatherList list) {
        if (staged == slots) {
            return Refusal.RECEIVE_QUEUE_FULL;
        }
        long at = begin(id, list.totalBytes(), list.size());
        for (int i = 0; i < list.size(); i++) {
            put(at + Layout.RECEIVE_LIST + i * Layout.ENTRY_BYTES, list.address(i), list.lengthBytes(i), list.lkey(i));
        }
        return 0;
    }

    /** Posts a receive of one entry if nothing is staged and there is a free slot. */
    boolean post(long id, long address, int lengthBytes, int lkey) {
        if (staged != 0 || posted - consumed() >= slots) {
            return false;
        }
        int index = (int) posted & mask;
        ids[index] = id;
        long at = window + (long) index * stride;
        Memory.putLong(at + Layout.RECEIVE_LENGTH, lengthBytes);
        Memory.putLong(at + Layout.RECEIVE_ENTRIES, 1);
        Memory.putLong(at + Layout.RECEIVE_LIST, address);
        Memory.putLong(at + Layout.RECEIVE_LIST + Layout.ENTRY_LENGTH, WorkCompletionRecord.pair(lengthBytes, lkey));
        posted++;
        Memory.putLongRelease(entry + Layout.QP_POSTED, posted);
        return true;
    }

    private long begin(long id, long totalBytes, int entries) {
        int index = (int) (posted + staged) & mask;
        ids[index] = id;
        long at = window + (long) index * stride;
        Memory.putLong(at + Layout.RECEIVE_LENGTH, totalBytes);
        Memory.putInt(at + Layout.RECEIVE_ENTRIES, entries);
        staged++;
        return at;
    }

    private static void put(long at, long address, int lengthBytes, int lkey) {
        Memory.putLong(at, address);
        Memory.putInt(at + Layout.ENTRY_LENGTH, lengthBytes);
        Memory.putInt(at + Layout.ENTRY_KEY, lkey);
    }

    /** Publishes what is staged as far as there are free slots; answers how many. */
    int flush() {
        int wanted = staged;
        staged = 0;
        int taken = (int) Math.min(wanted, slots - (posted - consumed()));
        lastErrno = taken < wanted ? Errno.ENOMEM : 0;
        if (taken > 0) {
            posted += taken;
            Memory.putLongRelease(entry + Layout.QP_POSTED, posted);
        }
        return taken;
    }

    void discardStaged() {
        staged = 0;
    }

    /** Grants one receive of a shared queue: its list lies at an address. */
    boolean grant(long id, long list, int listBytes) {
        if (posted - consumed() > mask || listBytes > stride) {
            return false;
        }
        int index = (int) posted & mask;
        ids[index] = id;
        Memory.copy(list, window + (long) index * stride, listBytes);
        posted++;
        Memory.putLongRelease(entry + Layout.QP_POSTED, posted);
        return true;
    }

    // ---------------------------------------------------------------- taking

    /** Address of the oldest receive that is not taken. */
    long oldest() {
        return window + ((int) consumed() & mask) * (long) stride;
    }

    /** Length of the oldest receive. */
    long oldestBytes() {
        return Memory.getLong(oldest() + Layout.RECEIVE_LENGTH);
    }

    /** The id of the oldest receive, which is taken with it. */
    long take() {
        long at = consumed();
        long id = ids[(int) at & mask];
        CONSUMED.setRelease(this, at + 1);
        return id;
    }

    /** Puts the payload of a ring's entry into the oldest receive; 0 or the status that it ends with. */
    int place(long payload, int lengthBytes) {
        long at = oldest();
        int bytes = Memory.getInt(at + Layout.RECEIVE_LIST + Layout.ENTRY_LENGTH);
        if (lengthBytes <= 0 || lengthBytes > Layout.INLINE_BYTES || lengthBytes > bytes) {
            return WorkCompletionRecord.LOC_LEN_ERR;
        }
        int key = Memory.getInt(at + Layout.RECEIVE_LIST + Layout.ENTRY_KEY);
        long address = Memory.getLong(at + Layout.RECEIVE_LIST);
        long inside = epoch + 1;
        Memory.putLong(entry + Layout.QP_RECEIVE_EPOCH, inside);
        Fences.light();
        long to = keys.place(control, key, address, lengthBytes, AccessFlags.LOCAL_WRITE);
        if (to == 0) {
            keys.learn(self, domain, key);
            to = keys.place(control, key, address, lengthBytes, AccessFlags.LOCAL_WRITE);
        }
        if (to != 0) {
            Memory.copy(payload, to, lengthBytes);
        }
        epoch = inside + 1;
        Memory.putLongRelease(entry + Layout.QP_RECEIVE_EPOCH, inside + 1);
        return to == 0 ? WorkCompletionRecord.LOC_PROT_ERR : 0;
    }

    /** Forgets everything, for the move to RESET. */
    void reset() {
        staged = 0;
        posted = 0;
        CONSUMED.setRelease(this, 0L);
        Memory.putLong(entry + Layout.QP_TAKEN, 0);
        Memory.putLong(entry + Layout.QP_REQUESTED, 0);
        Memory.putLong(entry + Layout.QP_REFUSED, 0);
        Memory.putLongRelease(entry + Layout.QP_POSTED, 0);
    }
}
