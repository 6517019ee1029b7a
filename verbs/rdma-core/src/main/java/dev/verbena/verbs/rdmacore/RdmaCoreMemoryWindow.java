package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvMw;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.MemoryWindowDriver;

/** A memory window. */
final class RdmaCoreMemoryWindow implements MemoryWindowDriver {
    private final RdmaCoreContext context;
    private final long mw;

    RdmaCoreMemoryWindow(RdmaCoreContext context, long mw) {
        this.context = context;
        this.mw = mw;
    }

    long address() {
        return mw;
    }

    /** A window of type 2 gets its key from the request that binds it; the library does not note it. */
    void bound(int newRkey) {
        IbvMw.rkey(mw, newRkey);
    }

    @Override
    public int rkey() {
        return IbvMw.rkey(mw);
    }

    @Override
    public void close() {
        int result = Ibverbs.dealloc_mw(IbvContext.deallocMw(context.address()), mw);
        Failure.check("ibv_dealloc_mw", String.format("mw 0x%08x of %s", rkey(), context.name()), result, "");
    }
}
