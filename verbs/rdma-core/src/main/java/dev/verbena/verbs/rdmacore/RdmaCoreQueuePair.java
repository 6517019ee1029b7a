package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvMwBind;
import dev.verbena.verbs.rdmacore.ffi.IbvQp;
import dev.verbena.verbs.rdmacore.ffi.IbvQpAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvQpCap;
import dev.verbena.verbs.rdmacore.ffi.IbvQpInitAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvSendWr;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.spi.AddressHandleDriver;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import dev.verbena.verbs.spi.QueuePairDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A queue pair of any type. Requests are staged in native memory and posted as one chain. */
final class RdmaCoreQueuePair implements QueuePairDriver {
    private static final int GID_BYTES = 16;

    private final RdmaCoreContext context;
    private final String object;
    private final long qp;
    private final int number;
    private final int sendSlots;
    private final int receiveSlots;
    private final int sendEntriesMax;
    private final int receiveEntriesMax;
    private final int inlineMax;
    private final boolean criticalPost;
    private final MemorySegment postSend;
    private final MemorySegment postRecv;
    private final SendStage sends;
    private final ReceiveStage receives;

    /** Windows of type 2 that the staged requests bind. */
    private final List<RdmaCoreMemoryWindow> stagedBindings = new ArrayList<>();

    /** Windows of type 2 that were bound here; kernel Soft-RoCE alone, see {@link #close()}. */
    private final Set<RdmaCoreMemoryWindow> boundWindows = new HashSet<>();

    private int lastErrno;
    /** Known to be in ERROR on kernel Soft-RoCE, which flushes receives posted there only when it is moved again. */
    private boolean flushByMoving;

    private RdmaCoreQueuePair(RdmaCoreContext context, long qp, long cap, boolean sharedReceives) {
        this.context = context;
        this.qp = qp;
        this.number = IbvQp.qpNum(qp);
        this.object = String.format("qp 0x%06x of %s", number, context.name());
        this.sendSlots = IbvQpCap.maxSendWr(cap);
        this.receiveSlots = sharedReceives ? 0 : IbvQpCap.maxRecvWr(cap);
        this.sendEntriesMax = IbvQpCap.maxSendSge(cap);
        this.receiveEntriesMax = sharedReceives ? 0 : IbvQpCap.maxRecvSge(cap);
        this.inlineMax = IbvQpCap.maxInlineData(cap);
        this.criticalPost = context.traits().doorbells();
        this.postSend = IbvContext.postSend(context.address());
        this.postRecv = IbvContext.postRecv(context.address());
        this.sends = new SendStage(sendSlots, sendEntriesMax, inlineMax);
        this.receives = new ReceiveStage(receiveSlots, receiveEntriesMax);
    }

    static RdmaCoreQueuePair create(
            RdmaCoreProtectionDomain domain,
            QueuePairConfig config,
            RdmaCoreCompletionQueue sendQueue,
            RdmaCoreCompletionQueue receiveQueue,
            @Nullable RdmaCoreSharedReceiveQueue sharedReceiveQueue) {
        RdmaCoreContext context = domain.context();
        boolean shared = sharedReceiveQueue != null;
        try (Arena arena = Arena.ofConfined()) {
            long init = arena.allocate(IbvQpInitAttr.SIZE, Long.BYTES).address();
            long cap = IbvQpInitAttr.cap(init);
            IbvQpInitAttr.set(
                    init,
                    sendQueue.address(),
                    receiveQueue.address(),
                    sharedReceiveQueue == null ? 0 : sharedReceiveQueue.address(),
                    config.type().code(),
                    config.signalAll());
            IbvQpCap.set(
                    cap,
                    config.sendSlots(),
                    shared ? 0 : config.receiveSlots(),
                    config.sendEntries(),
                    shared ? 0 : config.receiveEntries(),
                    config.inlineBytes());
            long qp = Ibverbs.ibv_create_qp(domain.address(), init);
            Failure.checkPointer(
                    "ibv_create_qp",
                    "device " + context.name() + ", " + config.type() + " with " + config.sendSlots() + " send and "
                            + config.receiveSlots() + " receive slots, " + config.inlineBytes() + " B inline",
                    qp,
                    Failure.ofCreation(qp, "max_qp, max_qp_wr, max_sge, the largest inline payload"));
            RdmaCoreQueuePair pair = new RdmaCoreQueuePair(context, qp, cap, shared);
            context.addElement(qp, pair);
            return pair;
        }
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public int sendSlots() {
        return sendSlots;
    }

    @Override
    public int receiveSlots() {
        return receiveSlots;
    }

    @Override
    public int sendScatterGatherMax() {
        return sendEntriesMax;
    }

    @Override
    public int receiveScatterGatherMax() {
        return receiveEntriesMax;
    }

    @Override
    public int inlineMax() {
        return inlineMax;
    }

    @Override
    public int send(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediateOrKey) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        stage.append(
                wr, id, stage.entry(address, lengthBytes, lkey, flags), opcode, flags, ordered(opcode, immediateOrKey));
        return 0;
    }

