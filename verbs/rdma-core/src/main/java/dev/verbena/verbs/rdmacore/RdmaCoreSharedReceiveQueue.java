package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvSrqAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvSrqInitAttr;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A shared receive queue. */
final class RdmaCoreSharedReceiveQueue implements SharedReceiveQueueDriver {
    private final RdmaCoreContext context;
    private final String object;
    private final long srq;
    private final int entriesMax;
    private final MemorySegment postSrqRecv;
    private ReceiveStage stage;
    private int slots;

    private RdmaCoreSharedReceiveQueue(RdmaCoreContext context, long srq, int slots, int entriesMax) {
        this.context = context;
        this.object = "shared receive queue of " + context.name();
        this.srq = srq;
        this.slots = slots;
        this.entriesMax = entriesMax;
        this.stage = new ReceiveStage(slots, entriesMax);
        this.postSrqRecv = IbvContext.postSrqRecv(context.address());
    }

    static RdmaCoreSharedReceiveQueue create(RdmaCoreProtectionDomain domain, SharedReceiveQueueConfig config) {
        RdmaCoreContext context = domain.context();
        try (Arena arena = Arena.ofConfined()) {
            long init = arena.allocate(IbvSrqInitAttr.SIZE, Long.BYTES).address();
            long attr = IbvSrqInitAttr.attr(init);
            IbvSrqAttr.set(attr, config.slots(), config.entries(), 0);
            long srq = Ibverbs.ibv_create_srq(domain.address(), init);
            Failure.checkPointer(
                    "ibv_create_srq",
                    "device " + context.name() + ", " + config.slots() + " slots",
                    srq,
                    Failure.ofCreation(srq, "max_srq, max_srq_wr, max_srq_sge"));
            RdmaCoreSharedReceiveQueue queue =
                    new RdmaCoreSharedReceiveQueue(context, srq, IbvSrqAttr.maxWr(attr), IbvSrqAttr.maxSge(attr));
            context.addElement(srq, queue);
            if (config.limit() > 0) {
                armOrClose(queue, config.limit());
            }
            return queue;
        }
    }

    // Creation ignores srq_limit, so it is armed afterwards.
    private static void armOrClose(RdmaCoreSharedReceiveQueue queue, int limit) {
        try {
            queue.modify(0, limit);
        } catch (RuntimeException refused) {
            queue.close();
            throw refused;
        }
    }

    long address() {
        return srq;
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
        // Only the kinds of shared receive queue that are not offered here have a number.
        return 0;
    }

    @Override
    public int receive(long id, long address, int lengthBytes, int lkey) {
        return stage.stage(id, address, lengthBytes, lkey);
    }

    @Override
    public int receive(long id, ScatterGatherList list) {
        return stage.stage(id, list);
    }

    @Override
    public int flush() {
        return stage.flush(postSrqRecv, srq);
    }

    @Override
    public int lastErrno() {
        return stage.lastErrno();
    }

    @Override
    public void modify(int newSlots, int limit) {
        // Neither means that the limit is disarmed.
        int mask = (newSlots != 0 ? IbvSrqAttr.IBV_SRQ_MAX_WR : 0)
                | (limit != 0 || newSlots == 0 ? IbvSrqAttr.IBV_SRQ_LIMIT : 0);
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvSrqAttr.SIZE, Long.BYTES).address();
            IbvSrqAttr.set(attr, newSlots, 0, limit);
            int result = Ibverbs.ibv_modify_srq(srq, attr, mask);
            Failure.check(
                    "ibv_modify_srq",
                    object,
                    result,
                    Failure.ofCreation(result, "max_srq_wr; the limit is at most the number of slots"));
            if (newSlots != 0) {
                slots = Math.max(query(arena, IbvSrqAttr.IBV_SRQ_MAX_WR), 1);
                stage = new ReceiveStage(slots, entriesMax);
            }
        }
    }

    @Override
    public int limit() {
        try (Arena arena = Arena.ofConfined()) {
            return query(arena, IbvSrqAttr.IBV_SRQ_LIMIT);
        }
    }

    private int query(Arena arena, int field) {
        long attr = arena.allocate(IbvSrqAttr.SIZE, Long.BYTES).address();
        Failure.check("ibv_query_srq", object, Ibverbs.ibv_query_srq(srq, attr), "");
        return field == IbvSrqAttr.IBV_SRQ_LIMIT ? IbvSrqAttr.srqLimit(attr) : IbvSrqAttr.maxWr(attr);
    }

    @Override
    public void close() {
        context.removeElement(srq);
        int result = Ibverbs.ibv_destroy_srq(srq);
        if (result < 0) {
            context.addElement(srq, this);
            throw Failure.of("ibv_destroy_srq", object, result, Failure.ofClose(result));
        }
    }
}
