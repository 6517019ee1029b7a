package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;

/**
 * Executes the requests of a connected queue pair. It does the responder's part too: it reads the peer's tables, checks
 * what the peer would check, moves the bytes, and tells the peer's completion queue what was delivered.
 *
 * <p>Everything from the first look at the peer's tables to the last byte happens inside an access: the epoch in the
 * queue pair's own entry is odd meanwhile, and who takes memory back waits for that.
 *
 * <p>Threading: under the queue pair's guard. Hot path.
 */
final class Requester {
    /** The request cannot go on now; negative results, in contrast to a completion status. */
    static final int STALL_LINK = -1;

    static final int STALL_MAPPING = -2;
    static final int STALL_RING = -3;
    static final int STALL_TAKE = -4;
    static final int STALL_NOT_READY = -5;
    static final int STALL_SILENT = -6;
    /** The peer's table refuses the key. */
    static final int REFUSED = -7;
    /** Unreliable only: the message is lost on the way. */
    private static final int LOST = -8;

    private final EmbeddedQueuePair qp;
    private final Node node;
    private final SendQueue sends;
    private final boolean reliable;
    private final Places places = new Places();

    private final Peer peer;
    /** The life of the peer's queue pair that a receive of its own has ended; unreliable only. */
    private int endedGeneration;

    private long invalidatedFor = -1;
    private int peersPause;

    Requester(EmbeddedQueuePair qp, Node node, SendQueue sends, Peer peer) {
        this.qp = qp;
        this.peer = peer;
        this.node = node;
        this.sends = sends;
        this.reliable = qp.type() == QueuePairType.RC;
    }

    /** Forgets the peer, for the move to RESET. */
    void reset() {
        peer.forget();
        endedGeneration = 0;
    }

    /** Begins the link, so that the first request finds it. */
    void prepare() {
        peer.link = node.link(Layout.slotOf(qp.destination()));
    }

    /** Something of the own side was modified. */
    void onModified() {
        peer.expectNothing();
    }

    /** The pause that the peer asks for when it is not ready, by its code. */
    int receiverNotReadyTimer() {
        return peersPause;
    }

    /** How often the peer's agent has looked around; 0 when there is none. */
    long peersPulse() {
        Link to = peer.link;
        long epoch = qp.enterAccess();
        try {
            return to == null || !to.isReady() || to.isDead() ? 0 : Memory.getLongAcquire(to.control() + Layout.PULSE);
        } finally {
            qp.exitAccess(epoch);
        }
    }

    /** Makes the peer's agent look for what we have asked. */
    void nudge() {
        Link to = peer.link;
        if (to != null && to.isReady()) {
            to.kick();
        }
    }

    /** Executes the request at the head: a completion status, or why it has to wait. */
    int execute() {
        int opcode = sends.opcode();
        if (opcode == Opcode.LOCAL_INV || opcode == Opcode.BIND_MW) {
            return Windows.execute(qp, node, sends);
        }
        if (sends.totalBytes() > EmbeddedContext.MESSAGE_BYTES_MAX) {
            return WorkCompletionRecord.LOC_LEN_ERR;
        }
        int contact = contact();
        if (contact == STALL_LINK) {
            return STALL_LINK;
        }
        long epoch = qp.enterAccess();
        int result;
        try {
            result = gather(opcode);
            if (result == 0) {
                result = contact == 0 && peerIsThere() ? perform(opcode) : STALL_SILENT;
            }
        } finally {
            qp.exitAccess(epoch);
        }
        return reliable ? result : unreliable(result);
    }

    /** On an unreliable connection whatever goes wrong at the peer is a message lost. */
    private static int unreliable(int result) {
        boolean lost = result == LOST
                || result == STALL_SILENT
                || result == STALL_NOT_READY
                || result == WorkCompletionRecord.REM_ACCESS_ERR
                || result == WorkCompletionRecord.REM_INV_REQ_ERR
                || result == WorkCompletionRecord.REM_OP_ERR;
        return lost ? WorkCompletionRecord.SUCCESS : result;
    }

