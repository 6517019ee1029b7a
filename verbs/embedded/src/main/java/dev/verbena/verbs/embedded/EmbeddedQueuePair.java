package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A queue pair of any type. Requests are executed when they are posted, by the thread that posts; what has to wait is
 * tried again by the agent, or by whoever polls the send completion queue.
 *
 * <p>Threading: the guard protects the send queue and the state; the API locks it, one thread at a time, or tries without,
 * the agent and pollers come as visitors. Receives are posted without it and taken under the receive completion queue's guard.
 */
final class EmbeddedQueuePair extends EmbeddedWorkQueues implements Agent.Waiting {
    /** Codes of completions: four bits for each operation code of a request, the first lowest. */
    private static final long COMPLETION_OPCODES = 0x05_6432_0011L;

    private final EmbeddedContext context;
    private final Node node;
    private final int domain;
    private final QueuePairType type;
    private final boolean signalAll;
    private final EmbeddedCompletionQueue sendQueue;
    private final EmbeddedCompletionQueue receiveQueue;
    private final int number;
    private final long entry;
    private final ReceiveQueue receives;
    private final FastPath fastPath;
    private final Requester requester;
    private final DatagramSender datagrams;
    private final Responder responder;
    /** Its place among those that wait at the send completion queue; under that queue's monitor. */
    int stalledAt;

    private final Stall stall;
    private final MemorySegment scratch = Arena.ofAuto().allocate(8, 8);
    private final Guard guard;
    private final QueuePairValues values = new QueuePairValues();

    private int generation;
    /** As in the entry: odd while inside an access. */
    private long epoch;

    private volatile QueuePairState state = QueuePairState.RESET;
    private long drainTo;
    private boolean drainNotify;
    private volatile boolean closed;

    EmbeddedQueuePair(
            EmbeddedContext context,
            int domain,
            QueuePairConfig config,
            EmbeddedCompletionQueue sendQueue,
            EmbeddedCompletionQueue receiveQueue,
            @Nullable EmbeddedSharedReceiveQueue shared) {
        super(new SendQueue(config.sendSlots(), config.sendEntries(), config.inlineBytes()), shared);
        this.context = context;
        this.node = context.node();
        this.domain = domain;
        this.type = config.type();
        this.signalAll = config.signalAll();
        this.sendQueue = sendQueue;
        this.receiveQueue = receiveQueue;
        // Before anybody finds it by its number.
        this.guard = new Guard(node.presences());
        this.number = node.register(this);
        this.entry = Layout.queuePair(node.control(), Layout.indexOf(number));
        int window = shared == null ? config.receiveSlots() : EmbeddedContext.SHARED_WINDOW;
        int entries = shared == null ? config.receiveEntries() : shared.scatterGatherMax();
        try {
            this.receives = new ReceiveQueue(window, entries, entry, domain, node);
        } catch (VerbsException e) {
            node.unregister(number);
            throw e;
        }
        this.epoch = Memory.getLong(entry + Layout.QP_EPOCH);
        Peer peer = new Peer();
        this.fastPath = new FastPath(this, guard, sendQueue, sends, node, peer, signalAll);
        this.requester = new Requester(this, node, sends, peer);
        this.datagrams = new DatagramSender(this, node, sends);
        this.responder = new Responder(receives, shared, new DatagramReceiver(node, domain, entry), number, entry);
        this.stall = new Stall(requester);
        receives.reset();
        beginLife();
        publish();
        if (shared != null) {
            shared.addCompletionQueue(receiveQueue);
        }
    }

    private void beginLife() {
        int next = Memory.getInt(entry + Layout.QP_GENERATION) + 1;
        generation = next == 0 ? 1 : next;
        Memory.putInt(entry + Layout.QP_GENERATION, generation);
        node.countChange();
    }

