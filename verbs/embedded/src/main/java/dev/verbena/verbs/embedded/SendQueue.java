package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Send requests of a queue pair, each in a few words of one array: staged, then posted, then executed in order. A slot is
 * free again when its completion, or a later one, has been polled.
 *
 * <p>Threading: under the queue pair's guard, but for {@link #onPolled}. Hot path.
 */
final class SendQueue {
    private static final int ID = 0;
    private static final int REMOTE = 1;
    private static final int COMPARE = 2;
    private static final int SWAP = 3;
    private static final int TOTAL = 4;
    /** Operation code in the low half, flags in the high one. */
    private static final int CODES = 5;
    /** Immediate or key in the low half, number of entries in the high one. */
    private static final int NUMBERS = 6;
    /** Remote key, or the remote queue key, in the low half; the remote queue pair in the high one. */
    private static final int KEYS = 7;

    private static final int LIST = 8;
    /** Operations that take a receive of the peer, as bits. */
    private static final int MESSAGES =
            1 << Opcode.SEND | 1 << Opcode.SEND_WITH_IMM | 1 << Opcode.SEND_WITH_INV | 1 << Opcode.RDMA_WRITE_WITH_IMM;

    /** A flag of our own: the payload was copied when it was posted. */
    static final int COPIED = 1 << 16;

    private static final VarHandle FREED;

