package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.SendFlags;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Executes the usual request of a connected queue pair: one buffer in shared memory, known keys, a peer that is as it was
 * and ready. Whatever is not usual, and everything that ends with an error, is left to the {@link Requester}, which
 * decides from the beginning. So this class knows no statuses, and is small enough to be compiled into one piece.
 *
 * <p>A small message for memory that only its own process looks at travels in the ring, and is placed when its entry is
 * taken; see {@link Layout#REGION_QUIET}.
 *
 * <p>Threading: the methods that try need no lock: the calling thread becomes present, and goes on if the guards of queue
 * pair, completion queue and ring lean to it. The rest runs under the queue pair's guard. Hot path: arguments instead of
 * fields, since after each access to shared memory a field is read again.
 */
@SuppressWarnings("ReferenceEquality") // holds are compared by identity
final class FastPath {
    private static final int ATOMICS = 1 << Opcode.ATOMIC_CMP_AND_SWP | 1 << Opcode.ATOMIC_FETCH_AND_ADD;
    private static final int MESSAGES = 1 << Opcode.SEND | 1 << Opcode.SEND_WITH_IMM;
    private static final int MOVES = 1 << Opcode.RDMA_READ | 1 << Opcode.RDMA_WRITE;
    private static final int KNOWN = ATOMICS | MESSAGES | MOVES;
    private static final int DIRECT = SendFlags.INLINE | SendQueue.COPIED;
    /** Flags that a request without a check of its buffer may have. */
    private static final int FLAGS = SendFlags.SIGNALED | SendFlags.SOLICITED | SendFlags.FENCE;

    private static final VarHandle HOLD;

    static {
        try {
            HOLD = MethodHandles.lookup().findVarHandle(FastPath.class, "hold", Guard.Hold.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private final EmbeddedQueuePair qp;
    private final Guard guard;
    private final EmbeddedCompletionQueue completions;
    private final Guard completionsGuard;
    private final SendQueue sends;
    private final Peer peer;
    private final long control;
    private final Link self;
    private final int domain;
    private final int number;
    private final boolean signalAll;
    private final KeyCache keys = new KeyCache();
    /** What this process had counted before its own keys and the peer were found good. */
    private long ownChanges = -1;

    /** How the guards leaned when the short way was opened; {@link Guard#NONE} while it is shut. Read last, written first. */
    private Presence presence = Presence.NOBODY;

    @SuppressWarnings("UnusedVariable") // through HOLD, too
    private Guard.Hold hold = Guard.NONE;

    private Guard.Hold completionsHold = Guard.NONE;
    private Guard.Hold ringHold = Guard.NONE;

    FastPath(
            EmbeddedQueuePair qp,
            Guard guard,
            EmbeddedCompletionQueue completions,
            SendQueue sends,
            Node node,
            Peer peer,
            boolean signalAll) {
        this.qp = qp;
        this.guard = guard;
        this.completions = completions;
        this.completionsGuard = completions.guard();
        this.sends = sends;
        this.peer = peer;
        this.control = node.control();
        this.self = node.self();
        this.domain = qp.domain();
        this.number = qp.number();
        this.signalAll = signalAll;
    }

    // ---------------------------------------------------------------- without a lock

    /** Opens the short way to the thread that holds the guard, if guards lean to it; nothing is staged or waits. */
    void open() {
        RingWriter ring = peer.ring;
        completionsHold = completionsGuard.leaning();
        ringHold = ring == null ? Guard.NONE : ring.guard.leaning();
        boolean usable = peer.isExpected() && completionsHold != Guard.NONE && sends.entriesMax() > 0;
        Guard.Hold now = usable ? guard.leaning() : Guard.NONE;
        presence = now.presence();
        HOLD.setRelease(this, now);
    }

    /** Shuts it, until it is opened again. */
    void shut() {
        hold = Guard.NONE;
    }

    /**
     * The calling thread becomes present and has the guards of queue pair and completion queue, if they lean to it and the
     * short way is open, and is inside an access; then it ends both by the presence.
     *
     * @return null when it cannot go the short way
     */
    private @Nullable Presence enter() {
        Presence me = presence;
        if (!me.isMine()) {
            return null;
        }
        me.enter();
        // In this order: whoever had the guard in between has changed the fields before it leaned back, and whoever has
        // it
        // now has written who it is before how it leans.
        if (guard.lean() == (Guard.Hold) HOLD.getAcquire(this)
                && presence == me
                && completionsGuard.lean() == completionsHold
                && completions.isCalm()
                && sends.hasRoom()) {
            me.beginAccess();
            return me;
        }
        me.leave();
        return null;
    }

    private static boolean isUsual(int known, int opcode, int flags, int lengthBytes) {
        return (known >>> opcode & 1) != 0
                && (flags & ~FLAGS) == 0
                && lengthBytes > 0
                && lengthBytes <= EmbeddedContext.MESSAGE_BYTES_MAX;
    }

    /** Posts and executes a READ or WRITE; false when nothing was done. */
    boolean tryMove(
            int opcode, long id, int flags, long address, int lengthBytes, int lkey, long remoteAddress, int rkey) {
        Presence me = isUsual(MOVES, opcode, flags, lengthBytes) ? enter() : null;
        if (me == null) {
            return false;
        }
        boolean done = false;
        try {
            done = moveInside(opcode, flags, address, lengthBytes, lkey, remoteAddress, rkey);
            if (done) {
                complete(opcode, id, flags, opcode == Opcode.RDMA_READ ? lengthBytes : 0);
            }
        } finally {
            me.endAccess();
            me.leave();
        }
        return done;
    }

    /** Posts and executes an atomic; false when nothing was done. */
    boolean tryAtomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        Presence me = isUsual(ATOMICS, opcode, flags, Long.BYTES) ? enter() : null;
        if (me == null) {
            return false;
        }
        boolean done = false;
        try {
            done = atomicInside(opcode, address, lkey, remoteAddress, rkey, compareOrAdd, swap);
            if (done) {
                complete(opcode, id, flags, Long.BYTES);
            }
        } finally {
            me.endAccess();
            me.leave();
        }
        return done;
    }

    /** Posts and delivers a SEND; false when nothing was done. */
    boolean trySend(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediate) {
        Presence me = isUsual(MESSAGES, opcode, flags, lengthBytes) ? enter() : null;
        if (me == null) {
            return false;
        }
        boolean done = false;
        try {
            RingWriter ring = peer.ring;
            done = ring != null
                    && ring.guard.lean() == ringHold
                    && sendInside(ring, true, opcode, flags, address, lengthBytes, lkey, immediate);
            if (done) {
                complete(opcode, id, flags, 0);
            }
        } finally {
            me.endAccess();
            me.leave();
        }
        return done;
    }

    private void complete(int opcode, long id, int flags, int lengthBytes) {
        long sequence = sends.countDone();
        if (signalAll || (flags & SendFlags.SIGNALED) != 0) {
            completions.addPresent(qp, sequence, id, EmbeddedQueuePair.completionOpcode(opcode), lengthBytes);
        }
    }

    // ---------------------------------------------------------------- under the guard

    /** Executes the request at the head of a queue and answers true, or answers false and has done nothing. */
    boolean execute() {
        if (!sends.isPlain(KNOWN)) {
            return false;
        }
        int opcode = sends.opcode();
        int bit = 1 << opcode;
        int lengthBytes = (int) sends.totalBytes();
        if ((bit & MESSAGES) != 0) {
            return send(opcode, sends.flags(), sends.address(0), lengthBytes, sends.lkey(0), sends.immediateOrKey());
        }
        long address = sends.address(0);
        long remote = sends.remoteAddress();
        return (bit & ATOMICS) != 0
                ? atomic(opcode, address, sends.lkey(0), remote, sends.rkeyOrQkey(), sends.compareOrAdd(), sends.swap())
                : move(opcode, sends.flags(), address, lengthBytes, sends.lkey(0), remote, sends.rkeyOrQkey());
    }

    /** A READ or WRITE; true when it is done. */
    boolean move(int opcode, int flags, long address, int lengthBytes, int lkey, long remoteAddress, int rkey) {
        long epoch = qp.enterAccess();
        boolean done = moveInside(opcode, flags, address, lengthBytes, lkey, remoteAddress, rkey);
        qp.exitAccess(epoch);
        return done;
    }

    /** An atomic; true when it is done. */
    boolean atomic(int opcode, long address, int lkey, long remoteAddress, int rkey, long compareOrAdd, long swap) {
        long epoch = qp.enterAccess();
        boolean done = atomicInside(opcode, address, lkey, remoteAddress, rkey, compareOrAdd, swap);
        qp.exitAccess(epoch);
        return done;
    }

    /** A SEND; true when it is delivered. */
    boolean send(int opcode, int flags, long address, int lengthBytes, int lkey, int immediate) {
        long epoch = qp.enterAccess();
        RingWriter ring = peer.ring;
        boolean done = ring != null && sendInside(ring, false, opcode, flags, address, lengthBytes, lkey, immediate);
        qp.exitAccess(epoch);
        return done;
    }

    // ---------------------------------------------------------------- inside an access

    /** Whether keys and peer are as they were found good: two counts, and only when one has changed a closer look. */
    private boolean isCurrent(Peer to) {
        // The own count first: it tells that the peer's memory may be gone.
        return (to.isExpected() && Memory.getLongAcquire(control + Layout.CHANGES) == ownChanges && to.isUnchanged())
                || isCurrentAgain(to);
    }

    private boolean isCurrentAgain(Peer to) {
        long count = Memory.getLongAcquire(control + Layout.CHANGES);
        boolean good = to.isAsExpected() && keys.isValid();
        if (good) {
            ownChanges = count;
        }
        return good;
    }

    private boolean moveInside(
            int opcode, int flags, long address, int lengthBytes, int lkey, long remoteAddress, int rkey) {
        Peer to = peer;
        boolean pull = opcode == Opcode.RDMA_READ;
        int right = pull ? AccessFlags.REMOTE_READ : AccessFlags.REMOTE_WRITE;
        if (!isCurrent(to) || !to.gives(right)) {
            return false;
        }
        long here = (flags & DIRECT) != 0
                ? address
                : keys.place(control, lkey, address, lengthBytes, pull ? AccessFlags.LOCAL_WRITE : 0);
        long there = to.keys.place(to.control, rkey, remoteAddress, lengthBytes, right);
        if (here == 0 || there == 0) {
            return false;
        }
        Places.copy(pull ? there : here, pull ? here : there, lengthBytes);
        return true;
    }

    private boolean atomicInside(
            int opcode, long address, int lkey, long remoteAddress, int rkey, long compareOrAdd, long swap) {
        Peer to = peer;
        if (!isCurrent(to) || !to.gives(AccessFlags.REMOTE_ATOMIC)) {
            return false;
        }
        long here = keys.place(control, lkey, address, Long.BYTES, AccessFlags.LOCAL_WRITE);
        long there = to.keys.place(to.control, rkey, remoteAddress, Long.BYTES, AccessFlags.REMOTE_ATOMIC);
        if (here == 0 || there == 0 || ((remoteAddress | there) & 7) != 0) {
            return false;
        }
        long before = opcode == Opcode.ATOMIC_FETCH_AND_ADD
                ? Memory.getAndAdd(there, compareOrAdd)
                : Memory.compareAndExchange(there, compareOrAdd, swap);
        Memory.putLong(here, before);
        return true;
    }

    private boolean sendInside(
            RingWriter ring,
            boolean present,
            int opcode,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            int immediate) {
        Peer to = peer;
        if (!isCurrent(to)) {
            return false;
        }
        long here = (flags & DIRECT) != 0 ? address : keys.place(control, lkey, address, lengthBytes, 0);
        int receive = to.nextReceive();
        if (here == 0 || receive < 0 || lengthBytes > to.room(receive)) {
            return false;
        }
        StopPoint.CLAIMED.pass();
        int key = to.receiveKey(receive);
        long there = to.keys.place(to.control, key, to.receiveAddress(receive), lengthBytes, AccessFlags.LOCAL_WRITE);
        return there != 0 && deliver(to, ring, present, opcode, flags, here, there, lengthBytes, immediate);
    }

    private boolean deliver(
            Peer to,
            RingWriter ring,
            boolean present,
            int opcode,
            int flags,
            long here,
            long there,
            int lengthBytes,
            int immediate) {
        int operation = Layout.KIND_DELIVERED
                | (opcode == Opcode.SEND_WITH_IMM ? Layout.FLAG_IMMEDIATE : 0)
                | ((flags & SendFlags.SOLICITED) != 0 ? Layout.FLAG_SOLICITED : 0);
        int inline = 0;
        if (lengthBytes <= Layout.INLINE_BYTES && to.keys.lastIsQuiet() && ring.isAttached()) {
            inline = lengthBytes;
            operation |= Layout.FLAG_INLINE;
        } else {
            // When the ring is full the bytes lie there early, and are copied again.
            Places.copy(here, there, lengthBytes);
        }
        int target = qp.destination();
        boolean published = present
                ? ring.publishPresent(target, to.generation, operation, immediate, lengthBytes, number, here, inline)
                : ring.publish(target, to.generation, operation, immediate, lengthBytes, number, here, inline);
        if (published) {
            StopPoint.PUBLISHED.pass();
            to.took();
        }
        return published;
    }

    /** Takes note of the keys of a request that the long way has executed. */
    void learn() {
        Link link = peer.link;
        if (link == null || peer.generation == 0 || !sends.isPlain(KNOWN)) {
            return;
        }
        long epoch = qp.enterAccess();
        try {
            if (link.isDead()) {
                return;
            }
            keys.learn(self, domain, sends.lkey(0));
            boolean message = (1 << sends.opcode() & MESSAGES) != 0;
            int remoteDomain = Memory.getInt(peer.entry + Layout.QP_DOMAIN);
            peer.keys.learn(link, remoteDomain, message ? peer.usedKey : sends.rkeyOrQkey());
        } finally {
            qp.exitAccess(epoch);
        }
    }
}
