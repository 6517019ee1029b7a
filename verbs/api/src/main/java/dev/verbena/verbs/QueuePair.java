package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.OwnerGate;
import dev.verbena.verbs.spi.QueuePairDriver;

/**
 * A send queue and a receive queue; see ibv_create_qp(3), ibv_modify_qp(3), ibv_post_send(3) and ibv_post_recv(3).
 *
 * <p>Posting takes primitives and answers 0, or a {@link Refusal} when the queue is full. Misuse throws before anything
 * reaches the device: a wrong state, an opcode that the type does not have, an inline payload outside open regions, a
 * closed address handle, window or region. {@link #start()} and {@link #complete()} put many requests behind one doorbell.
 *
 * <p>Threading: any thread, one at a time by itself; fast as long as it is the same thread. Closing or modifying from
 * another thread waits until the post under way has returned.
 *
 * <p>Ownership: the memory of a request belongs to the device until its completion, or a later one of the same queue, has
 * been polled; inline payloads are copied when posted.
 *
 * <p>Hot path: everything named post, start and complete.
 */
public final class QueuePair implements AutoCloseable {
    /** The queue key of datagram queue pairs that {@link #initialize()} made ready. */
    public static final int DEFAULT_QKEY = 0x11111111;

    private final ProtectionDomain pd;
    private final QueuePairConfig config;
    private final QueuePairDriver driver;
    private final Lifetime lifetime;
    private final OwnerGate gate;
    private final RequestRules rules;
    private final QueuePairSetup setup;
    private final int receiveEntriesMax;
    private final boolean ownReceives;

    private QueuePairState state = QueuePairState.RESET;
    private boolean maySend;
    private boolean mayReceive;
    private boolean batchingSends;
    private int stagedSends;
    private boolean batchingReceives;
    private int stagedReceives;
    private int lastErrno;
    private final StagedObjects staged = new StagedObjects();

    QueuePair(ProtectionDomain pd, QueuePairConfig config, QueuePairDriver driver, Lifetime[] parents) {
        this.pd = pd;
        this.config = config;
        this.driver = driver;
        this.rules = new RequestRules(pd, config.type(), driver.sendScatterGatherMax(), driver.inlineMax());
        this.setup = new QueuePairSetup(this);
        this.receiveEntriesMax = driver.receiveScatterGatherMax();
        this.ownReceives = config.sharedReceiveQueue() == null;
        String name = String.format("qp 0x%06x on %s", driver.number(), pd.context());
        this.gate = new OwnerGate(name);
        this.lifetime = new Lifetime(name, this, parents);
        pd.context().remember(driver, this);
    }

    // ---------------------------------------------------------------- identity

    /** The queue-pair number, 24 bits. */
    public int number() {
        return driver.number();
    }

    /** Its transport service. */
    public QueuePairType type() {
        return config.type();
    }

    /** How it was asked for. */
    public QueuePairConfig config() {
        return config;
    }

    /** The protection domain. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /** Send slots as granted. */
    public int sendSlots() {
        return driver.sendSlots();
    }

    /** Receive slots as granted. */
    public int receiveSlots() {
        return driver.receiveSlots();
    }

    /** Entries of a send request as granted. */
    public int sendEntriesMax() {
        return driver.sendScatterGatherMax();
    }

    /** Entries of a receive as granted. */
    public int receiveEntriesMax() {
        return receiveEntriesMax;
    }

    /** Largest inline payload as granted. */
    public int inlineMax() {
        return driver.inlineMax();
    }

    /** The state as far as this side moved it; the device may have gone to ERROR since, see {@link #query()}. */
    public QueuePairState state() {
        return state;
    }

    /** The error number behind the last DEVICE_ERROR or queue-full refusal. */
    public int lastErrno() {
        return lastErrno;
    }

    // ---------------------------------------------------------------- states

    /**
     * Moves it; ibv_modify_qp(3).
     *
     * @throws VerbsException that, for an illegal move, names the move and the missing or excess attributes
     */
    public void modify(QueuePairAttributes attributes) {
        OwnerGate.Hold hold = gate.enter();
        try {
            QueuePairState from = state;
            int result = driver.modify(attributes);
            if (result < 0) {
                String why = QueuePairTransitions.explain(type(), from, attributes);
                throw new VerbsException(
                        "ibv_modify_qp", lifetime.name(), -result, explainModify(why, from, attributes));
            }
            if (attributes.has(QueuePairAttributes.STATE)) {
                become(attributes.state());
            }
        } finally {
            gate.exit(hold);
        }
    }

