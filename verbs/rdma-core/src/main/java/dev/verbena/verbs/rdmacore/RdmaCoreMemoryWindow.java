package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvMw;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import org.jspecify.annotations.Nullable;

/** A memory window. */
final class RdmaCoreMemoryWindow implements MemoryWindowDriver {
    private final RdmaCoreContext context;
    private final long pd;
    private final boolean type1;
    private volatile long mw;
    private int nextRkey;
    private @Nullable RdmaCoreQueuePair boundBy;
    private boolean closed;

    RdmaCoreMemoryWindow(RdmaCoreContext context, long pd, long mw) {
        this.context = context;
        this.pd = pd;
        this.mw = mw;
        this.type1 = IbvMw.type(mw) == IbvMw.IBV_MW_TYPE_1;
        this.nextRkey = IbvMw.rkey(mw);
    }

    long address() {
        return mw;
    }

    boolean isType1() {
        return type1;
    }

    /** Notes the key that a staged request will give to a window of type 2. */
    void binding(int newRkey) {
        nextRkey = newRkey;
    }

    /**
     * The request that binds a window of type 2 has been posted. The library does not note its key, but drivers read it as
     * the window's present key when they bind it again, so it must not change before the request has been posted either.
     */
    synchronized void bindingPosted(RdmaCoreQueuePair by) {
        IbvMw.rkey(mw, nextRkey);
        boundBy = by;
    }

    /** Ends a binding whose queue pair is going away: the window is a new one afterwards, bound to nothing. */
    synchronized void release(RdmaCoreQueuePair goingAway) {
        if (closed || boundBy != goingAway) {
            return;
        }
        boundBy = null;
        deallocate();
        long fresh = Ibverbs.alloc_mw(IbvContext.allocMw(context.address()), pd, IbvMw.IBV_MW_TYPE_2);
        Failure.checkPointer("ibv_alloc_mw", "device " + context.name(), fresh, Failure.ofCreation(fresh, "max_mw"));
        mw = fresh;
        nextRkey = IbvMw.rkey(fresh);
        closed = false;
    }

    @Override
    public int rkey() {
        return type1 ? IbvMw.rkey(mw) : nextRkey;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            deallocate();
        }
    }

    private void deallocate() {
        int result = Ibverbs.dealloc_mw(IbvContext.deallocMw(context.address()), mw);
        Failure.check("ibv_dealloc_mw", String.format("mw 0x%08x of %s", rkey(), context.name()), result, "");
        closed = true;
    }
}
