package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvMw;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.MemoryWindowDriver;

/** A memory window. */
final class RdmaCoreMemoryWindow implements MemoryWindowDriver {
    private final RdmaCoreContext context;
    private final long mw;
    private final boolean type1;
    private int nextRkey;

    RdmaCoreMemoryWindow(RdmaCoreContext context, long mw) {
        this.context = context;
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
    void bindingPosted() {
        IbvMw.rkey(mw, nextRkey);
    }

    @Override
    public int rkey() {
        return type1 ? IbvMw.rkey(mw) : nextRkey;
    }

    @Override
    public void close() {
        int result = Ibverbs.dealloc_mw(IbvContext.deallocMw(context.address()), mw);
        Failure.check("ibv_dealloc_mw", String.format("mw 0x%08x of %s", rkey(), context.name()), result, "");
    }
}