    static {
        try {
            FREED = MethodHandles.lookup().findVarHandle(SendQueue.class, "freed", long.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private final int slots;
    private final int entriesMax;
    private final int inlineMax;
    private final int mask;
    private final int stride;
    private final long[] words;
    private final @Nullable Object[] objects;
    private final @Nullable Object[] regions;
    private final MemorySegment inline;

    private int staged;
    private long posted;
    private long head;
    private int lastErrno;

    @SuppressWarnings("UnusedVariable") // through FREED
    private long freed;

    SendQueue(int slots, int entriesMax, int inlineMax) {
        this.slots = slots;
        this.entriesMax = entriesMax;
        this.inlineMax = inlineMax;
        int size = Layout.powerOfTwo(Math.max(2 * slots, 2));
        this.mask = size - 1;
        this.stride = LIST + 2 * Math.max(entriesMax, 1);
        this.words = new long[size * stride];
        this.objects = new Object[size];
        this.regions = new Object[size];
        this.inline = Arena.ofAuto().allocate(Math.max((long) size * inlineMax, 8), 8);
    }

    int slots() {
        return slots;
    }

    int entriesMax() {
        return entriesMax;
    }

    int inlineMax() {
        return inlineMax;
    }

    int lastErrno() {
        return lastErrno;
    }

    long posted() {
        return posted;
    }

    long head() {
        return head;
    }

    boolean isIdle() {
        return head == posted;
    }

    // ---------------------------------------------------------------- staging

    private int base(long sequence) {
        return ((int) sequence & mask) * stride;
    }

    private int begin(int opcode, long id, int flags) {
        if (staged == slots) {
            return -1;
        }
        int at = base(posted + staged);
        staged++;
        words[at + ID] = id;
        words[at + CODES] = Integer.toUnsignedLong(opcode) | ((long) flags << 32);
        return at;
    }

    int stage(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkeyOrQkey,
            int immediateOrKey,
            int remoteNumber,
            @Nullable Object object) {
        int at = begin(opcode, id, flags);
        if (at < 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        long from = address;
        if ((flags & SendFlags.INLINE) != 0) {
            from = inlineBlock();
            Memory.copy(address, from, lengthBytes);
            words[at + CODES] |= (long) COPIED << 32;
        }
        words[at + REMOTE] = remoteAddress;
        words[at + TOTAL] = lengthBytes;
        words[at + NUMBERS] = Integer.toUnsignedLong(immediateOrKey) | (1L << 32);
        words[at + KEYS] = Integer.toUnsignedLong(rkeyOrQkey) | ((long) remoteNumber << 32);
        words[at + LIST] = from;
        words[at + LIST + 1] = pair(lengthBytes, lkey);
        remember(object);
        return 0;
    }

    int stage(
            int opcode,
            long id,
            int flags,
            ScatterGatherList list,
            long remoteAddress,
            int rkeyOrQkey,
            int immediateOrKey,
            int remoteNumber,
            @Nullable Object object) {
        int at = begin(opcode, id, flags);
        if (at < 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        int entries = list.size();
        words[at + REMOTE] = remoteAddress;
        words[at + TOTAL] = list.totalBytes();
        words[at + KEYS] = Integer.toUnsignedLong(rkeyOrQkey) | ((long) remoteNumber << 32);
        if ((flags & SendFlags.INLINE) != 0) {
            long block = inlineBlock();
            long to = block;
            for (int i = 0; i < entries; i++) {
                Memory.copy(list.address(i), to, list.lengthBytes(i));
                to += list.lengthBytes(i);
            }
            words[at + CODES] |= (long) COPIED << 32;
            words[at + LIST] = block;
            words[at + LIST + 1] = pair((int) list.totalBytes(), 0);
            entries = 1;
        } else {
            for (int i = 0; i < entries; i++) {
                words[at + LIST + 2 * i] = list.address(i);
                words[at + LIST + 2 * i + 1] = pair(list.lengthBytes(i), list.lkey(i));
            }
        }
        words[at + NUMBERS] = Integer.toUnsignedLong(immediateOrKey) | ((long) entries << 32);
        remember(object);
        return 0;
    }

    int stageAtomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        int result = stage(opcode, id, flags, address, Long.BYTES, lkey, remoteAddress, rkey, 0, 0, null);
        if (result == 0) {
            int at = base(posted + staged - 1);
            words[at + COMPARE] = compareOrAdd;
            words[at + SWAP] = swap;
        }
        return result;
    }

    /** The length goes where a compare value would be, the rights where a swap value would. */
    int stageBind(
            long id,
            int flags,
            Object window,
            int newRkey,
            @Nullable Object region,
            long address,
            long lengthBytes,
            int access) {
        int at = begin(Opcode.BIND_MW, id, flags);
        if (at < 0) {
            return Refusal.SEND_QUEUE_FULL;
        }
        words[at + REMOTE] = address;
        words[at + COMPARE] = lengthBytes;
        words[at + SWAP] = access;
        words[at + TOTAL] = 0;
        words[at + NUMBERS] = Integer.toUnsignedLong(newRkey);
        words[at + KEYS] = 0;
        remember(window);
        regions[(int) (posted + staged - 1) & mask] = region;
        return 0;
    }

    private void remember(@Nullable Object object) {
        objects[(int) (posted + staged - 1) & mask] = object;
    }

    private long inlineBlock() {
        return inline.address() + ((posted + staged - 1) & mask) * inlineMax;
    }

    private static long pair(int lengthBytes, int lkey) {
        return Integer.toUnsignedLong(lengthBytes) | ((long) lkey << 32);
    }

    /** Posts what is staged as far as there are free slots; answers how many. */
    int flush() {
        int wanted = staged;
        staged = 0;
        int taken = (int) Math.min(wanted, slots - (posted - (long) FREED.getAcquire(this)));
        lastErrno = taken < wanted ? Errno.ENOMEM : 0;
        posted += taken;
        return taken;
    }

    /** Whether nothing waits to be executed or to be handed over. */
    boolean isEmpty() {
        return head == posted && staged == 0;
    }

    /** Whether a request more can be posted. */
    boolean hasRoom() {
        return posted - (long) FREED.getAcquire(this) < slots;
    }

    /** Counts a request that was executed without being staged; answers its sequence. */
    long countDone() {
        long sequence = posted;
        posted = sequence + 1;
        head = sequence + 1;
        return sequence;
    }

    boolean hasStaged() {
        return staged != 0;
    }

    void discardStaged() {
        staged = 0;
    }

    // ---------------------------------------------------------------- the request at the head

    /** Whether it is one of these opcodes, as bits, with one entry of at least a byte. */
    boolean isPlain(int opcodes) {
        int at = base(head);
        long total = words[at + TOTAL];
        return (opcodes >>> (int) words[at + CODES] & 1) != 0
                && (int) (words[at + NUMBERS] >>> 32) == 1
                && total > 0
                && total <= EmbeddedContext.MESSAGE_BYTES_MAX;
    }

    long id() {
        return words[base(head) + ID];
    }

    int opcode() {
        return (int) words[base(head) + CODES];
    }

    int flags() {
        return (int) (words[base(head) + CODES] >>> 32);
    }

    long remoteAddress() {
        return words[base(head) + REMOTE];
    }

    long compareOrAdd() {
        return words[base(head) + COMPARE];
    }

    long swap() {
        return words[base(head) + SWAP];
    }

    long totalBytes() {
        return words[base(head) + TOTAL];
    }

    int immediateOrKey() {
        return (int) words[base(head) + NUMBERS];
    }

    int entries() {
        return (int) (words[base(head) + NUMBERS] >>> 32);
    }

    int rkeyOrQkey() {
        return (int) words[base(head) + KEYS];
    }

    int remoteNumber() {
        return (int) (words[base(head) + KEYS] >>> 32);
    }

    long address(int index) {
        return words[base(head) + LIST + 2 * index];
    }

    int lengthBytes(int index) {
        return (int) words[base(head) + LIST + 2 * index + 1];
    }

    int lkey(int index) {
        return (int) (words[base(head) + LIST + 2 * index + 1] >>> 32);
    }

    @Nullable
    Object object() {
        return objects[(int) head & mask];
    }

    @Nullable
    Object region() {
        return regions[(int) head & mask];
    }

    /** How many of the requests from the head on, at most so many, take a receive of the peer. */
    int messagesWaiting(int most) {
        int count = 0;
        for (long at = head; at != posted && count < most; at++) {
            count += MESSAGES >>> (int) words[base(at) + CODES] & 1;
        }
        return count;
    }

    /** The request at the head is done. */
    void advance() {
        head++;
    }

    /** A completion was polled: its slot and those before it are free. Under the completion queue's guard. */
    void onPolled(long sequence) {
        if (sequence >= (long) FREED.getAcquire(this)) {
            FREED.setRelease(this, sequence + 1);
        }
    }

    /** Forgets everything, for the move to RESET; the sequence goes on, since old completions may still be polled. */
    void reset() {
        staged = 0;
        head = posted;
        FREED.setRelease(this, posted);
    }
}
