package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.rdmacore.ffi.DataPath;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvCq;
import dev.verbena.verbs.rdmacore.ffi.IbvWc;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A completion queue. The caller's records have the layout of {@code struct ibv_wc}, so polling copies nothing. */
final class RdmaCoreCompletionQueue implements CompletionQueueDriver {
    /** IB_WC_WITH_INVALIDATE of the kernel, which is IBV_WC_IP_CSUM_OK in user space. */
    private static final int KERNEL_WITH_INVALIDATE = 1 << 2;

    private final RdmaCoreContext context;
    private final String object;
    private final long cq;
    private final boolean kernelFlags;
    private final MemorySegment pollCq;
    private final MemorySegment reqNotifyCq;

    private RdmaCoreCompletionQueue(RdmaCoreContext context, String object, long cq) {
        this.context = context;
        this.object = object;
        this.cq = cq;
        this.kernelFlags = context.traits().rxe();
        this.pollCq = IbvContext.pollCq(context.address());
        this.reqNotifyCq = IbvContext.reqNotifyCq(context.address());
    }

    static RdmaCoreCompletionQueue create(
            RdmaCoreContext context, int entries, @Nullable RdmaCoreCompletionChannel channel, int vector) {
        long channelAddress = channel == null ? 0 : channel.address();
        long cq = Ibverbs.ibv_create_cq(context.address(), entries, 0, channelAddress, vector);
        Failure.checkPointer(
                "ibv_create_cq",
                "device " + context.name() + ", " + entries + " entries",
                cq,
                Failure.ofCreation(cq, "max_cqe, max_cq, num_comp_vectors"));
        RdmaCoreCompletionQueue queue =
                new RdmaCoreCompletionQueue(context, "completion queue of " + context.name(), cq);
        context.addElement(cq, queue);
        return queue;
    }

    long address() {
        return cq;
    }

    @Override
    public int entries() {
        return IbvCq.cqe(cq);
    }

    @Override
    public int poll(WorkCompletions completions) {
        int count = DataPath.poll_cq(pollCq, cq, completions.capacity(), completions.address());
        if (kernelFlags) {
            translateFlags(completions, count);
        }
        // What it is when negative is the driver's own affair and no errno.
        return count >= 0 ? count : -Errno.EIO;
    }

    /** Kernel Soft-RoCE hands the kernel's own flag for an invalidated key through; it never checks IP checksums. */
    private static void translateFlags(WorkCompletions completions, int count) {
        for (int index = 0; index < count; index++) {
            long address = completions.address() + (long) index * WorkCompletions.RECORD_BYTES;
            int flags = IbvWc.wcFlags(address);
            if ((flags & KERNEL_WITH_INVALIDATE) != 0) {
                IbvWc.wcFlags(address, (flags & ~KERNEL_WITH_INVALIDATE) | WorkCompletions.WITH_INVALIDATE);
            }
        }
    }

    @Override
    public int requestNotify(boolean solicitedOnly) {
        return -Math.abs(DataPath.req_notify_cq(reqNotifyCq, cq, solicitedOnly ? 1 : 0));
    }

    @Override
    public int resize(int entries) {
        int result = Ibverbs.ibv_resize_cq(cq, entries);
        Failure.check(
                "ibv_resize_cq",
                object + ", " + entries + " entries",
                result,
                result == -Errno.EINVAL
                        ? "more completions are waiting than it shall have room for, or more than max_cqe were asked for"
                        : Failure.ofCreation(result, "max_cqe"));
        return entries();
    }

    @Override
    public void close() {
        context.removeElement(cq);
        int result = Ibverbs.ibv_destroy_cq(cq);
        if (result < 0) {
            context.addElement(cq, this);
            throw Failure.of("ibv_destroy_cq", object, result, Failure.ofClose(result));
        }
    }
}
