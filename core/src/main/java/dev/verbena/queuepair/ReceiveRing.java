package dev.verbena.queuepair;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.verbs.QueuePair;
import java.nio.ByteBuffer;

/**
 * The receives of one queue pair: a block of registered memory in slots, each either posted or in the program's hands.
 *
 * <p>Threading: the loop's thread. Hot path: {@link #repost}, {@link #flush}.
 */
public final class ReceiveRing extends Receives {
    private final QueuePair qp;
    private final int slots;
    private final RegisteredBlock block;
    private final ByteBuffer memory;
    private final int[] staged;
    private long base;
    private int stagedCount;
    private int posted;

    /** A ring with nothing posted. */
    public ReceiveRing(QueuePair qp, int slots, RegisteredBlock block, int slotBytes) {
        super(slotBytes);
        if ((long) slots * strideBytes() > block.lengthBytes()) {
            throw new IllegalArgumentException(slots + " slots of " + slotBytes + " bytes");
        }
        this.qp = qp;
        this.slots = slots;
        this.block = block;
        this.memory = block.buffer();
        this.staged = new int[slots];
    }

    /** The base of its requests' ids, before the first one is posted. */
    public void base(long newBase) {
        base = newBase;
    }

    /** Slots. */
    @Override
    public int slotsMax() {
        return slots;
    }

    /** The memory of all slots. */
    public RegisteredBlock block() {
        return block;
    }

    @Override
    public RegisteredBlock block(int slot) {
        return block;
    }

    @Override
    public ByteBuffer memory(int slot) {
        return memory;
    }

    @Override
    public int offset(int slot) {
        return (int) block.offset() + slot * strideBytes();
    }

    @Override
    public boolean covers(int granted) {
        return granted <= posted + postponedFrames();
    }

    @Override
    public String describe() {
        return posted + " receives are posted";
    }

    /** Receives that are posted. */
    public int posted() {
        return posted;
    }

    /** A receive has completed: its slot is in the program's hands. */
    public void onCompletion() {
        posted--;
    }

    /** Gives a slot back; posted with the next {@link #flush}. */
    public void repost(int slot) {
        staged[stagedCount++] = slot;
    }

    /** Posts what was given back, behind one doorbell. */
    public void flush() {
        int count = stagedCount;
        if (count == 0) {
            return;
        }
        qp.startReceives();
        for (int i = 0; i < count; i++) {
            int slot = staged[i];
            qp.postReceive(
                    EventLoop.receiveId(base, slot),
                    block.address() + (long) slot * strideBytes(),
                    slotBytes(),
                    block.lkey());
        }
        int taken = qp.completeReceives();
        if (taken != count) {
            throw new IllegalStateException(qp + " took " + taken + " of " + count
                    + " receives although they were free: errno " + qp.lastErrno());
        }
        stagedCount = 0;
        posted += count;
    }
}
