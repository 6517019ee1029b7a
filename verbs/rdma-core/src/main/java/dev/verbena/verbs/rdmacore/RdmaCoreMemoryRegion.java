package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.rdmacore.ffi.IbvMr;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import org.jspecify.annotations.Nullable;

/** A memory region, and the memory if it was allocated for it. */
final class RdmaCoreMemoryRegion implements MemoryRegionDriver {
    private final String device;
    private final long mr;
    private final int lkey;
    private final int rkey;
    private final @Nullable PageMemory memory;

    RdmaCoreMemoryRegion(String device, long mr, @Nullable PageMemory memory) {
        this.device = device;
        this.mr = mr;
        this.lkey = IbvMr.lkey(mr);
        this.rkey = IbvMr.rkey(mr);
        this.memory = memory;
    }

    long address() {
        return mr;
    }

    @Override
    public int lkey() {
        return lkey;
    }

    @Override
    public int rkey() {
        return rkey;
    }

    @Override
    public void close() {
        int result = Ibverbs.ibv_dereg_mr(mr);
        Failure.check(
                "ibv_dereg_mr",
                String.format("mr 0x%08x of %s", lkey, device),
                result,
                result == -Errno.EBUSY || result == -Errno.EINVAL ? "a memory window is bound to it" : "");
        if (memory != null) {
            memory.free();
        }
    }
}
