package dev.verbena.queuepair;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.metrics.Counters;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The send requests of a queue pair in the order they were posted. Each slot has a little registered memory for a frame's
 * header and short payloads, and holds what is owned by the request until it is done: a buffer to release, or an
 * {@link Outstanding} to tell.
 *
 * <p>Requests that own something are signaled; of the others, one in a quarter of the ring. A completion frees its slot and
 * all before it.
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public final class SendRing {
    /** What wants to know how its request ended. */
    public interface Outstanding {
        /** The request is done; {@code failure} is null when it succeeded. */
        void onDone(@Nullable ConnectionException failure);
    }

    private static final Logger LOG = LoggerFactory.getLogger(SendRing.class);

    private final EventLoop loop;
    private final QueuePairEnd end;
    private final QueuePair qp;
    private final long base;
    private final int slots;
    private final int mask;
    private final int slotBytes;
    private final RegisteredBlock block;
    private final ByteBuffer memory;
    private final int memoryOffset;
    private final int inlineMax;
    private final int signalEvery;
    private final @Nullable Object[] owned;
    private final Counters counters;

    private int posted;
    private int freed;
    private int stagedFrom;
    private int unsignaled;
    private boolean staging;
    private boolean holding;
    private int nextFlags;

    /**
     * An empty ring.
     *
     * @param slots a power of two, at most the queue pair's
     * @param block memory of at least slots times slotBytes
     */
    public SendRing(
            EventLoop loop,
            QueuePairEnd end,
            QueuePair qp,
            long base,
            int slots,
            RegisteredBlock block,
            int slotBytes,
            Counters counters) {
        if (Integer.bitCount(slots) != 1 || (long) slots * slotBytes > block.lengthBytes()) {
            throw new IllegalArgumentException(slots + " slots of " + slotBytes + " bytes");
        }
        this.loop = loop;
        this.end = end;
        this.qp = qp;
        this.base = base;
        this.slots = slots;
        this.mask = slots - 1;
        this.slotBytes = slotBytes;
        this.counters = counters;
        this.block = block;
        this.memory = block.buffer();
        this.memoryOffset = (int) block.offset();
        this.inlineMax = qp.inlineMax();
        this.signalEvery = Math.max(1, slots / 4);
        this.owned = new Object[slots];
    }

    /** Slots. */
    public int slots() {
        return slots;
    }

    /** Entries of a request. */
    public int entriesMax() {
        return qp.sendEntriesMax();
    }

    /** Slots that are free. */
    public int free() {
        return slots - (posted - freed);
    }

    /** Whether nothing is under way. */
    public boolean isIdle() {
        return posted == freed;
    }

    /** Requests that are not finished, as far as completions tell. */
    public int underWay() {
        return posted - freed;
    }

    /** How many are finished; wraps around. */
    public int finished() {
        return freed;
    }

    /** Bytes of a slot. */
    public int slotBytes() {
        return slotBytes;
    }

    /** Where {@link #slotOffset} counts from, for indexed access. */
    public ByteBuffer memory() {
        return memory;
    }

    /** The next slot's memory. */
    public int slotOffset() {
        return memoryOffset + (posted & mask) * slotBytes;
    }

    /** The next slot's address. */
    public long slotAddress() {
        return block.address() + (long) (posted & mask) * slotBytes;
    }

    /** Key of the slots' memory. */
    public int lkey() {
        return block.lkey();
    }

    // ---------------------------------------------------------------- posting; a slot must be free

    /** Begins a request; answers its id. */
    private long begin() {
        if (!staging) {
            staging = true;
            stagedFrom = posted;
            qp.start();
            loop.touch(end);
        }
        return EventLoop.sendId(base, posted);
    }

    private int flags(@Nullable Object owner) {
        int flags = nextFlags;
        nextFlags = SendFlags.NONE;
        if (owner != null || ++unsignaled >= signalEvery) {
            unsignaled = 0;
            return flags | SendFlags.SIGNALED;
        }
        return flags;
    }

    /** The next request waits, in the device, until earlier READs and atomics have finished. */
    public void fenceNext() {
        nextFlags = SendFlags.FENCE;
    }

    /** From here to {@link #release} requests are staged, also between the loop's turns. */
    public void hold() {
        holding = true;
    }

    /** What was staged since {@link #hold} is handed over, now or at the end of the turn. */
    public void release() {
        holding = false;
        if (!loop.inTurn()) {
            flush();
        }
    }

    private void end(int refusal, @Nullable Object owner) {
        owned[posted & mask] = owner;
        posted++;
        if (refusal < 0) {
            end.onPostFailed(qp + " refused a request although a slot was free: errno " + qp.lastErrno());
        } else if (!holding && !loop.inTurn()) {
            flush();
        }
    }

    /** The queue pair left READY_TO_SEND meanwhile; the request counts as staged until {@link #settle}. */
    private void refused(IllegalStateException e, @Nullable Object owner) {
        owned[posted & mask] = owner;
        posted++;
        end.onPostFailed(String.valueOf(e.getMessage()));
    }

    /** Posts the first bytes of the next slot as a message. */
    public void postSlot(int lengthBytes, @Nullable Object owner) {
        long id = begin();
        int flags = flags(owner) | (lengthBytes <= inlineMax ? SendFlags.INLINE : 0);
        try {
            end(qp.postSend(id, slotAddress(), lengthBytes, block.lkey(), flags), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a list as a message. */
    public void postList(ScatterGatherList list, @Nullable Object owner) {
        long id = begin();
        try {
            end(qp.postSend(id, list, flags(owner)), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a READ. */
    public void postRead(long address, int lengthBytes, int lkey, long remote, int rkey, @Nullable Object owner) {
        long id = begin();
        try {
            end(qp.postRead(id, address, lengthBytes, lkey, remote, rkey, flags(owner)), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a WRITE. */
    public void postWrite(long address, int lengthBytes, int lkey, long remote, int rkey, @Nullable Object owner) {
        long id = begin();
        try {
            end(qp.postWrite(id, address, lengthBytes, lkey, remote, rkey, flags(owner)), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a WRITE that tells the peer. */
    public void postWriteWithImmediate(
            long address, int lengthBytes, int lkey, long remote, int rkey, int immediate, @Nullable Object owner) {
        long id = begin();
        try {
            end(
                    qp.postWriteWithImmediate(id, address, lengthBytes, lkey, remote, rkey, immediate, flags(owner)),
                    owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a compare-and-swap whose result goes to the beginning of the slot. */
    public void postCompareAndSwap(long remote, int rkey, long compare, long swap, @Nullable Object owner) {
        long id = begin();
        try {
            end(
                    qp.postCompareAndSwap(id, slotAddress(), block.lkey(), remote, rkey, compare, swap, flags(owner)),
                    owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Posts a fetch-and-add whose result goes to the beginning of the slot. */
    public void postFetchAndAdd(long remote, int rkey, long add, @Nullable Object owner) {
        long id = begin();
        try {
            end(qp.postFetchAndAdd(id, slotAddress(), block.lkey(), remote, rkey, add, flags(owner)), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Binds a type 2 window. */
    public void postBind(
            MemoryWindow window,
            int newRkey,
            MemoryRegion region,
            long address,
            long lengthBytes,
            int access,
            Outstanding owner) {
        long id = begin();
        try {
            end(qp.postBind(id, window, newRkey, region, address, lengthBytes, access, flags(owner)), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Makes a key invalid, after everything that was posted before. */
    public void postLocalInvalidate(int rkey, Outstanding owner) {
        long id = begin();
        try {
            end(qp.postLocalInvalidate(id, rkey, flags(owner) | SendFlags.FENCE), owner);
        } catch (IllegalStateException e) {
            refused(e, owner);
        }
    }

    /** Hands over what is staged, behind one doorbell. */
    public void flush() {
        if (!staging) {
            return;
        }
        counters.doorbells++;
        int taken = hand();
        if (taken != posted - stagedFrom) {
            staging = true;
            stagedFrom += taken;
            end.onPostFailed(qp + " took " + taken + " of a batch: errno " + qp.lastErrno());
        }
    }

    private int hand() {
        staging = false;
        try {
            return qp.complete();
        } catch (IllegalStateException e) {
            // It is not READY_TO_SEND any more: nothing of the batch was posted.
            return 0;
        }
    }

    /** Before the end: hands over what is staged if that is still possible, gives up what is not. */
    public void settle(ConnectionException failure) {
        if (!staging) {
            return;
        }
        int first = stagedFrom + hand();
        int last = posted;
        posted = first;
        for (int sequence = first; sequence != last; sequence++) {
            Object owner = owned[sequence & mask];
            owned[sequence & mask] = null;
            if (owner != null) {
                done(owner, failure);
            }
        }
    }

    // ---------------------------------------------------------------- completions

    /**
     * A completion was polled.
     *
     * @param failure why the request failed; those before it succeeded
     */
    public void onCompletion(int sequence, @Nullable ConnectionException failure) {
        while (freed - sequence <= 0) {
            int slot = freed & mask;
            boolean last = freed == sequence;
            freed++;
            Object owner = owned[slot];
            if (owner != null) {
                owned[slot] = null;
                done(owner, last ? failure : null);
            }
        }
    }

    /** What is not free up to a request has failed. */
    public void failUntil(int sequence, ConnectionException failure) {
        while (freed - sequence <= 0) {
            onCompletion(freed, failure);
        }
    }

    /** Gives up what has not completed. */
    public void abandon(ConnectionException failure) {
        while (freed != posted) {
            Object owner = owned[freed & mask];
            owned[freed & mask] = null;
            freed++;
            if (owner != null) {
                done(owner, failure);
            }
        }
    }

    /** What one owner throws keeps no other from being told. */
    private void done(Object owner, @Nullable ConnectionException failure) {
        try {
            if (owner instanceof ByteBuf buffer) {
                buffer.release();
            } else {
                ((Outstanding) owner).onDone(failure);
            }
        } catch (RuntimeException | Error e) {
            LOG.error("{}: the owner of a finished request", end, e);
            end.onFault(e);
        }
    }
}
