package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.AccessFlags;

/**
 * Memory that the device may touch.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: keeps its buffer alive until it is deregistered.
 */
public final class MemoryRegion {
    /** The device may write: receives, and what a READ brings. */
    public static final int IBV_ACCESS_LOCAL_WRITE = AccessFlags.LOCAL_WRITE;
    /** Peers may WRITE; needs {@link #IBV_ACCESS_LOCAL_WRITE} as well. */
    public static final int IBV_ACCESS_REMOTE_WRITE = AccessFlags.REMOTE_WRITE;
    /** Peers may READ. */
    public static final int IBV_ACCESS_REMOTE_READ = AccessFlags.REMOTE_READ;
    /** Peers may use atomics; needs {@link #IBV_ACCESS_LOCAL_WRITE} as well. */
    public static final int IBV_ACCESS_REMOTE_ATOMIC = AccessFlags.REMOTE_ATOMIC;
    /** Memory windows may be bound to it. */
    public static final int IBV_ACCESS_MW_BIND = AccessFlags.MEMORY_WINDOW_BIND;

    private final ProtectionDomain pd;
    private final dev.verbena.verbs.MemoryRegion region;
    private final int handle = Handles.next();

    MemoryRegion(ProtectionDomain pd, dev.verbena.verbs.MemoryRegion region) {
        this.pd = pd;
        this.region = region;
    }

    dev.verbena.verbs.MemoryRegion region() {
        return region;
    }

    /** The rights that it was granted. */
    public int getAccess() {
        return region.access();
    }

    /** Address of the buffer's first byte. */
    public long getAddress() {
        return region.address();
    }

    /** Length in bytes. */
    public int getLength() {
        return (int) region.lengthBytes();
    }

    /** Key for requests of this side. */
    public int getLocalKey() {
        return region.lkey();
    }

    /** Key for requests of peers. */
    public int getRemoteKey() {
        return region.rkey();
    }

    /** The device it is registered with. */
    public VerbsContext getContext() {
        return pd.getContext();
    }

    /** The protection domain. */
    public ProtectionDomain getProtectionDomain() {
        return pd;
    }

    /** A number of its own. */
    public int getHandle() {
        return handle;
    }

    @Override
    public String toString() {
        return region.toString();
    }
}
