package com.ibm.net.rdma.jverbs.verbs;

/**
 * Ends a registration.
 *
 * <p>Threading: one thread at a time.
 */
public final class DeregisterMemoryRegionMethod extends PreparedMethod
        implements StatefulVerbsMethod<DeregisterMemoryRegionMethod> {
    private final MemoryRegion region;

    DeregisterMemoryRegionMethod(MemoryRegion region) {
        this.region = region;
    }

    @Override
    int perform() {
        region.region().close();
        return DONE;
    }

    @Override
    boolean hasObject() {
        return region.region().isOpen();
    }

    @Override
    String describe() {
        return "deregistration of " + region;
    }

    @Override
    public DeregisterMemoryRegionMethod execute() {
        run();
        return this;
    }

    @Override
    public DeregisterMemoryRegionMethod free() {
        release();
        return this;
    }
}
