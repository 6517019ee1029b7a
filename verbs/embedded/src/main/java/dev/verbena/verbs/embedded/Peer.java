package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import org.jspecify.annotations.Nullable;

/**
 * What a queue pair knows of the one it is connected to: where its entry lies, which life of it, what receives it has
 * posted and how many are taken.
 *
 * <p>Threading: under the queue pair's guard. Hot path.
 */
final class Peer {
    /** Receives that are copied ahead, so that a message touches no line that the peer writes per receive. */
    private static final int AHEAD = 64;

    private static final int WORDS = 4;
    private static final int SINGLE = 1;

    @Nullable
    Link link;

    @Nullable
    RingWriter ring;

    /** The keys of the peer's regions, as far as they were used. */
    final KeyCache keys = new KeyCache();

    long control;
    long entry;
    int generation;
    long posted;
    long taken;
    long requested;
    /** The key of the receive used last. */
    int usedKey;

    /** Generation and status as the long way found them good; 0 before. */
    private long expected;
    /** Rights that the peer's queue pair gives, without READ and atomics where one side has no depth for them. */
    private int rights;
    /** What the link had counted when the places were remembered. */
    private int changes;
    /** What its process had counted before the rest was found good. */
    private long peersChanges;

    private final long[] receives = new long[AHEAD * WORDS];
    private long copied;
    private long window;
    private long windowMask;
    private long windowStride;

    void forget() {
        link = null;
        ring = null;
        entry = 0;
        control = 0;
        beginLife(0);
    }

    void beginLife(int life) {
        generation = life;
        expected = 0;
        peersChanges = -1;
        window = 0;
        copied = 0;
        posted = 0;
        keys.clear();
    }

    /** What a look at the peer's entry found, which was good. */
    void expect(long generationAndStatus, int ownReadDepth) {
        int status = (int) (generationAndStatus >>> 32);
        boolean deep = ownReadDepth != 0 && Layout.readDepthOf(status) != 0;
        int pulls = AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC;
        Link to = link;
        if (to != null && to.changes() != changes) {
            changes = to.changes();
            keys.clear();
            window = 0;
            copied = 0;
        }
        rights = deep ? Layout.accessOf(status) : Layout.accessOf(status) & ~pulls;
        expected = generationAndStatus;
    }

    /** This side was modified: what was expected is to be found anew. */
    void expectNothing() {
        expected = 0;
    }

    /** Whether anything was found good. */
    boolean isExpected() {
        return expected != 0;
    }

    /** Whether the peer's queue pair gives these rights. */
    boolean gives(int wanted) {
        return (rights & wanted) == wanted;
    }

    /** Whether the peer's process has not counted a change since all was found good. Inside an access, link alive. */
    boolean isUnchanged() {
        return Memory.getLongAcquire(control + Layout.CHANGES) == peersChanges;
    }

    /** Looks again at what was found good; false when it is so no longer. Inside an access. */
    boolean isAsExpected() {
        Link to = link;
        if (to == null || expected == 0 || to.isDead() || to.changes() != changes) {
            return false;
        }
        // The count first: what changes behind it is found by the next look.
        long count = Memory.getLongAcquire(control + Layout.CHANGES);
        boolean good = Memory.getLongAcquire(entry + Layout.QP_GENERATION) == expected && keys.isValid();
        if (good) {
            peersChanges = count;
        }
        return good;
    }

    /** Remembers where the window of posted receives lies in this process. */
    void remember(long windowBase, long mask, long stride) {
        window = windowBase;
        windowMask = mask;
        windowStride = stride;
    }

    /**
     * Index of the next receive in what was copied, -1 when there is none or its place is not known yet. Inside an access.
     */
    int nextReceive() {
        if (taken >= copied && !copyReceives()) {
            return -1;
        }
        return ((int) taken & (AHEAD - 1)) * WORDS;
    }

    private boolean copyReceives() {
        if (window == 0) {
            return false;
        }
        long until = Math.min(Memory.getLongAcquire(entry + Layout.QP_POSTED), taken + AHEAD);
        for (long at = taken; at < until; at++) {
            long from = window + (at & windowMask) * windowStride;
            int to = ((int) at & (AHEAD - 1)) * WORDS;
            receives[to] = Memory.getLong(from + Layout.RECEIVE_LENGTH);
            receives[to + 1] = Memory.getInt(from + Layout.RECEIVE_ENTRIES);
            receives[to + 2] = Memory.getLong(from + Layout.RECEIVE_LIST);
            receives[to + 3] = Memory.getLong(from + Layout.RECEIVE_LIST + Layout.ENTRY_LENGTH);
        }
        copied = Math.max(until, copied);
        return taken < until;
    }

    /** Room in a receive of one entry, -1 in one of several. */
    long room(int receive) {
        return receives[receive + 1] == SINGLE ? receives[receive] : -1;
    }

    long receiveAddress(int receive) {
        return receives[receive + 2];
    }

    int receiveKey(int receive) {
        return (int) (receives[receive + 3] >>> 32);
    }

    /** A receive was used. */
    void took() {
        taken++;
        Memory.putLongRelease(entry + Layout.QP_TAKEN, taken);
    }
}
