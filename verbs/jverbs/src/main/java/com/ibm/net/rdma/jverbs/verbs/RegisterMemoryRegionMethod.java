package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers a buffer. Each execution makes a region.
 *
 * <p>Threading: one thread at a time.
 */
public final class RegisterMemoryRegionMethod extends PreparedMethod
        implements StatefulVerbsMethod<RegisterMemoryRegionMethod> {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterMemoryRegionMethod.class);

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
        region = new MemoryRegion(pd, pd.pd().register(buffer, grantable()));
        return DONE;
    }

    /**
     * No request of jVerbs is an atomic one, yet programs ask for every right: a device without atomics on memory of others is
     * asked for the rest.
     */
    private int grantable() {
        if ((access & AccessFlags.REMOTE_ATOMIC) == 0
                || pd.getContext().context().has(Capability.ATOMICS_ON_REGISTERED_MEMORY)) {
            return access;
        }
        LOG.info(
                "{} has no atomics on registered memory: registered without IBV_ACCESS_REMOTE_ATOMIC", pd.getContext());
        return access & ~AccessFlags.REMOTE_ATOMIC;
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
