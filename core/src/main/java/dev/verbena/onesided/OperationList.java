package dev.verbena.onesided;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.SendRing;
import org.jspecify.annotations.Nullable;

/**
 * One-sided operations that are posted together, behind one doorbell, and are done in the order of the list. Fill it, post
 * it, and use it again when it is done: then nothing is allocated.
 *
 * <p>Writes reach the peer's memory in the list's order. A read or an atomic may finish later than what stands behind it:
 * {@link #fence} makes the next operation wait for those before it.
 *
 * <p>Threading: one thread fills it; from posting to its end it is the loop's.
 *
 * <p>Ownership: the local buffers must stay open until the list is done.
 *
 * <p>Hot path.
 */
public final class OperationList {
    /** An atomic's result is taken at its completion, before its slot is used again. */
    private final class Result implements SendRing.Outstanding {
        private final int index;
        private int slotOffset;

        Result(int index) {
            this.index = index;
        }

        @Override
        public void onDone(@Nullable ConnectionException failure) {
            completed(index, slotOffset, failure);
        }
    }

    private final int[] kinds;
    private final @Nullable RegisteredBuffer[] locals;
    private final int[] lengths;
    private final long[] remotes;
    private final int[] rkeys;
    private final long[] firsts;
    private final long[] seconds;
    private final boolean[] fenced;
    private final long[] values;
    private final Result[] results;

    private int size;
    private int immediates;
    private boolean fenceNext;
    private volatile boolean underWay;
    private @Nullable OneSided oneSided;
    private @Nullable OneSidedCallback callback;
    private @Nullable ConnectionException failure;

    /** An empty list with room for so many operations. */
    public OperationList(int capacity) {
        if (capacity < 1 || capacity > 1 << 14) {
            throw new IllegalArgumentException("capacity " + capacity + " is not within 1 to " + (1 << 14));
        }
        kinds = new int[capacity];
        locals = new RegisteredBuffer[capacity];
        lengths = new int[capacity];
        remotes = new long[capacity];
        rkeys = new int[capacity];
        firsts = new long[capacity];
        seconds = new long[capacity];
        fenced = new boolean[capacity];
        values = new long[capacity];
        results = new Result[capacity];
        for (int i = 0; i < capacity; i++) {
            results[i] = new Result(i);
        }
    }

    // ---------------------------------------------------------------- for the application

    /**
     * Forgets all operations.
     *
     * @throws IllegalStateException while they are under way
     */
    public OperationList clear() {
        requireIdle();
        size = 0;
        immediates = 0;
        fenceNext = false;
        return this;
    }

    /** READ: remote memory into local, as many bytes as that has. */
    public OperationList read(RemoteBuffer remote, RegisteredBuffer local) {
        OneSided.checkTransfer(remote, local);
        return add(OneSided.READ, remote, local, 0, 0);
    }

    /** WRITE: local memory into remote. */
    public OperationList write(RegisteredBuffer local, RemoteBuffer remote) {
        OneSided.checkTransfer(remote, local);
        return add(OneSided.WRITE, remote, local, 0, 0);
    }

    /** WRITE that the peer's handler of immediates is told of. */
    public OperationList writeWithImmediate(RegisteredBuffer local, RemoteBuffer remote, int immediate) {
        OneSided.checkTransfer(remote, local);
        OperationList added = add(OneSided.WRITE_WITH_IMMEDIATE, remote, local, immediate, 0);
        immediates++;
        return added;
    }

    /** Compare-and-swap of eight remote bytes; {@link #value} tells what they were. */
    public OperationList compareAndSwap(RemoteBuffer remote, long expected, long value) {
        OneSided.checkAtomic(remote);
        return add(OneSided.COMPARE_AND_SWAP, remote, null, expected, value);
    }

    /** Fetch-and-add on eight remote bytes; {@link #value} tells what they were. */
    public OperationList fetchAndAdd(RemoteBuffer remote, long addend) {
        OneSided.checkAtomic(remote);
        return add(OneSided.FETCH_AND_ADD, remote, null, addend, 0);
    }

    /**
     * The next operation waits until the reads and atomics before it, of this list and of others, have finished
     * (IBV_SEND_FENCE).
     */
    public OperationList fence() {
        requireIdle();
        fenceNext = true;
        return this;
    }

    private OperationList add(
            int kind, RemoteBuffer remote, @Nullable RegisteredBuffer local, long first, long second) {
        requireIdle();
        int index = size;
        if (index == kinds.length) {
            throw new IllegalStateException("the list has room for " + index + " operations");
        }
        kinds[index] = kind;
        locals[index] = local;
        lengths[index] = local == null ? Long.BYTES : (int) local.lengthBytes();
        remotes[index] = remote.address();
        rkeys[index] = remote.rkey();
        firsts[index] = first;
        seconds[index] = second;
        fenced[index] = fenceNext;
        values[index] = 0;
        fenceNext = false;
        size = index + 1;
        return this;
    }

    /** Number of operations. */
    public int size() {
        return size;
    }

    /** What an atomic of the list, which is done, found. */
    public long value(int index) {
        requireIdle();
        return values[index];
    }

    private void requireIdle() {
        if (underWay) {
            throw new IllegalStateException("the list's operations are under way: it is theirs until they are done");
        }
    }

    // ---------------------------------------------------------------- for the loop

    int immediates() {
        return immediates;
    }

    /** What may throw comes before anything is posted. */
    void requireReady() {
        requireIdle();
        for (int i = 0; i < size; i++) {
            RegisteredBuffer local = locals[i];
            if (local != null) {
                long _ = local.address();
            }
        }
    }

    void begin(OneSided postedBy, OneSidedCallback told) {
        underWay = true;
        oneSided = postedBy;
        callback = told;
        failure = null;
    }

    int kind(int index) {
        return kinds[index];
    }

    long address(int index) {
        RegisteredBuffer local = locals[index];
        return local == null ? 0 : local.address();
    }

    int lengthBytes(int index) {
        return lengths[index];
    }

    int lkey(int index) {
        RegisteredBuffer local = locals[index];
        return local == null ? 0 : local.lkey();
    }

    long remoteAddress(int index) {
        return remotes[index];
    }

    int rkey(int index) {
        return rkeys[index];
    }

    long first(int index) {
        return firsts[index];
    }

    long second(int index) {
        return seconds[index];
    }

    boolean isFenced(int index) {
        return fenced[index];
    }

    /** Who is told of an operation: of those that leave a result, and of the last, whose completion is that of all. */
    SendRing.@Nullable Outstanding told(int index, int slotOffset) {
        if (kinds[index] < OneSided.COMPARE_AND_SWAP && index != size - 1) {
            return null;
        }
        Result result = results[index];
        result.slotOffset = slotOffset;
        return result;
    }

    private void completed(int index, int slotOffset, @Nullable ConnectionException cause) {
        OneSided postedBy = oneSided;
        OneSidedCallback told = callback;
        if (postedBy == null || told == null) {
            throw new AssertionError("not under way");
        }
        if (cause != null) {
            failure = failure == null ? cause : failure;
        } else if (kinds[index] >= OneSided.COMPARE_AND_SWAP) {
            values[index] = postedBy.value(slotOffset);
        }
        if (index == size - 1) {
            oneSided = null;
            callback = null;
            underWay = false;
            postedBy.listDone(size, told, failure);
        }
    }
}