    private static String explainModify(String why, QueuePairState from, QueuePairAttributes attributes) {
        if (!why.isEmpty()) {
            return why;
        }
        return "moving from " + from + " with " + QueuePairAttributes.describe(attributes.mask())
                + "; a value is out of the device's range, or the device had left " + from
                + " by itself (query() tells)";
    }

    private void become(QueuePairState next) {
        state = next;
        maySend = next.maySend();
        mayReceive = next.mayReceive();
    }

    /** Moves it to ERROR: what is posted is flushed. */
    public void fail() {
        modify(new QueuePairAttributes().state(QueuePairState.ERROR));
    }

    /** Attributes as the device has them; ibv_query_qp(3). Takes note of a state that the device went to by itself. */
    public QueuePairAttributes query() {
        OwnerGate.Hold hold = gate.enter();
        try {
            QueuePairAttributes attributes = driver.query();
            become(attributes.state());
            return attributes;
        } finally {
            gate.exit(hold);
        }
    }

    /** What a peer needs to reach this queue pair through port 1 with the GID that {@link GidChoice} prefers. */
    public QueuePairEndpoint localEndpoint() {
        return setup.endpoint(pd.context().chooseGid(1, null));
    }

    /** What a peer needs to reach this queue pair at a GID, which {@link #connect} then leaves from. */
    public QueuePairEndpoint localEndpoint(GidEntry gid) {
        return setup.endpoint(gid);
    }

    /**
     * Moves it from RESET to INIT, READY_TO_RECEIVE and READY_TO_SEND towards a peer, with sane defaults: active MTU, six
     * retries, six receiver-not-ready retries of 0.64 ms, acknowledge timeout 67 ms, every remote right, sixteen READs at a
     * time where the device can. For other values use {@link #modify}.
     *
     * @param remote the peer; of a datagram queue pair its own endpoint will do
     */
    public void connect(QueuePairEndpoint remote) {
        setup.initialize();
        setup.connect(remote);
    }

    /** The first step of {@link #connect}: to INIT, where receives may be posted. */
    public void initialize() {
        setup.initialize();
    }

    /** The rest of {@link #connect} for a queue pair in INIT. */
    public void connectInitialized(QueuePairEndpoint remote) {
        setup.connect(remote);
    }