    // ---------------------------------------------------------------- the peer

    private int contact() {
        Link to = peer.link;
        if (to == null || to.isDead()) {
            reset();
            to = qp.isReachable() ? node.link(Layout.slotOf(qp.destination())) : null;
            peer.link = to;
            if (to == null) {
                return STALL_SILENT;
            }
        }
        if (!to.isReady()) {
            return to.isDead() ? STALL_SILENT : STALL_LINK;
        }
        peer.control = to.control();
        peer.entry = Layout.queuePair(to.control(), Layout.indexOf(qp.destination()));
        if (peer.ring == null) {
            int queue = peersReceiveQueue(to);
            peer.ring = queue == 0 ? null : to.ring(queue);
        }
        return peer.ring == null ? STALL_SILENT : 0;
    }

    /** The number of the queue where the peer's receives complete; 0 when there is no such queue pair. */
    private int peersReceiveQueue(Link to) {
        long epoch = qp.enterAccess();
        try {
            boolean there = !to.isDead() && Memory.getIntAcquire(peer.entry + Layout.QP_GENERATION) != 0;
            return there ? Memory.getInt(peer.entry + Layout.QP_RECEIVE_QUEUE) : 0;
        } finally {
            qp.exitAccess(epoch);
        }
    }

    /** Whether the peer's queue pair is ours and answers; the first time it is remembered which life of it. */
    private boolean peerIsThere() {
        Link to = peer.link;
        if (to == null || to.isDead()) {
            return false;
        }
        long status = Memory.getLongAcquire(peer.entry + Layout.QP_GENERATION);
        int generation = (int) status;
        int state = Layout.stateOf((int) (status >>> 32));
        boolean answers = state >= QueuePairState.READY_TO_RECEIVE.code()
                && state <= QueuePairState.SEND_QUEUE_ERROR.code()
                && Memory.getInt(peer.entry + Layout.QP_DESTINATION) == qp.number()
                && Memory.getInt(peer.entry + Layout.QP_TYPE) == qp.type().code();
        if (!answers || generation == endedGeneration || (peer.generation != 0 && peer.generation != generation)) {
            return false;
        }
        if (peer.generation == 0) {
            peer.beginLife(generation);
            peer.taken = Memory.getLong(peer.entry + Layout.QP_TAKEN);
            peer.requested = Memory.getLong(peer.entry + Layout.QP_REQUESTED);
            peersPause = Memory.getInt(peer.entry + Layout.QP_MIN_RNR_TIMER);
        }
        // An unreliable connection has no READ and no atomics, whatever the values say.
        peer.expect(status, reliable ? qp.readDepth() : 0);
        return true;
    }

    // ---------------------------------------------------------------- this side

    private int gather(int opcode) {
        places.clear();
        boolean write = opcode == Opcode.RDMA_READ
                || opcode == Opcode.ATOMIC_CMP_AND_SWP
                || opcode == Opcode.ATOMIC_FETCH_AND_ADD;
        if ((sends.flags() & SendQueue.COPIED) != 0) {
            places.addLocalUnchecked(sends.address(0), sends.lengthBytes(0));
            return 0;
        }
        int entries = sends.entries();
        for (int i = 0; i < entries; i++) {
            boolean good = places.addLocal(
                    node.control(), qp.domain(), sends.address(i), sends.lengthBytes(i), sends.lkey(i), write);
            if (!good) {
                return WorkCompletionRecord.LOC_PROT_ERR;
            }
        }
        return 0;
    }

    private int perform(int opcode) {
        return switch (opcode) {
            case Opcode.SEND, Opcode.SEND_WITH_IMM, Opcode.SEND_WITH_INV -> send(opcode);
            case Opcode.RDMA_WRITE -> write();
            case Opcode.RDMA_WRITE_WITH_IMM -> writeWithImmediate();
            case Opcode.RDMA_READ -> read();
            case Opcode.ATOMIC_CMP_AND_SWP, Opcode.ATOMIC_FETCH_AND_ADD -> atomic(opcode);
            default -> WorkCompletionRecord.LOC_QP_OP_ERR;
        };
    }

