package dev.verbena.verbs;

/**
 * A reusable list of local buffers, gathered into one message or filled by one; {@code struct ibv_sge}.
 *
 * <p>Threading: one thread at a time. The list may be changed as soon as the post has returned.
 *
 * <p>Ownership: holds numbers, not memory; the regions keep the memory.
 *
 * <p>Hot path.
 */
public final class ScatterGatherList {
    private final long[] addresses;
    private final int[] lengths;
    private final int[] lkeys;
    private int size;
    private long totalBytes;

    /** An empty list with room for so many entries. */
    public ScatterGatherList(int capacity) {
        if (capacity < 1 || capacity > 1024) {
            throw new IllegalArgumentException("capacity " + capacity + " is not within 1 to 1024");
        }
        addresses = new long[capacity];
        lengths = new int[capacity];
        lkeys = new int[capacity];
    }

    /** Forgets all entries. */
    public ScatterGatherList clear() {
        size = 0;
        totalBytes = 0;
        return this;
    }

    /**
     * Appends a buffer.
     *
     * @throws IllegalArgumentException on a negative length
     * @throws IllegalStateException when the list is full
     */
    public ScatterGatherList add(long address, int lengthBytes, int lkey) {
        int index = size;
        if (index == addresses.length) {
            throw new IllegalStateException("the list has room for " + index + " entries");
        }
        if (lengthBytes < 0) {
            throw new IllegalArgumentException("length " + lengthBytes);
        }
        addresses[index] = address;
        lengths[index] = lengthBytes;
        lkeys[index] = lkey;
        size = index + 1;
        totalBytes += lengthBytes;
        return this;
    }

    /** Number of entries. */
    public int size() {
        return size;
    }

    /** Sum of the lengths. */
    public long totalBytes() {
        return totalBytes;
    }

    /** Address of an entry. */
    public long address(int index) {
        return addresses[index];
    }

    /** Length of an entry. */
    public int lengthBytes(int index) {
        return lengths[index];
    }

    /** Key of an entry. */
    public int lkey(int index) {
        return lkeys[index];
    }
}
