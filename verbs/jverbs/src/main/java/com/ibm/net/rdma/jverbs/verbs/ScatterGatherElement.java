package com.ibm.net.rdma.jverbs.verbs;

/**
 * A piece of registered memory that a request sends from or receives into.
 *
 * <p>Threading: one thread at a time.
 */
public final class ScatterGatherElement {
    private long address;
    private int length;
    private int localKey;

    /** An empty piece. */
    public ScatterGatherElement() {}

    /** Its first byte. */
    public long getAddress() {
        return address;
    }

    /** Its length in bytes. */
    public int getLength() {
        return length;
    }

    /** The key of its region, {@link MemoryRegion#getLocalKey}. */
    public int getLocalKey() {
        return localKey;
    }

    /** Sets its first byte. */
    public void setAddress(long address) {
        this.address = address;
    }

    /** Sets its length in bytes. */
    public void setLength(int length) {
        this.length = length;
    }

    /** Sets the key of its region. */
    public void setLocalKey(int localKey) {
        this.localKey = localKey;
    }
}