    // ---------------------------------------------------------------- messages

    private int send(int opcode) {
        int ready = receive();
        if (ready != 0) {
            return ready;
        }
        long total = sends.totalBytes();
        long slot = receiveSlot();
        if (slot == 0) {
            return STALL_MAPPING;
        }
        long room = Memory.getLong(slot + Layout.RECEIVE_LENGTH);
        if (total > room) {
            return reliable
                    ? failReceive(WorkCompletionRecord.LOC_LEN_ERR, WorkCompletionRecord.REM_INV_REQ_ERR)
                    : LOST;
        }
        StopPoint.CLAIMED.pass();
        int placed = scatterInto(slot, total);
        if (placed == STALL_MAPPING) {
            return placed;
        }
        if (placed == REFUSED) {
            return failReceive(WorkCompletionRecord.LOC_PROT_ERR, WorkCompletionRecord.REM_OP_ERR);
        }
        int invalid = opcode == Opcode.SEND_WITH_INV ? invalidatePeersKey(sends.immediateOrKey()) : 0;
        if (invalid != 0) {
            return invalid;
        }
        Link to = peer.link;
        int status = to == null ? STALL_SILENT : places.push(to.pid());
        if (status == WorkCompletionRecord.REM_OP_ERR) {
            return failReceive(WorkCompletionRecord.LOC_PROT_ERR, WorkCompletionRecord.REM_OP_ERR);
        }
        return status != 0 ? status : deliver(operation(opcode), sends.immediateOrKey(), (int) total);
    }

    private int operation(int opcode) {
        int operation = Layout.KIND_DELIVERED;
        if ((sends.flags() & SendFlags.SOLICITED) != 0) {
            operation |= Layout.FLAG_SOLICITED;
        }
        return switch (opcode) {
            case Opcode.SEND_WITH_IMM -> operation | Layout.FLAG_IMMEDIATE;
            case Opcode.RDMA_WRITE_WITH_IMM -> operation | Layout.FLAG_IMMEDIATE | Layout.FLAG_WRITE;
            case Opcode.SEND_WITH_INV -> operation | Layout.FLAG_INVALIDATE;
            default -> operation;
        };
    }

    /** 0 when the peer has a receive for us; else why to wait. */
    private int receive() {
        if (peer.taken < peer.posted) {
            return 0;
        }
        peer.posted = Memory.getLongAcquire(peer.entry + Layout.QP_POSTED);
        if (peer.taken < peer.posted) {
            return 0;
        }
        return Memory.getInt(peer.entry + Layout.QP_SHARED) == 0 ? STALL_NOT_READY : takeShared();
    }

    /**
     * Asks the peer for receives out of its shared queue: only its own process may take one. It is asked for as many as the
     * messages that wait here, so that they do not go there and back one by one.
     */
    private int takeShared() {
        long answered = peer.posted + Memory.getLongAcquire(peer.entry + Layout.QP_REFUSED);
        if (peer.requested > answered) {
            return STALL_TAKE;
        }
        if (qp.wasRefused()) {
            return STALL_NOT_READY;
        }
        int wanted = qp.isReadyToSend() ? sends.messagesWaiting(Layout.TAKE_MAX) : 1;
        if (!publish(Layout.KIND_TAKE, wanted, 0)) {
            return STALL_RING;
        }
        StopPoint.ASKING.pass();
        peer.requested += wanted;
        Memory.putLongRelease(peer.entry + Layout.QP_REQUESTED, peer.requested);
        return STALL_TAKE;
    }