    @Override
    public int send(int opcode, long id, int flags, ScatterGatherList list, int immediateOrKey) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        stage.append(wr, id, stage.entries(list, flags), opcode, flags, ordered(opcode, immediateOrKey));
        return 0;
    }

    /** Immediate data travels big-endian; a key to invalidate stays as it is. */
    private static int ordered(int opcode, int immediateOrKey) {
        return opcode == Opcode.SEND_WITH_INV ? immediateOrKey : Integer.reverseBytes(immediateOrKey);
    }

    @Override
    public int sendDatagram(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setUd(wr, ((RdmaCoreAddressHandle) handle).address(), remoteNumber, remoteQkey);
        stage.append(
                wr, id, stage.entry(address, lengthBytes, lkey, flags), opcode, flags, Integer.reverseBytes(immediate));
        return 0;
    }

    @Override
    public int sendDatagram(
            int opcode,
            long id,
            int flags,
            ScatterGatherList list,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setUd(wr, ((RdmaCoreAddressHandle) handle).address(), remoteNumber, remoteQkey);
        stage.append(wr, id, stage.entries(list, flags), opcode, flags, Integer.reverseBytes(immediate));
        return 0;
    }

    @Override
    public int rdma(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkey,
            int immediate) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setRdma(wr, remoteAddress, rkey);
        stage.append(
                wr, id, stage.entry(address, lengthBytes, lkey, flags), opcode, flags, Integer.reverseBytes(immediate));
        return 0;
    }

    @Override
    public int rdma(
            int opcode, long id, int flags, ScatterGatherList list, long remoteAddress, int rkey, int immediate) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setRdma(wr, remoteAddress, rkey);
        stage.append(wr, id, stage.entries(list, flags), opcode, flags, Integer.reverseBytes(immediate));
        return 0;
    }

    @Override
    public int atomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setAtomic(wr, remoteAddress, compareOrAdd, swap, rkey);
        stage.append(wr, id, stage.entry(address, Long.BYTES, lkey, 0), opcode, flags, 0);
        return 0;
    }

    @Override
    public int localInvalidate(long id, int flags, int rkey) {
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        stage.append(wr, id, 0, Opcode.LOCAL_INV, flags, rkey);
        return 0;
    }

    @Override
    public int bind(
            long id,
            int flags,
            MemoryWindowDriver window,
            int newRkey,
            @Nullable MemoryRegionDriver region,
            long address,
            long lengthBytes,
            int access) {
        RdmaCoreMemoryWindow mw = (RdmaCoreMemoryWindow) window;
        long mr = region == null ? 0 : ((RdmaCoreMemoryRegion) region).address();
        if (mw.isType1()) {
            return bindType1(id, flags, mw.address(), mr, address, lengthBytes, access);
        }
        SendStage stage = sends;
        long wr = stage.next();
        if (wr == 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        IbvSendWr.setBindMw(wr, mw.address(), newRkey, mr, address, lengthBytes, access);
        stage.append(wr, id, 0, Opcode.BIND_MW, flags, 0);
        mw.binding(newRkey);
        stagedBindings.add(mw);
        return 0;
    }

    private int bindType1(long id, int flags, long mw, long mr, long address, long lengthBytes, int access) {
        try (Arena arena = Arena.ofConfined()) {
            long bind = arena.allocate(IbvMwBind.SIZE, Long.BYTES).address();
            IbvMwBind.set(bind, id, flags, mr, address, lengthBytes, access);
            int result = Ibverbs.bind_mw(IbvContext.bindMw(context.address()), qp, mw, bind);
            lastErrno = -result;
            if (result == 0) {
                return 0;
            }
            return result == -Errno.ENOMEM ? Refusal.SEND_QUEUE_FULL : Refusal.DEVICE_ERROR;
        }
    }

    @Override
    public int flushSends() {
        int taken = sends.flush(postSend, qp, criticalPost);
        lastErrno = sends.lastErrno();
        if (!stagedBindings.isEmpty()) {
            finishBindings();
        }
        return taken;
    }

    private void finishBindings() {
        for (RdmaCoreMemoryWindow window : stagedBindings) {
            window.bindingPosted(this);
            if (context.traits().rxe()) {
                boundWindows.add(window);
            }
        }
        stagedBindings.clear();
    }

    @Override
    public int receive(long id, long address, int lengthBytes, int lkey) {
        return receives.stage(id, address, lengthBytes, lkey);
    }

    @Override
    public int receive(long id, ScatterGatherList list) {
        return receives.stage(id, list);
    }

    @Override
    public int flushReceives() {
        int taken = receives.flush(postRecv, qp);
        lastErrno = receives.lastErrno();
        if (flushByMoving) {
            moveToErrorAgain();
        }
        return taken;
    }

    private void moveToErrorAgain() {
        int result = modify(new QueuePairAttributes().state(QueuePairState.ERROR));
        Failure.check("ibv_modify_qp", object, result, "");
    }

    @Override
    public void discardStaged() {
        sends.discard();
        stagedBindings.clear();
        receives.discard();
    }

    @Override
    public int lastErrno() {
        return lastErrno;
    }

    @Override
    public int modify(QueuePairAttributes attributes) {
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvQpAttr.SIZE, Long.BYTES).address();
            Attributes.write(attr, attributes);
            int result = Ibverbs.ibv_modify_qp(qp, attr, attributes.mask());
            if (result == 0 && attributes.has(QueuePairAttributes.STATE)) {
                noteState(attributes.state());
            }
            return result;
        }
    }

    @Override
    public QueuePairAttributes query() {
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvQpAttr.SIZE, Long.BYTES).address();
            long init = arena.allocate(IbvQpInitAttr.SIZE, Long.BYTES).address();
            Failure.check("ibv_query_qp", object, Ibverbs.ibv_query_qp(qp, attr, Attributes.READABLE, init), "");
            QueuePairAttributes attributes = Attributes.read(attr, Attributes.READABLE);
            noteState(attributes.state());
            return attributes;
        }
    }

    private void noteState(QueuePairState state) {
        flushByMoving = context.traits().rxe() && state == QueuePairState.ERROR;
    }

    @Override
    public void attachMulticast(Gid group, int lid) {
        try (Arena arena = Arena.ofConfined()) {
            long gid = gid(arena, group);
            int result = Ibverbs.ibv_attach_mcast(qp, gid, lid);
            Failure.check("ibv_attach_mcast", object + " to " + group, result, multicastProblem(result));
        }
    }

    @Override
    public void detachMulticast(Gid group, int lid) {
        try (Arena arena = Arena.ofConfined()) {
            long gid = gid(arena, group);
            int result = Ibverbs.ibv_detach_mcast(qp, gid, lid);
            Failure.check("ibv_detach_mcast", object + " from " + group, result, multicastProblem(result));
        }
    }

    private static String multicastProblem(int result) {
        return result == -Errno.EINVAL
                ? "the queue pair is not UD, is in RESET, or is not attached to this group, which must be a multicast GID"
                : Failure.ofCreation(result, "max_mcast_grp, max_mcast_qp_attach");
    }

    private static long gid(Arena arena, Gid group) {
        long gid = arena.allocate(GID_BYTES, Long.BYTES).address();
        Memory.putBytes(gid, group.bytes());
        return gid;
    }

    @Override
    public void close() {
        // A bound window of type 2 holds its queue pair: the kernel would wait for it for 50 s, uninterruptibly.
        boundWindows.forEach(window -> window.release(this));
        boundWindows.clear();
        context.removeElement(qp);
        int result = Ibverbs.ibv_destroy_qp(qp);
        if (result < 0) {
            context.addElement(qp, this);
            throw Failure.of("ibv_destroy_qp", object, result, Failure.ofClose(result));
        }
    }
}
