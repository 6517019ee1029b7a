package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.SendFlags;

/**
 * Executes the usual request of a connected queue pair: one buffer in shared memory, known keys, a peer that is as it was
 * and ready. Whatever is not usual, and everything that ends with an error, is left to the {@link Requester}, which
 * decides from the beginning. So this class knows no statuses, and is small enough to be compiled into one piece.
 *
 * <p>A small message for memory that only its own process looks at travels in the ring, and is placed when its entry is
 * taken; see {@link Layout#REGION_QUIET}.
 *
 * <p>Threading: under the queue pair's guard. Hot path: arguments instead of fields, since after each access to shared
 * memory a field is read again.
 */
final class FastPath {
    private static final int ATOMICS = 1 << Opcode.ATOMIC_CMP_AND_SWP | 1 << Opcode.ATOMIC_FETCH_AND_ADD;
    private static final int MESSAGES = 1 << Opcode.SEND | 1 << Opcode.SEND_WITH_IMM;
    private static final int KNOWN = ATOMICS | MESSAGES | 1 << Opcode.RDMA_READ | 1 << Opcode.RDMA_WRITE;
    private static final int DIRECT = SendFlags.INLINE | SendQueue.COPIED;

    private final EmbeddedQueuePair qp;
    private final Peer peer;
    private final long control;
    private final Link self;
    private final int domain;
    private final int number;
    private final KeyCache keys = new KeyCache();

    FastPath(EmbeddedQueuePair qp, Node node, Peer peer) {
        this.qp = qp;
        this.peer = peer;
        this.control = node.control();
        this.self = node.self();
        this.domain = qp.domain();
        this.number = qp.number();
    }

    /** Executes the request at the head of a queue and answers true, or answers false and has done nothing. */
    boolean execute(SendQueue sends) {
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
        Peer to = peer;
        boolean pull = opcode == Opcode.RDMA_READ;
        long epoch = qp.enterAccess();
        boolean done = false;
        if (to.isAsExpected(pull ? AccessFlags.REMOTE_READ : AccessFlags.REMOTE_WRITE)) {
            long here = (flags & DIRECT) != 0
                    ? address
                    : keys.place(control, lkey, address, lengthBytes, pull ? AccessFlags.LOCAL_WRITE : 0);
            long there = to.keys.place(
                    to.control,
                    rkey,
                    remoteAddress,
                    lengthBytes,
                    pull ? AccessFlags.REMOTE_READ : AccessFlags.REMOTE_WRITE);
            if (here != 0 && there != 0) {
                Places.copy(pull ? there : here, pull ? here : there, lengthBytes);
                done = true;
            }
        }
        qp.exitAccess(epoch);
        return done;
    }

    /** An atomic; true when it is done. */
    boolean atomic(int opcode, long address, int lkey, long remoteAddress, int rkey, long compareOrAdd, long swap) {
        Peer to = peer;
        long epoch = qp.enterAccess();
        boolean done = false;
        if (to.isAsExpected(AccessFlags.REMOTE_ATOMIC)) {
            long here = keys.place(control, lkey, address, Long.BYTES, AccessFlags.LOCAL_WRITE);
            long there = to.keys.place(to.control, rkey, remoteAddress, Long.BYTES, AccessFlags.REMOTE_ATOMIC);
            if (here != 0 && there != 0 && ((remoteAddress | there) & 7) == 0) {
                long before = opcode == Opcode.ATOMIC_FETCH_AND_ADD
                        ? Memory.getAndAdd(there, compareOrAdd)
                        : Memory.compareAndExchange(there, compareOrAdd, swap);
                Memory.putLong(here, before);
                done = true;
            }
        }
        qp.exitAccess(epoch);
        return done;
    }

    /** A SEND; true when it is delivered. */
    boolean send(int opcode, int flags, long address, int lengthBytes, int lkey, int immediate) {
        Peer to = peer;
        long epoch = qp.enterAccess();
        boolean done = false;
        RingWriter ring = to.ring;
        if (ring != null && to.isAsExpected(0)) {
            long here = (flags & DIRECT) != 0 ? address : keys.place(control, lkey, address, lengthBytes, 0);
            int receive = to.nextReceive();
            if (here != 0 && receive >= 0 && lengthBytes <= to.room(receive)) {
                StopPoint.CLAIMED.pass();
                int key = to.receiveKey(receive);
                long there = to.keys.place(
                        to.control, key, to.receiveAddress(receive), lengthBytes, AccessFlags.LOCAL_WRITE);
                done = there != 0 && deliver(to, ring, opcode, flags, here, there, lengthBytes, immediate);
            }
        }
        qp.exitAccess(epoch);
        return done;
    }

    private boolean deliver(
            Peer to, RingWriter ring, int opcode, int flags, long here, long there, int lengthBytes, int immediate) {
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
        boolean published =
                ring.publish(qp.destination(), to.generation, operation, immediate, lengthBytes, number, here, inline);
        if (published) {
            StopPoint.PUBLISHED.pass();
            to.took();
        }
        return published;
    }

    /** Takes note of the keys of a request that the long way has executed. */
    void learn(SendQueue sends) {
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