    /** Writes what peers read, the state last. */
    private void publish() {
        Memory.putInt(entry + Layout.QP_TYPE, type.code());
        Memory.putInt(entry + Layout.QP_QKEY, values.qkey);
        Memory.putInt(entry + Layout.QP_DESTINATION, values.destination);
        Memory.putInt(entry + Layout.QP_DOMAIN, domain);
        Memory.putInt(entry + Layout.QP_MIN_RNR_TIMER, values.minRnrTimer);
        Memory.putInt(entry + Layout.QP_RECEIVE_QUEUE, receiveQueue.number());
        Memory.putInt(entry + Layout.QP_SHARED, shared == null ? 0 : 1);
        int status = Layout.status(state.code(), values.accessFlags, values.destinationReadDepth);
        Memory.putIntRelease(entry + Layout.QP_STATUS, status);
        node.countChange();
    }

    // ---------------------------------------------------------------- identity

    @Override
    public int number() {
        return number;
    }

    @Override
    ReceiveQueue receives() {
        return receives;
    }

    QueuePairType type() {
        return type;
    }

    int domain() {
        return domain;
    }

    int destination() {
        return values.destination;
    }

    int readDepth() {
        return values.readDepth;
    }

    int qkey() {
        return values.qkey;
    }

    /** Whether the address it is connected to is one of this host. */
    boolean isReachable() {
        return values.reachable;
    }

    /** Eight bytes for the result of an atomic. */
    long scratch() {
        return scratch.address();
    }

    /**
     * Whether it is this life of this queue pair that an entry is for, its completions go there, and the entry is from the
     * process that it is connected to.
     */
    boolean isLife(int target, int life, EmbeddedCompletionQueue queue, int fromSlot) {
        return target == number
                && life == generation
                && queue == receiveQueue
                && !closed
                && (type == QueuePairType.UD || Layout.slotOf(values.destination) == fromSlot);
    }

    /** Whether all that is posted is to be executed. */
    boolean isReadyToSend() {
        return state == QueuePairState.READY_TO_SEND;
    }

    /** Whether the peer has just answered that its shared receive queue is empty. */
    boolean wasRefused() {
        return stall.mustPause();
    }

    /** Code of the completion of a request. */
    static int completionOpcode(int opcode) {
        return (int) (COMPLETION_OPCODES >>> (4 * opcode)) & 0xf;
    }

    // ---------------------------------------------------------------- accesses

    long enterAccess() {
        long inside = epoch + 1;
        epoch = inside;
        Memory.putLong(entry + Layout.QP_EPOCH, inside);
        Fences.light();
        return inside;
    }

    void exitAccess(long inside) {
        epoch = inside + 1;
        Memory.putLongRelease(entry + Layout.QP_EPOCH, inside + 1);
    }

    // ---------------------------------------------------------------- staging

    /** Nothing overtakes what is staged: the short way is shut until it is handed over. */
    @Override
    void stagingBegins() {
        Guard.Hold hold = guard.lock();
        try {
            fastPath.shut();
        } finally {
            guard.unlock(hold);
        }
    }

    // ---------------------------------------------------------------- posting one request

    @Override
    public boolean tryRdma(
            int opcode, long id, int flags, long address, int lengthBytes, int lkey, long remoteAddress, int rkey) {
        return fastPath.tryMove(opcode, id, flags, address, lengthBytes, lkey, remoteAddress, rkey);
    }

    @Override
    public boolean trySend(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediate) {
        return fastPath.trySend(opcode, id, flags, address, lengthBytes, lkey, immediate);
    }