    /**
     * Joins the queue pair (UD) to a multicast group's delivery; ibv_attach_mcast(3). The fabric is joined by cm. The
     * membership ends with {@link #detachMulticast} or {@link #close}. Any thread.
     *
     * @param lid the group's LID on InfiniBand, 0 on RoCE
     * @throws VerbsException EINVAL when the queue pair is not UD or in RESET, or the GID is not a multicast address; ENOMEM
     *     when the device has no room; EOPNOTSUPP when it has no multicast
     */
    public void attachMulticast(Gid group, int lid) {
        pd.context().require(Capability.MULTICAST, "ibv_attach_mcast");
        lifetime.enter();
        try {
            driver.attachMulticast(group, lid);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Ends {@link #attachMulticast}; ibv_detach_mcast(3). Any thread.
     *
     * @throws VerbsException EINVAL when the queue pair is no member; EOPNOTSUPP when the device has no multicast
     */
    public void detachMulticast(Gid group, int lid) {
        pd.context().require(Capability.MULTICAST, "ibv_detach_mcast");
        lifetime.enter();
        try {
            driver.detachMulticast(group, lid);
        } finally {
            lifetime.exit();
        }
    }

    // ---------------------------------------------------------------- send requests

    /** Posts a SEND. */
    public int postSend(long id, long address, int lengthBytes, int lkey, int flags) {
        return send(Opcode.SEND, id, address, lengthBytes, lkey, 0, flags);
    }

    /** Posts a SEND gathered from several buffers. */
    public int postSend(long id, ScatterGatherList list, int flags) {
        return send(Opcode.SEND, id, list, 0, flags);
    }

    /** Posts a SEND_WITH_IMM. */
    public int postSendWithImmediate(long id, long address, int lengthBytes, int lkey, int immediate, int flags) {
        return send(Opcode.SEND_WITH_IMM, id, address, lengthBytes, lkey, immediate, flags);
    }

    /** Posts a SEND_WITH_IMM gathered from several buffers. */
    public int postSendWithImmediate(long id, ScatterGatherList list, int immediate, int flags) {
        return send(Opcode.SEND_WITH_IMM, id, list, immediate, flags);
    }

    /** Posts a SEND_WITH_INV: the receiver's key is invalid when the message has arrived. */
    public int postSendWithInvalidate(long id, long address, int lengthBytes, int lkey, int remoteKey, int flags) {
        return send(Opcode.SEND_WITH_INV, id, address, lengthBytes, lkey, remoteKey, flags);
    }

    private int send(int opcode, long id, long address, int lengthBytes, int lkey, int immediateOrKey, int flags) {
        if (!batchingSends && driver.trySend(opcode, id, flags, address, lengthBytes, lkey, immediateOrKey)) {
            return 0;
        }
        return sendGated(opcode, id, address, lengthBytes, lkey, immediateOrKey, flags);
    }

    private int sendGated(int opcode, long id, long address, int lengthBytes, int lkey, int immediateOrKey, int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            rules.checkConnected(opcode);
            checkSend(opcode, flags);
            rules.checkBuffer(address, lengthBytes, flags);
            return finishSend(driver.send(opcode, id, flags, address, lengthBytes, lkey, immediateOrKey));
        } finally {
            gate.exit(hold);
        }
    }

    private int send(int opcode, long id, ScatterGatherList list, int immediateOrKey, int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            rules.checkConnected(opcode);
            checkSend(opcode, flags);
            rules.checkList(list, flags);
            return finishSend(driver.send(opcode, id, flags, list, immediateOrKey));
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts a SEND on a datagram queue pair; at most the path's MTU long. */
    public int postDatagram(
            long id,
            long address,
            int lengthBytes,
            int lkey,
            AddressHandle handle,
            int remoteNumber,
            int remoteQkey,
            int flags) {
        return datagram(Opcode.SEND, id, address, lengthBytes, lkey, 0, handle, remoteNumber, remoteQkey, flags);
    }

    /** Posts a SEND_WITH_IMM on a datagram queue pair. */
    public int postDatagramWithImmediate(
            long id,
            long address,
            int lengthBytes,
            int lkey,
            int immediate,
            AddressHandle handle,
            int remoteNumber,
            int remoteQkey,
            int flags) {
        return datagram(
                Opcode.SEND_WITH_IMM,
                id,
                address,
                lengthBytes,
                lkey,
                immediate,
                handle,
                remoteNumber,
                remoteQkey,
                flags);
    }

    private int datagram(
            int opcode,
            long id,
            long address,
            int lengthBytes,
            int lkey,
            int immediate,
            AddressHandle handle,
            int remoteNumber,
            int remoteQkey,
            int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            rules.checkDatagram(handle);
            checkSend(opcode, flags);
            rules.checkBuffer(address, lengthBytes, flags);
            int result = driver.sendDatagram(
                    opcode,
                    id,
                    flags,
                    address,
                    lengthBytes,
                    lkey,
                    immediate,
                    handle.driver(),
                    remoteNumber,
                    remoteQkey);
            return finishSend(staged.add(result, handle));
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts a datagram gathered from several buffers. */
    public int postDatagram(
            long id, ScatterGatherList list, AddressHandle handle, int remoteNumber, int remoteQkey, int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            rules.checkDatagram(handle);
            checkSend(Opcode.SEND, flags);
            rules.checkList(list, flags);
            int result =
                    driver.sendDatagram(Opcode.SEND, id, flags, list, 0, handle.driver(), remoteNumber, remoteQkey);
            return finishSend(staged.add(result, handle));
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts an RDMA_WRITE. */
    public int postWrite(long id, long address, int lengthBytes, int lkey, long remoteAddress, int rkey, int flags) {
        return rdma(Opcode.RDMA_WRITE, id, address, lengthBytes, lkey, remoteAddress, rkey, 0, flags);
    }

    /** Posts an RDMA_WRITE gathered from several buffers. */
    public int postWrite(long id, ScatterGatherList list, long remoteAddress, int rkey, int flags) {
        return rdma(Opcode.RDMA_WRITE, id, list, remoteAddress, rkey, 0, flags);
    }

    /** Posts an RDMA_WRITE_WITH_IMM: takes a receive of the peer and completes it. */
    public int postWriteWithImmediate(
            long id, long address, int lengthBytes, int lkey, long remoteAddress, int rkey, int immediate, int flags) {
        return rdma(Opcode.RDMA_WRITE_WITH_IMM, id, address, lengthBytes, lkey, remoteAddress, rkey, immediate, flags);
    }

    /** Posts an RDMA_WRITE_WITH_IMM gathered from several buffers. */
    public int postWriteWithImmediate(
            long id, ScatterGatherList list, long remoteAddress, int rkey, int immediate, int flags) {
        return rdma(Opcode.RDMA_WRITE_WITH_IMM, id, list, remoteAddress, rkey, immediate, flags);
    }

    /** Posts an RDMA_READ into local memory. */
    public int postRead(long id, long address, int lengthBytes, int lkey, long remoteAddress, int rkey, int flags) {
        return rdma(Opcode.RDMA_READ, id, address, lengthBytes, lkey, remoteAddress, rkey, 0, flags);
    }

    /** Posts an RDMA_READ scattered into several buffers. */
    public int postRead(long id, ScatterGatherList list, long remoteAddress, int rkey, int flags) {
        return rdma(Opcode.RDMA_READ, id, list, remoteAddress, rkey, 0, flags);
    }

    private int rdma(
            int opcode,
            long id,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkey,
            int immediate,
            int flags) {
        if (!batchingSends && driver.tryRdma(opcode, id, flags, address, lengthBytes, lkey, remoteAddress, rkey)) {
            return 0;
        }
        return rdmaGated(opcode, id, address, lengthBytes, lkey, remoteAddress, rkey, immediate, flags);
    }

    private int rdmaGated(
            int opcode,
            long id,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkey,
            int immediate,
            int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkSend(opcode, flags);
            rules.checkBuffer(address, lengthBytes, flags);
            return finishSend(
                    driver.rdma(opcode, id, flags, address, lengthBytes, lkey, remoteAddress, rkey, immediate));
        } finally {
            gate.exit(hold);
        }
    }

    private int rdma(
            int opcode, long id, ScatterGatherList list, long remoteAddress, int rkey, int immediate, int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkSend(opcode, flags);
            rules.checkList(list, flags);
            return finishSend(driver.rdma(opcode, id, flags, list, remoteAddress, rkey, immediate));
        } finally {
            gate.exit(hold);
        }
    }

    /**
     * Posts an ATOMIC_CMP_AND_SWP on 8 remote bytes; the value before is written to 8 local bytes.
     *
     * @param remoteAddress a multiple of 8
     */
    public int postCompareAndSwap(
            long id, long address, int lkey, long remoteAddress, int rkey, long compare, long swap, int flags) {
        return atomic(Opcode.ATOMIC_CMP_AND_SWP, id, address, lkey, remoteAddress, rkey, compare, swap, flags);
    }

    /**
     * Posts an ATOMIC_FETCH_AND_ADD on 8 remote bytes; the value before is written to 8 local bytes.
     *
     * @param remoteAddress a multiple of 8
     */
    public int postFetchAndAdd(long id, long address, int lkey, long remoteAddress, int rkey, long add, int flags) {
        return atomic(Opcode.ATOMIC_FETCH_AND_ADD, id, address, lkey, remoteAddress, rkey, add, 0, flags);
    }

    private int atomic(
            int opcode,
            long id,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap,
            int flags) {
        if (!batchingSends
                && driver.tryAtomic(opcode, id, flags, address, lkey, remoteAddress, rkey, compareOrAdd, swap)) {
            return 0;
        }
        OwnerGate.Hold hold = gate.enter();
        try {
            checkSend(opcode, flags);
            return finishSend(driver.atomic(opcode, id, flags, address, lkey, remoteAddress, rkey, compareOrAdd, swap));
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts a LOCAL_INV: the key of a type 2 window, or of a region where the device can, becomes invalid. */
    public int postLocalInvalidate(long id, int rkey, int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkSend(Opcode.LOCAL_INV, flags);
            return finishSend(driver.localInvalidate(id, flags, rkey));
        } finally {
            gate.exit(hold);
        }
    }

    /**
     * Binds a memory window to a part of a region; ibv_bind_mw(3) for type 1, a BIND_MW request for type 2. Of type 1 with
     * a length of 0 it unbinds.
     *
     * @param newRkey type 2: the key the window shall have, {@link MemoryWindow#nextRkey()}; without meaning for type 1
     */
    public int postBind(
            long id,
            MemoryWindow window,
            int newRkey,
            MemoryRegion region,
            long address,
            long lengthBytes,
            int access,
            int flags) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkSend(Opcode.BIND_MW, flags);
            rules.checkBind(window, region, address, lengthBytes);
            int result =
                    driver.bind(id, flags, window.driver(), newRkey, region.driver(), address, lengthBytes, access);
            if (window.type() == MemoryWindow.Type.TYPE_2) {
                return finishSend(staged.add(staged.add(result, window), region));
            }
            lastErrno = driver.lastErrno();
            return result < 0 ? refusal(lastErrno, Refusal.SEND_QUEUE_FULL) : 0;
        } finally {
            gate.exit(hold);
        }
    }

    // ---------------------------------------------------------------- receives

    /** Posts a receive; on UD the first 40 bytes are for the global route header. */
    public int postReceive(long id, long address, int lengthBytes, int lkey) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkReceive();
            RequestRules.checkLength(lengthBytes);
            if (batchingReceives) {
                return finishReceive(driver.receive(id, address, lengthBytes, lkey));
            }
            int posted = driver.postReceive(id, address, lengthBytes, lkey);
            return posted > 0 ? 0 : refusedReceive(posted);
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts a receive into several buffers. */
    public int postReceive(long id, ScatterGatherList list) {
        OwnerGate.Hold hold = gate.enter();
        try {
            checkReceive();
            RequestRules.checkEntries(list, receiveEntriesMax);
            return finishReceive(driver.receive(id, list));
        } finally {
            gate.exit(hold);
        }
    }

    // ---------------------------------------------------------------- batches

    /** Begins a batch of send requests: what follows is handed over by {@link #complete()}. */
    public void start() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batchingSends = true;
        } finally {
            gate.exit(hold);
        }
    }