    private long receiveSlot() {
        Link to = peer.link;
        Link.Mapping mapping = to == null
                ? null
                : to.segment(
                        Memory.getInt(peer.entry + Layout.QP_WINDOW_SEGMENT),
                        Memory.getInt(peer.entry + Layout.QP_WINDOW_SEGMENT_LIFE));
        if (mapping == null) {
            return 0;
        }
        long mask = Memory.getInt(peer.entry + Layout.QP_WINDOW_MASK);
        long stride = Memory.getInt(peer.entry + Layout.QP_WINDOW_STRIDE);
        long first = Memory.getLong(peer.entry + Layout.QP_WINDOW_OFFSET);
        boolean inside = first >= 0
                && mask >= 0
                && stride >= Layout.RECEIVE_LIST + Layout.ENTRY_BYTES
                && first <= mapping.lengthBytes() - (mask + 1) * stride;
        if (!inside) {
            return 0;
        }
        peer.remember(mapping.base() + first, mask, stride);
        return mapping.base() + first + (peer.taken & mask) * stride;
    }

    private int scatterInto(long slot, long total) {
        Link to = peer.link;
        if (to == null) {
            return STALL_MAPPING;
        }
        int stride = Memory.getInt(peer.entry + Layout.QP_WINDOW_STRIDE);
        int entriesMax = (int) ((stride - Layout.RECEIVE_LIST) / Layout.ENTRY_BYTES);
        int entries = Math.clamp(Memory.getInt(slot + Layout.RECEIVE_ENTRIES), 0, entriesMax);
        int domain = Memory.getInt(peer.entry + Layout.QP_DOMAIN);
        long left = total;
        for (int i = 0; i < entries && left > 0; i++) {
            long at = slot + Layout.RECEIVE_LIST + i * Layout.ENTRY_BYTES;
            long bytes = Math.min(left, Integer.toUnsignedLong(Memory.getInt(at + Layout.ENTRY_LENGTH)));
            int key = Memory.getInt(at + Layout.ENTRY_KEY);
            peer.usedKey = key;
            int result = places.addRemote(
                    to, domain, qp.destination(), Memory.getLong(at), bytes, key, AccessFlags.LOCAL_WRITE, true);
            if (result != 0) {
                return result;
            }
            left -= bytes;
        }
        return left == 0 ? 0 : REFUSED;
    }

    private int deliver(int operation, int immediateOrKey, int lengthBytes) {
        if (!publish(operation, immediateOrKey, lengthBytes)) {
            return STALL_RING;
        }
        StopPoint.PUBLISHED.pass();
        peer.took();
        return WorkCompletionRecord.SUCCESS;
    }

    /** The receive ends with an error, and so does the request. */
    private int failReceive(int receiverStatus, int status) {
        if (!publish(Layout.KIND_DELIVERED | (receiverStatus << 8), 0, 0)) {
            return STALL_RING;
        }
        peer.took();
        nudge();
        endedGeneration = reliable ? 0 : peer.generation;
        peer.expectNothing();
        return status;
    }

    private boolean publish(int operation, int immediateOrKey, int lengthBytes) {
        RingWriter to = peer.ring;
        return to != null
                && to.publish(qp.destination(), peer.generation, operation, immediateOrKey, lengthBytes, qp.number());
    }

    // ---------------------------------------------------------------- one-sided

    private int write() {
        int found = remote(AccessFlags.REMOTE_WRITE, sends.totalBytes());
        return found != 0 ? found : move(true);
    }

    private int writeWithImmediate() {
        int ready = receive();
        if (ready != 0) {
            return ready;
        }
        int status = write();
        return status != 0
                ? status
                : deliver(operation(Opcode.RDMA_WRITE_WITH_IMM), sends.immediateOrKey(), (int) sends.totalBytes());
    }

