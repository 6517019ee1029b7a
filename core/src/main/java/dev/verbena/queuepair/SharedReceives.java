package dev.verbena.queuepair;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.memory.RegisteredPool;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.VerbsException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receives that the connections of a loop share: one shared receive queue over memory that grows while traffic needs
 * it. Every slot is posted unless it holds a message, so that a message that somebody keeps costs memory and no receive.
 *
 * <p>Three sums keep it honest. <em>granted</em>, the credits of all peers, never exceeds what is <em>posted</em>. What is
 * <em>spoken for</em> (of each connection its control credits and the larger of its base and of what it has) never exceeds
 * the slots that exist, so that a connection always comes back to its base. Beyond its base a connection may have as much
 * as is left for all others: one that keeps its messages takes half, a second one a third, and nobody takes the last.
 *
 * <p>Threading: the loop's thread. Hot path, but for the growth.
 *
 * <p>Ownership: the memory is the pool's and stays with this queue until the manager is closed.
 */
public final class SharedReceives extends Receives implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedReceives.class);
    private static final int CHUNK_MAX_BYTES = 256 << 10;
    private static final int CHUNK_MAX_SHIFT = 6;

    private static final byte POSTED = 0;
    /** Its completion is being served. */
    private static final byte SERVED = 1;
    /** Somebody has what lies in it. */
    private static final byte KEPT = 2;
    /** Given back, posted with the next {@link #flush}. */
    private static final byte STAGED = 3;

    private final RegisteredPool pool;
    private final SharedReceiveQueue queue;
    private final int slotsMax;
    private final int chunkShift;
    private final int chunkMask;
    private final QueuePairTable ends = new QueuePairTable();

    private RegisteredBlock[] blocks = {};
    private ByteBuffer[] memories = {};
    private byte[] states = {};
    private int[] staged = {};
    private int slots;
    private int stagedCount;
    private int posted;
    private int kept;
    private int granted;
    private int spokenFor;
    private boolean memorySpent;
    private boolean refused;
    private long reaped;

    /**
     * A queue with nothing posted.
     *
     * @param slotsMax receives at most, as many as the device allows
     */
    public SharedReceives(ProtectionDomain pd, RegisteredPool pool, int slotBytes, int slotsMax) {
        super(slotBytes);
        this.pool = pool;
        this.slotsMax = slotsMax;
        this.chunkShift = Math.clamp(
                Integer.SIZE - 1 - Integer.numberOfLeadingZeros(Math.max(1, CHUNK_MAX_BYTES / strideBytes())),
                0,
                CHUNK_MAX_SHIFT);
        this.chunkMask = (1 << chunkShift) - 1;
        this.queue = pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(slotsMax));
    }

    /** The verbs' queue. */
    public SharedReceiveQueue queue() {
        return queue;
    }

    /** Whose completions they are, by the numbers of their queue pairs. */
    QueuePairTable ends() {
        return ends;
    }

    @Override
    public int slotsMax() {
        return slotsMax;
    }

    @Override
    public RegisteredBlock block(int slot) {
        return blocks[slot >>> chunkShift];
    }

    @Override
    public ByteBuffer memory(int slot) {
        return memories[slot >>> chunkShift];
    }

    @Override
    public int offset(int slot) {
        return (int) blocks[slot >>> chunkShift].offset() + (slot & chunkMask) * strideBytes();
    }

    /** What is given back counts: it is posted before anything that is sent in this turn leaves. */
    @Override
    public boolean covers(int ofOne) {
        return granted <= posted + stagedCount + postponedFrames();
    }

    @Override
    public String describe() {
        return granted + " credits of all connections, " + posted + " receives are posted";
    }

    // ---------------------------------------------------------------- completions

    /** A receive has completed; until {@link #settle} it is being served. */
    void served(int slot) {
        posted--;
        states[slot] = SERVED;
    }

    /** After it was served: back to the queue unless somebody keeps it. */
    public void settle(int slot) {
        if (states[slot] == SERVED) {
            giveBack(slot);
        }
    }

    /** A receive of a queue pair that is gone. */
    void reap(int slot) {
        reaped++;
        giveBack(slot);
    }

    /** What lies in a slot is kept until {@link #giveBack}. */
    public void keep(int slot) {
        states[slot] = KEPT;
        kept++;
    }

    /** What was kept is served now, until {@link #settle}. */
    public void resume(int slot) {
        states[slot] = SERVED;
        kept--;
    }

    /** Gives a slot back; posted with the next {@link #flush}. */
    public void giveBack(int slot) {
        if (states[slot] == STAGED || states[slot] == POSTED) {
            throw new IllegalStateException("slot " + slot + " of the shared receives is given back twice");
        }
        if (states[slot] == KEPT) {
            kept--;
        }
        states[slot] = STAGED;
        staged[stagedCount++] = slot;
    }

    /** Posts what was given back, behind one doorbell. */
    public void flush() {
        int count = stagedCount;
        if (count == 0) {
            return;
        }
        queue.start();
        for (int i = 0; i < count; i++) {
            int slot = staged[i];
            RegisteredBlock block = blocks[slot >>> chunkShift];
            queue.postReceive(
                    EventLoop.sharedId(slot),
                    block.address() + (long) (slot & chunkMask) * strideBytes(),
                    slotBytes(),
                    block.lkey());
            states[slot] = POSTED;
        }
        int taken = queue.complete();
        if (taken != count) {
            throw new IllegalStateException(queue + " took " + taken + " of " + count
                    + " receives although they were free: errno " + queue.lastErrno());
        }
        stagedCount = 0;
        posted += count;
    }

    // ---------------------------------------------------------------- credits

    /**
     * Opens an account with its base and its control credits: both are granted and posted.
     *
     * @throws VerbsException ENOMEM when the receives are spoken for or the budget is spent
     */
    public void open(ReceiveAccount account) {
        int wanted = account.control + account.base;
        if (!ensure(wanted)) {
            throw new VerbsException(
                    "ibv_post_srq_recv",
                    queue.toString(),
                    Errno.ENOMEM,
                    String.format(
                            "a connection needs %,d receives, %,d of %,d are spoken for%s",
                            wanted,
                            spokenFor,
                            slotsMax,
                            memorySpent
                                    ? " and the budget for locked memory is spent: raise"
                                            + " QueuePairManagerConfig.lockedMemoryMaxBytes"
                                    : ": raise QueuePairManagerConfig.sharedReceives, or add loops"));
        }
        account.open = true;
        account.granted = account.base;
        account.controlGranted = account.control;
        spokenFor += account.spokenFor();
        granted += wanted;
        cover();
    }

    /** Closes an account: what its peer did not use is free again; what its program still holds stays spoken for. */
    public void close(ReceiveAccount account) {
        if (account.open) {
            account.open = false;
            spokenFor += account.held - account.spokenFor();
            granted -= account.granted + account.controlGranted;
            account.granted = 0;
            account.controlGranted = 0;
        }
    }

    /** A data frame has come for a credit, or credits were given back by the peer. */
    public void used(ReceiveAccount account, int credits) {
        change(account, -credits, 0);
    }

    /** A control frame has come for a credit. */
    public void usedControl(ReceiveAccount account) {
        account.controlGranted--;
        granted--;
    }

    /** A message is kept. */
    public void held(ReceiveAccount account) {
        change(account, 0, 1);
    }

    /** A message that was kept is released. */
    public void released(ReceiveAccount account) {
        if (account.open) {
            change(account, 0, -1);
        } else {
            account.held--;
            spokenFor--;
        }
    }

    private void change(ReceiveAccount account, int credits, int messages) {
        int before = Math.max(account.base, account.granted + account.held);
        account.granted += credits;
        account.held += messages;
        granted += credits;
        spokenFor += Math.max(account.base, account.granted + account.held) - before;
    }

    /** Grants control credits again; their receives are kept for them. */
    public void grantControl(ReceiveAccount account, int credits) {
        account.controlGranted += credits;
        granted += credits;
        cover();
    }

    /** Grants data credits, as many of those that are wanted as there are receives for; answers how many. */
    public int grant(ReceiveAccount account, int wanted) {
        int has = account.granted + account.held;
        int withinBase = Math.min(wanted, Math.max(0, account.base - has));
        int beyond = wanted - withinBase;
        if (beyond > 0) {
            int left = (memorySpent ? slots : slotsMax) - spokenFor;
            int mine = Math.max(0, has - account.base);
            // What it has beyond its base, and what is left for the others, are to be equal at most.
            int fair = Math.clamp((left - mine) / 2, 0, beyond);
            beyond = ensure(fair) ? fair : Math.clamp(slots - spokenFor, 0, fair);
        }
        int credits = withinBase + beyond;
        if (credits < wanted) {
            refused = true;
        }
        if (credits > 0) {
            change(account, credits, 0);
            cover();
        }
        return credits;
    }

    /** Posts what is granted now, if it is not posted yet. */
    private void cover() {
        if (granted > posted + postponedFrames()) {
            flush();
            if (granted > posted + postponedFrames()) {
                throw new IllegalStateException(
                        granted + " credits are granted, " + posted + " receives are posted, of " + slots + " slots");
            }
        }
    }

    // ---------------------------------------------------------------- memory

    /** Whether so many more can be spoken for; grows if need be. */
    private boolean ensure(int more) {
        while (spokenFor + more > slots) {
            if (memorySpent || slots == slotsMax || !grow()) {
                return false;
            }
        }
        return true;
    }

    private boolean grow() {
        RegisteredBlock block;
        try {
            block = pool.take((long) strideBytes() << chunkShift);
        } catch (VerbsException e) {
            if (e.errno() != Errno.ENOMEM) {
                throw e;
            }
            memorySpent = true;
            LOG.debug("no more shared receives than {} for now: {}", slots, e.getMessage());
            return false;
        }
        int first = slots;
        int chunks = blocks.length;
        blocks = Arrays.copyOf(blocks, chunks + 1);
        memories = Arrays.copyOf(memories, chunks + 1);
        blocks[chunks] = block;
        memories[chunks] = block.buffer();
        slots = Math.min(slotsMax, first + chunkMask + 1);
        states = Arrays.copyOf(states, slots);
        staged = Arrays.copyOf(staged, slots);
        for (int slot = first; slot < slots; slot++) {
            states[slot] = STAGED;
            staged[stagedCount++] = slot;
        }
        flush();
        return true;
    }

    /** Some milliseconds have passed: memory may be there again. */
    void tick() {
        memorySpent = false;
        refused = false;
    }

    /** Whether somebody wanted more since the last tick. */
    public boolean isShort() {
        return refused;
    }

    /** Slots that exist. */
    public int slots() {
        return slots;
    }

    /** Receives that are posted. */
    public int posted() {
        return posted;
    }

    /** Slots that somebody keeps. */
    public int kept() {
        return kept;
    }

    /** Credits of all peers. */
    public int granted() {
        return granted;
    }

    /** Receives that some connection can rely on. */
    public int spokenFor() {
        return spokenFor;
    }

    /** Completions that came for queue pairs that were gone. */
    public long reaped() {
        return reaped;
    }

    /** Gives the memory back; after the completion queue, and with it the queue pairs, were closed. Idempotent. */
    @Override
    public void close() {
        queue.close();
        for (RegisteredBlock block : blocks) {
            block.release();
        }
        blocks = new RegisteredBlock[0];
    }

    @Override
    public String toString() {
        return slots + " shared receives, " + describe() + ", " + spokenFor + " spoken for";
    }
}