    /**
     * Hands a batch over behind one doorbell.
     *
     * @return how many requests the device took, from the first; what it did not take is dropped, {@link #lastErrno()}
     *     says why
     */
    public int complete() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batchingSends = false;
            if (stagedSends == 0) {
                return 0;
            }
            if (!maySend) {
                // The state changed under the batch: a request that reached the device now could run later.
                stagedSends = 0;
                staged.clear();
                driver.discardStaged();
                throw illegalState("complete");
            }
            String closed = staged.closed();
            if (closed != null) {
                // The device's library would follow a pointer to what is gone.
                stagedSends = 0;
                staged.clear();
                driver.discardStaged();
                throw new IllegalStateException(closed + " was closed between start and complete; nothing was posted");
            }
            return flushSends();
        } finally {
            gate.exit(hold);
        }
    }

    /** Begins a batch of receives. */
    public void startReceives() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batchingReceives = true;
        } finally {
            gate.exit(hold);
        }
    }

    /** Hands a batch of receives over; answers how many the device took. What it did not take is dropped. */
    public int completeReceives() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batchingReceives = false;
            if (stagedReceives == 0) {
                return 0;
            }
            if (!mayReceive) {
                stagedReceives = 0;
                driver.discardStaged();
                checkReceive();
            }
            return flushReceives();
        } finally {
            gate.exit(hold);
        }
    }

    private int finishSend(int result) {
        if (result < 0) {
            return result;
        }
        stagedSends++;
        return batchingSends || flushSends() > 0 ? 0 : refusal(lastErrno, Refusal.SEND_QUEUE_FULL);
    }

    private int flushSends() {
        stagedSends = 0;
        staged.clear();
        int taken = driver.flushSends();
        lastErrno = driver.lastErrno();
        return taken;
    }

    private int finishReceive(int result) {
        if (result < 0) {
            return result;
        }
        stagedReceives++;
        return batchingReceives || flushReceives() > 0 ? 0 : refusal(lastErrno, Refusal.RECEIVE_QUEUE_FULL);
    }

    private int refusedReceive(int result) {
        if (result < 0) {
            return result;
        }
        lastErrno = driver.lastErrno();
        return refusal(lastErrno, Refusal.RECEIVE_QUEUE_FULL);
    }

    private int flushReceives() {
        stagedReceives = 0;
        int taken = driver.flushReceives();
        lastErrno = driver.lastErrno();
        return taken;
    }

    static int refusal(int errno, int full) {
        return errno == Errno.ENOMEM ? full : Refusal.DEVICE_ERROR;
    }

    // ---------------------------------------------------------------- checks

    private void checkSend(int opcode, int flags) {
        if (!maySend) {
            throw illegalState(Opcode.name(opcode));
        }
        rules.checkRequest(opcode, flags);
    }

    private IllegalStateException illegalState(String what) {
        return new IllegalStateException(lifetime.name() + " is in " + state + ", " + what
                + " needs READY_TO_SEND: connect it first; the request was not posted");
    }

    private void checkReceive() {
        if (!ownReceives) {
            throw new IllegalStateException(lifetime.name() + " takes receives from its shared receive queue");
        }
        if (!mayReceive) {
            throw new IllegalStateException(lifetime.name() + " is in RESET, a receive needs INIT; it was not posted");
        }
    }

    void awaitPosts() {
        gate.awaitPassage();
    }

    /** Destroys it; ibv_destroy_qp(3). What is posted is lost without completions: move it to ERROR and poll first. */
    @Override
    public void close() {
        lifetime.close(() -> {}, () -> {
            gate.close();
            pd.forget(this);
            pd.context().forget(driver);
            driver.close();
        });
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