    private int read() {
        if (qp.readDepth() == 0) {
            return WorkCompletionRecord.LOC_QP_OP_ERR;
        }
        if (Layout.readDepthOf(Memory.getInt(peer.entry + Layout.QP_STATUS)) == 0) {
            return refuse(WorkCompletionRecord.REM_INV_REQ_ERR, AsyncEventType.QP_REQ_ERR);
        }
        int found = remote(AccessFlags.REMOTE_READ, sends.totalBytes());
        return found != 0 ? found : move(false);
    }

    private int move(boolean push) {
        Link to = peer.link;
        if (to == null) {
            return STALL_SILENT;
        }
        int status = push ? places.push(to.pid()) : places.pull(to.pid());
        return status == WorkCompletionRecord.REM_OP_ERR ? refuse(status, AsyncEventType.QP_FATAL) : status;
    }

    private int atomic(int opcode) {
        if (qp.readDepth() == 0) {
            return WorkCompletionRecord.LOC_QP_OP_ERR;
        }
        if (Layout.readDepthOf(Memory.getInt(peer.entry + Layout.QP_STATUS)) == 0 || (sends.remoteAddress() & 7) != 0) {
            return refuse(WorkCompletionRecord.REM_INV_REQ_ERR, AsyncEventType.QP_REQ_ERR);
        }
        int found = remote(AccessFlags.REMOTE_ATOMIC, Long.BYTES);
        if (found != 0) {
            return found;
        }
        long at = places.remoteAddress();
        if (places.remoteIsForeign() || (at & 7) != 0) {
            return refuse(WorkCompletionRecord.REM_OP_ERR, AsyncEventType.QP_FATAL);
        }
        long before = opcode == Opcode.ATOMIC_FETCH_AND_ADD
                ? Memory.getAndAdd(at, sends.compareOrAdd())
                : Memory.compareAndExchange(at, sends.compareOrAdd(), sends.swap());
        long scratch = qp.scratch();
        Memory.putLong(scratch, before);
        return places.scatter(scratch, Long.BYTES);
    }

    /** Checks the rights that the peer gave its queue pair, then the key, its bounds and its rights. */
    private int remote(int right, long lengthBytes) {
        if ((Layout.accessOf(Memory.getInt(peer.entry + Layout.QP_STATUS)) & right) == 0) {
            return refuse(WorkCompletionRecord.REM_INV_REQ_ERR, AsyncEventType.QP_REQ_ERR);
        }
        Link to = peer.link;
        if (to == null) {
            return STALL_SILENT;
        }
        int found = places.addRemote(
                to,
                Memory.getInt(peer.entry + Layout.QP_DOMAIN),
                qp.destination(),
                sends.remoteAddress(),
                lengthBytes,
                sends.rkeyOrQkey(),
                right,
                false);
        return found == REFUSED ? refuse(WorkCompletionRecord.REM_ACCESS_ERR, AsyncEventType.QP_ACCESS_ERR) : found;
    }

    /** A refusal ends the peer's queue pair too, on a reliable connection. */
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    private int refuse(int status, AsyncEventType event) {
        if (!reliable) {
            return LOST;
        }
        return publish(Layout.KIND_FAIL, event.ordinal(), 0) ? status : STALL_RING;
    }

    private int invalidatePeersKey(int key) {
        Link to = peer.link;
        if (to == null) {
            return STALL_SILENT;
        }
        long entry = Layout.region(to.control(), key);
        if (invalidatedFor == sends.head()) {
            return 0;
        }
        boolean mine = key != 0
                && Memory.getIntAcquire(entry + Layout.REGION_KEY) == key
                && Memory.getInt(entry + Layout.REGION_WINDOW) == 2
                && Memory.getInt(entry + Layout.REGION_QUEUE_PAIR) == qp.destination()
                && Memory.compareAndSetInt(entry + Layout.REGION_KEY, key, 0);
        if (mine) {
            // When the ring is full the request is executed again.
            invalidatedFor = sends.head();
            return 0;
        }
        return refuse(WorkCompletionRecord.REM_ACCESS_ERR, AsyncEventType.QP_ACCESS_ERR);
    }
}
