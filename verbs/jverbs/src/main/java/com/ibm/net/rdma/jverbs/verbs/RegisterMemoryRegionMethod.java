package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.AccessFlags;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Registers a buffer. Each execution makes a region.
 *
 * <p>Threading: one thread at a time.
 */
public final class RegisterMemoryRegionMethod extends PreparedMethod
        implements StatefulVerbsMethod<RegisterMemoryRegionMethod> {
    private final ProtectionDomain pd;
    private final ByteBuffer buffer;
    private final int access;
    private @Nullable MemoryRegion region;

    RegisterMemoryRegionMethod(ProtectionDomain pd, ByteBuffer buffer, int access) {
        this.pd = pd;
        this.buffer = buffer;
        this.access = access;
    }

    @Override
    int perform() {
        region = null;
        region = new MemoryRegion(pd, pd.pd().register(buffer, pd.getContext().grantable(access)));
        return DONE;
    }

    @Override
    boolean hasObject() {
        return pd.isOpen();
    }

    @Override
    String describe() {
        return "registration of " + buffer.capacity() + " bytes with " + AccessFlags.describe(access) + " in " + pd;
    }

    @Override
    public RegisterMemoryRegionMethod execute() {
        run();
        return this;
    }

    @Override
    public RegisterMemoryRegionMethod free() {
        release();
        return this;
    }

    /** The region of the last execution; null when that failed. */
    public @Nullable MemoryRegion getMemoryRegion() {
        return region;
    }
}
