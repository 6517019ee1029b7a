package dev.verbena.verbs;

import org.jspecify.annotations.Nullable;

/**
 * How a queue pair shall be made: {@code struct ibv_qp_init_attr}; see ibv_create_qp(3). The device may grant more than
 * asked for.
 *
 * <p>Threading: immutable; each method that sets something answers a changed copy.
 */
public final class QueuePairConfig implements Cloneable {
    private static final int SLOTS_MAX = 1 << 20;
    private static final int ENTRIES_MAX = 1024;
    private static final int INLINE_MAX = 1 << 16;

    private final QueuePairType type;
    private final CompletionQueue sendQueue;
    private CompletionQueue receiveQueue;
    private @Nullable SharedReceiveQueue sharedReceiveQueue;
    private int sendSlots = 64;
    private int receiveSlots = 64;
    private int sendEntries = 1;
    private int receiveEntries = 1;
    private int inlineBytes;
    private boolean signalAll;

    private QueuePairConfig(QueuePairType type, CompletionQueue queue) {
        this.type = type;
        this.sendQueue = queue;
        this.receiveQueue = queue;
    }

    /** A queue pair of a type with 64 slots each way, one entry per request and no inline payload. */
    public static QueuePairConfig of(QueuePairType type, CompletionQueue queue) {
        return new QueuePairConfig(type, queue);
    }

    /** {@link #of} for RC. */
    public static QueuePairConfig reliable(CompletionQueue queue) {
        return of(QueuePairType.RC, queue);
    }

    /** {@link #of} for UC. */
    public static QueuePairConfig unreliable(CompletionQueue queue) {
        return of(QueuePairType.UC, queue);
    }

    /** {@link #of} for UD. */
    public static QueuePairConfig datagram(CompletionQueue queue) {
        return of(QueuePairType.UD, queue);
    }

    private QueuePairConfig copy() {
        try {
            return (QueuePairConfig) clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With another queue for receive completions. */
    public QueuePairConfig receiveQueue(CompletionQueue queue) {
        QueuePairConfig copy = copy();
        copy.receiveQueue = queue;
        return copy;
    }

    /** On a shared receive queue; it has no receive slots of its own. */
    public QueuePairConfig sharedReceiveQueue(SharedReceiveQueue queue) {
        QueuePairConfig copy = copy();
        copy.sharedReceiveQueue = queue;
        copy.receiveSlots = 0;
        copy.receiveEntries = 0;
        return copy;
    }

    /** With so many send requests under way at most. */
    public QueuePairConfig sendSlots(int slots) {
        QueuePairConfig copy = copy();
        copy.sendSlots = Limits.within("sendSlots", slots, 0, SLOTS_MAX);
        return copy;
    }

    /** With so many receives posted at most. */
    public QueuePairConfig receiveSlots(int slots) {
        QueuePairConfig copy = copy();
        copy.receiveSlots = Limits.within("receiveSlots", slots, 0, SLOTS_MAX);
        return copy;
    }

    /** With so many scatter/gather entries per request. */
    public QueuePairConfig entries(int perSend, int perReceive) {
        QueuePairConfig copy = copy();
        copy.sendEntries = Limits.within("entries per send", perSend, 0, ENTRIES_MAX);
        copy.receiveEntries = Limits.within("entries per receive", perReceive, 0, ENTRIES_MAX);
        return copy;
    }

    /** With inline payloads up to so many bytes. */
    public QueuePairConfig inlineBytes(int bytes) {
        QueuePairConfig copy = copy();
        copy.inlineBytes = Limits.within("inlineBytes", bytes, 0, INLINE_MAX);
        return copy;
    }

    /** With every send request making a completion, or only those flagged SIGNALED. */
    public QueuePairConfig signalAll(boolean all) {
        QueuePairConfig copy = copy();
        copy.signalAll = all;
        return copy;
    }

    /** Transport service. */
    public QueuePairType type() {
        return type;
    }

    /** Where send requests complete. */
    public CompletionQueue sendQueue() {
        return sendQueue;
    }

    /** Where receives complete. */
    public CompletionQueue receiveQueue() {
        return receiveQueue;
    }

    /** Where receives are taken from; null for a receive queue of its own. */
    public @Nullable SharedReceiveQueue sharedReceiveQueue() {
        return sharedReceiveQueue;
    }

    /** Send requests under way at most. */
    public int sendSlots() {
        return sendSlots;
    }

    /** Receives posted at most. */
    public int receiveSlots() {
        return receiveSlots;
    }

    /** Scatter/gather entries of a send request. */
    public int sendEntries() {
        return sendEntries;
    }

    /** Scatter/gather entries of a receive. */
    public int receiveEntries() {
        return receiveEntries;
    }

    /** Largest inline payload. */
    public int inlineBytes() {
        return inlineBytes;
    }

    /** Whether every send request makes a completion. */
    public boolean signalAll() {
        return signalAll;
    }
}
