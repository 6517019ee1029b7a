package dev.verbena.queuepair;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.verbs.QueuePair;
import java.nio.ByteBuffer;

/**
 * The receives of a queue pair: a block of registered memory in slots, each either posted or in the program's hands.
 *
 * <p>Threading: the loop's thread. Hot path: {@link #repost}, {@link #flush}.
 */
public final class ReceiveRing {
    private final QueuePair qp;
    private final long base;
    private final int slots;
    private final int slotBytes;
    private final RegisteredBlock block;
    private final ByteBuffer memory;
    private final int[] staged;
    private int stagedCount;
    private int posted;

    /** A ring with nothing posted. */
    public ReceiveRing(QueuePair qp, long base, int slots, RegisteredBlock block, int slotBytes) {
        if ((long) slots * slotBytes > block.lengthBytes()) {
            throw new IllegalArgumentException(slots + " slots of " + slotBytes + " bytes");
        }
        this.qp = qp;
        this.base = base;
        this.slots = slots;
        this.slotBytes = slotBytes;
        this.block = block;
        this.memory = block.buffer();
        this.staged = new int[slots];
    }

    /** Slots. */
    public int slots() {
        return slots;
    }

    /** Bytes of a slot. */
    public int slotBytes() {
        return slotBytes;
    }

    /** The memory of all slots. */
    public RegisteredBlock block() {
        return block;
    }

    /** Where {@link #offset} counts from. */
    public ByteBuffer memory() {
        return memory;
    }

    /** A slot's memory. */
    public int offset(int slot) {
        return (int) block.offset() + slot * slotBytes;
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
                    block.address() + (long) slot * slotBytes,
                    slotBytes,
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