    @Override
    public boolean tryAtomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        return fastPath.tryAtomic(opcode, id, flags, address, lkey, remoteAddress, rkey, compareOrAdd, swap);
    }

    @Override
    int flushStaged() {
        int taken;
        Guard.Hold hold = guard.lock();
        try {
            taken = sends.flush();
            sendErrno = sends.lastErrno();
            receivesLast = false;
            if (state != QueuePairState.READY_TO_SEND) {
                postedElsewhere();
            } else if (taken > 0 && !stall.isStalled()) {
                progressFast();
            }
            if (state == QueuePairState.READY_TO_SEND && sends.isEmpty()) {
                fastPath.open();
            }
        } finally {
            guard.unlock(hold);
        }
        return taken;
    }

    /** A request in another state than READY_TO_SEND: it waits while draining, and is flushed after an error. */
    private void postedElsewhere() {
        if (state == QueuePairState.ERROR || state == QueuePairState.SEND_QUEUE_ERROR) {
            flushSendRequests(WorkCompletionRecord.WR_FLUSH_ERR);
        }
    }

    @Override
    public int postReceive(long id, long address, int lengthBytes, int lkey) {
        if (type == QueuePairType.UD || !receives.post(id, address, lengthBytes, lkey)) {
            return super.postReceive(id, address, lengthBytes, lkey);
        }
        receivePosted();
        return 1;
    }

    @Override
    public int flushReceives() {
        if (type == QueuePairType.UD && receives.isEmpty()) {
            // Datagrams that have arrived so far found no receive.
            receiveQueue.takeNews();
        }
        int taken = receives.flush();
        receivesLast = true;
        receivePosted();
        return taken;
    }

    /** Whoever ends the queue pair flushes what it sees, and who posts afterwards sees that it has ended. */
    private void receivePosted() {
        Fences.light();
        if (state == QueuePairState.ERROR) {
            receiveQueue.flush(this);
        }
    }

    // ---------------------------------------------------------------- progress

    /** Executes requests in order until one is not usual or there are none. Under the guard. Hot path. */
    private void progressFast() {
        while (fastPath.execute()) {
            done();
            if (sends.isIdle()) {
                return;
            }
        }
        progress(0);
    }

    /**
     * Executes requests in order until one has to wait. Under the guard. Another thread may poll meanwhile: it finds no
     * answer to a request before the request's own completion.
     */
    private void progress(long nowNs) {
        sendQueue.beginExecution();
        try {
            executeAll(nowNs);
        } finally {
            sendQueue.endExecution();
        }
    }

    private void executeAll(long nowNs) {
        while (!sends.isIdle() && mayExecute()) {
            if (type != QueuePairType.UD && fastPath.execute()) {
                // After one that had to wait the next ones may be usual.
                stall.clear();
                done();
                continue;
            }
            int result = type == QueuePairType.UD ? datagrams.execute() : requester.execute();
            if (result < 0) {
                int verdict = stall.on(result, nowNs, values, type);
                if (verdict < 0) {
                    await();
                    return;
                }
                result = verdict;
            }
            stall.clear();
            if (result != WorkCompletionRecord.SUCCESS) {
                failRequest(result);
                return;
            }
            fastPath.learn();
            done();
        }
        stopWaiting();
        if (state == QueuePairState.SEND_QUEUE_DRAINED && drainNotify && sends.head() >= drainTo) {
            drainNotify = false;
            context.raise(AsyncEventType.SQ_DRAINED, this);
        }
    }

    /** The request at the head succeeded. */
    private void done() {
        if (signalAll || (sends.flags() & SendFlags.SIGNALED) != 0) {
            completeHead(WorkCompletionRecord.SUCCESS);
        }
        sends.advance();
    }

    private boolean mayExecute() {
        return state == QueuePairState.READY_TO_SEND
                || (state == QueuePairState.SEND_QUEUE_DRAINED && sends.head() < drainTo);
    }

    private void completeHead(int status) {
        int opcode = sends.opcode();
        boolean pulls = opcode == Opcode.RDMA_READ
                || opcode == Opcode.ATOMIC_CMP_AND_SWP
                || opcode == Opcode.ATOMIC_FETCH_AND_ADD;
        sendQueue.addSend(
                this,
                sends.head(),
                sends.id(),
                status,
                completionOpcode(opcode),
                pulls && status == 0 ? (int) sends.totalBytes() : 0);
    }

    /** The request at the head failed: the first error, which ends the queue pair, or its send queue. */
    private void failRequest(int status) {
        if (type == QueuePairType.RC) {
            failLocked(status);
        } else {
            fastPath.shut();
            state = QueuePairState.SEND_QUEUE_ERROR;
            publish();
            flushSendRequests(status);
            stopWaiting();
        }
    }

    private void flushSendRequests(int firstStatus) {
        int status = firstStatus;
        while (!sends.isIdle()) {
            completeHead(status);
            sends.advance();
            status = WorkCompletionRecord.WR_FLUSH_ERR;
        }
    }

    /** To ERROR: the request at the head gets a status, everything behind it and every receive is flushed. */
    private void failLocked(int status) {
        if (state == QueuePairState.ERROR || state == QueuePairState.RESET) {
            return;
        }
        fastPath.shut();
        stall.clear();
        stopWaiting();
        state = QueuePairState.ERROR;
        publish();
        flushSendRequests(status);
        if (values.destination != 0) {
            // Whoever is about to deliver does it before the flush or not at all.
            boolean _ = node.awaitOutside(values.destination);
        }
        receiveQueue.flush(this);
        if (shared != null) {
            context.raise(AsyncEventType.QP_LAST_WQE_REACHED, this);
        }
    }

    // ---------------------------------------------------------------- waiting

    private void await() {
        if (stall.poll()) {
            sendQueue.addStalled(this);
        }
        if (stall.enlist()) {
            node.agent().drive(this);
        } else if (stall.isSoonerThanPlanned() && !node.agent().isCurrentThread()) {
            node.agent().kick();
        }
    }

    private void stopWaiting() {
        if (stall.isPolled()) {
            stall.unpoll();
            sendQueue.removeStalled(this);
        }
    }

    /** By a thread that polls the send completion queue. */
    void driveByPoller() {
        Guard.Hold hold = guard.tryVisit();
        if (hold != null) {
            try {
                if (stall.isStalled()) {
                    progress(System.nanoTime());
                }
            } finally {
                guard.unlock(hold);
            }
        }
    }

    @Override
    public long onTime(long nowNs, boolean something) {
        Guard.Hold hold = guard.visit();
        try {
            if (stall.isStalled() && (something || stall.isDue(nowNs))) {
                stall.beforeRetry(nowNs);
                progress(nowNs);
            }
            if (!stall.isStalled()) {
                if (stall.lingers(nowNs)) {
                    return stall.plan();
                }
                stall.delist();
                return Long.MAX_VALUE;
            }
            return stall.plan();
        } finally {
            guard.unlock(hold);
        }
    }

    // ---------------------------------------------------------------- news from peers

    /** The peer's request, or a receive, failed in a way that ends this queue pair too. */
    void failByPeer(int event) {
        Guard.Hold hold = guard.visit();
        try {
            if (state == QueuePairState.ERROR || state == QueuePairState.RESET || closed) {
                return;
            }
            failLocked(WorkCompletionRecord.WR_FLUSH_ERR);
        } finally {
            guard.unlock(hold);
        }
        if (event >= 0) {
            context.raise(AsyncEventType.of(event), this);
        }
    }

    /** A process is gone; if the peer lived there, so is the connection. */
    void onPeerGone(int slot) {
        if (Layout.slotOf(values.destination) != slot) {
            return;
        }
        Guard.Hold hold = guard.visit();
        try {
            boolean connected = type != QueuePairType.UD
                    && Layout.slotOf(values.destination) == slot
                    && (state == QueuePairState.READY_TO_RECEIVE || state.maySend());
            if (connected && !closed) {
                boolean waiting = stall.isStalled();
                failLocked(waiting ? WorkCompletionRecord.RETRY_EXC_ERR : WorkCompletionRecord.WR_FLUSH_ERR);
            }
        } finally {
            guard.unlock(hold);
        }
    }

    /** A completion of a send request was polled. */
    void onSendPolled(long sequence) {
        sends.onPolled(sequence);
    }

    /** Whether a datagram that arrives now is looked at. */
    boolean takesDatagrams() {
        QueuePairState now = state;
        return type == QueuePairType.UD
                && now != QueuePairState.ERROR
                && (now == QueuePairState.READY_TO_RECEIVE || now.maySend());
    }

    Responder responder() {
        return responder;
    }

    /** Whether there are receives to be flushed. */
    boolean hasReceives() {
        return state == QueuePairState.ERROR && !receives.isEmpty();
    }

    // ---------------------------------------------------------------- states

    @Override
    public int modify(QueuePairAttributes attributes) {
        Guard.Hold hold = guard.lock();
        try {
            QueuePairState next = attributes.has(QueuePairAttributes.STATE) ? attributes.state() : state;
            int refused = values.check(type, state, attributes, context);
            if (refused != 0) {
                return refused;
            }
            QueuePairState before = state;
            fastPath.shut();
            if (next == QueuePairState.RESET) {
                resetLocked();
                return 0;
            }
            if (next == QueuePairState.ERROR) {
                if (before == QueuePairState.RESET) {
                    state = next;
                    publish();
                } else {
                    failLocked(WorkCompletionRecord.WR_FLUSH_ERR);
                }
                return 0;
            }
            values.apply(attributes);
            requester.onModified();
            become(before, next, attributes);
            return 0;
        } finally {
            guard.unlock(hold);
        }
    }

    private void become(QueuePairState before, QueuePairState next, QueuePairAttributes attributes) {
        if (next == QueuePairState.SEND_QUEUE_DRAINED && before != next) {
            drainTo = sends.posted();
            drainNotify = attributes.has(QueuePairAttributes.EN_SQD_ASYNC_NOTIFY) && attributes.drainedNotify();
        }
        state = next;
        publish();
        if (next == QueuePairState.READY_TO_RECEIVE && type != QueuePairType.UD && values.reachable) {
            requester.prepare();
        }
        if ((next == QueuePairState.READY_TO_SEND || next == QueuePairState.SEND_QUEUE_DRAINED) && !stall.isStalled()) {
            progress(0);
        }
    }

    private void resetLocked() {
        stall.clear();
        stopWaiting();
        state = QueuePairState.RESET;
        publish();
        if (values.destination != 0) {
            boolean _ = node.awaitOutside(values.destination);
        }
        receiveQueue.flush(this);
        sends.reset();
        receives.reset();
        responder.reset();
        requester.reset();
        values.clear();
        beginLife();
        publish();
    }

    @Override
    public QueuePairAttributes query() {
        receiveQueue.onKick();
        Guard.Hold hold = guard.lock();
        try {
            return values.attributes(state);
        } finally {
            guard.unlock(hold);
        }
    }

    @Override
    public void attachMulticast(Gid group, int lid) {
        MulticastGroups.require(
                type == QueuePairType.UD && state != QueuePairState.RESET, "ibv_attach_mcast", context.name(), group);
        node.groups().attach(group, number, context.name());
        // Who sends to the group looks at the processes that have come to it, besides those it has found itself.
        node.meetEveryone();
    }

    @Override
    public void detachMulticast(Gid group, int lid) {
        MulticastGroups.require(type == QueuePairType.UD, "ibv_detach_mcast", context.name(), group);
        node.groups().detach(group, number, context.name());
    }

    @Override
    public void close() {
        Guard.Hold hold = guard.lock();
        try {
            fastPath.shut();
            stall.clear();
            stopWaiting();
            state = QueuePairState.RESET;
            publish();
            boolean quiet = values.destination == 0 || node.awaitOutside(values.destination);
            closed = true;
            receiveQueue.flush(this);
            beginLife();
            node.groups().detachAll(number);
            node.unregister(number);
            if (quiet) {
                Segments.Segment gone = node.segments().free(receives.piece());
                if (gone != null) {
                    node.discard(gone);
                }
            }
        } finally {
            guard.unlock(hold);
        }
        context.forget(this);
    }
}
