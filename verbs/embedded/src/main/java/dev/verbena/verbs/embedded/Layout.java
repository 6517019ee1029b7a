package dev.verbena.verbs.embedded;

/**
 * Where everything lies in shared memory: the one place that knows.
 *
 * <p>The control segment of a node belongs to its process, and peers map it. A queue pair's entry has four parts by who
 * writes them: its state (owner, seldom), what it has posted (owner, per receive), whether it is inside an access to a
 * peer (owner, per request), and what its peer took (the connected peer). Each has two cache lines, since processors fetch
 * the neighbour of a line as well.
 *
 * <p>Threading: constants.
 */
final class Layout {
    static final long MAGIC = 0x3130_416e_6562_7256L;
    static final int VERSION = 6;

    static final int QUEUE_PAIRS_MAX = 1 << 12;
    static final int SLOTS_MAX = 1 << 12;
    static final int REGIONS_MAX = 1 << 16;
    static final int MEMBERS_MAX = 1 << 10;
    static final int PRESENCES_MAX = 1 << 8;

    // ---------------------------------------------------------------- control segment
    static final long QUEUE_PAIR_HIGH_WATER = 24;
    static final long MEMBER_HIGH_WATER = 28;
    static final long PRESENCE_HIGH_WATER = 32;
    /**
     * Counts whatever may end what a peer has found good: keys revoked, queue pairs modified, segments and peers gone. On a
     * line that changes with nothing else.
     */
    static final long CHANGES = 256;

    /** Counts how often the agent has looked around: who asks it to and sees no change knows that it is stopped. */
    static final long PULSE = 512;

    static final long QUEUE_PAIRS = 4096;
    static final long QUEUE_PAIR_BYTES = 512;
    static final long REGIONS = QUEUE_PAIRS + QUEUE_PAIRS_MAX * QUEUE_PAIR_BYTES;
    static final long REGION_BYTES = 64;
    static final long MEMBERS = REGIONS + REGIONS_MAX * REGION_BYTES;
    static final long MEMBER_BYTES = 32;
    /** Where threads say that they are inside: one word each, odd meanwhile, on lines of its own. */
    static final long PRESENCES = MEMBERS + MEMBERS_MAX * MEMBER_BYTES;

    static final long PRESENCE_BYTES = 128;
    static final long CONTROL_BYTES = PRESENCES + PRESENCES_MAX * PRESENCE_BYTES;

    // ---------------------------------------------------------------- member of a multicast group
    /** Odd while the entry is being written. */
    static final long MEMBER_LIFE = 0;
    /** A queue pair of the process, 0 in an unused entry. */
    static final long MEMBER_NUMBER = 4;

    static final long MEMBER_GROUP_HIGH = 8;
    static final long MEMBER_GROUP_LOW = 16;

    // ---------------------------------------------------------------- queue-pair entry
    /** Counts the lives of the entry: a new one begins with each creation and each reset. */
    static final long QP_GENERATION = 0;

    /** State, rights and read depth in one word, read together with the generation: see {@link #status}. */
    static final long QP_STATUS = 4;

    static final long QP_TYPE = 8;
    static final long QP_QKEY = 16;
    static final long QP_DESTINATION = 20;
    static final long QP_DOMAIN = 24;
    static final long QP_MIN_RNR_TIMER = 28;
    static final long QP_RECEIVE_QUEUE = 32;
    static final long QP_SHARED = 36;
    static final long QP_WINDOW_SEGMENT = 40;
    static final long QP_WINDOW_SEGMENT_LIFE = 44;
    static final long QP_WINDOW_OFFSET = 48;
    static final long QP_WINDOW_MASK = 56;
    static final long QP_WINDOW_STRIDE = 60;
    static final long QP_POSTED = 128;
    /** Requests for a shared receive that were answered with "none". */
    static final long QP_REFUSED = 136;

    /** Odd while the queue pair is inside an access to its peer's memory. */
    static final long QP_EPOCH = 256;
    /** Odd while a payload of the ring is being put into a receive of the queue pair. */
    static final long QP_RECEIVE_EPOCH = 264;
    /** Written by the connected peer: receives it has used, shared receives it has asked for. */
    static final long QP_TAKEN = 384;

    static final long QP_REQUESTED = 392;

    // ---------------------------------------------------------------- a posted receive in the window
    static final long RECEIVE_LENGTH = 0;
    static final long RECEIVE_ENTRIES = 8;
    static final long RECEIVE_LIST = 16;
    static final long ENTRY_BYTES = 16;
    static final long ENTRY_LENGTH = 8;
    static final long ENTRY_KEY = 12;

    // ---------------------------------------------------------------- region entry
    static final long REGION_KEY = 0;
    /** {@link #REGION_SHARED} and {@link #REGION_QUIET}; read together with the key. */
    static final long REGION_KIND = 4;

    static final long REGION_IOVA = 8;
    static final long REGION_LENGTH = 16;
    static final long REGION_ADDRESS = 24;
    static final long REGION_ACCESS = 32;
    static final long REGION_DOMAIN = 36;
    static final long REGION_SEGMENT = 40;
    static final long REGION_SEGMENT_LIFE = 44;
    static final long REGION_OFFSET = 48;
    /** The queue pair that a type 2 window is bound to. */
    static final long REGION_QUEUE_PAIR = 56;
    /** 0 for a region, else the type of the window. */
    static final long REGION_WINDOW = 60;

    /** Kind: memory of a segment that peers can map; else it is reached through the kernel. */
    static final int REGION_SHARED = 1;
    /** Kind: only the own process looks at it, so a message for it may wait in the ring until it is polled. */
    static final int REGION_QUIET = 2;

    // ---------------------------------------------------------------- ring
    /** How far the receiver is; on a line of its own, since it changes all the time. */
    static final long RING_CONSUMED = 0;

    static final long RING_ARMED = 128;
    static final long RING_CLOSED = 132;
    /** Completions that the queue behind the ring has room for: a sender that is further ahead wakes the receiver. */
    static final long RING_ROOM = 136;

    static final long RING_ENTRIES = 256;
    static final long SLOT_BYTES = 128;
    static final long SLOT_STAMP = 0;
    /** Queue-pair number and generation. */
    static final long SLOT_TARGET = 8;

    /** Operation and immediate data. */
    static final long SLOT_OPERATION = 16;

    /** Length and the sender's queue-pair number. */
    static final long SLOT_LENGTH = 24;

    static final long SLOT_PAYLOAD = 32;
    static final int FIRST_PAYLOAD_BYTES = 96;
    static final int NEXT_PAYLOAD_BYTES = 120;

    /** Kinds, in the low byte of the operation; the second byte is a status. */
    static final int KIND_DELIVERED = 1;

    static final int KIND_FAIL = 2;
    /** Asks for receives of a shared queue, as many as the immediate says. */
    static final int KIND_TAKE = 3;

    /** So many at a time at most. */
    static final int TAKE_MAX = 32;

    static final int KIND_DATAGRAM = 4;
    static final int FLAG_IMMEDIATE = 1 << 16;
    static final int FLAG_SOLICITED = 1 << 17;
    static final int FLAG_INVALIDATE = 1 << 18;
    static final int FLAG_WRITE = 1 << 19;
    /** The payload is in the entry, and is placed when the entry is taken. */
    static final int FLAG_INLINE = 1 << 20;

    /** What fits the line that the receiver polls: more would be a second line, and could as well be the receive's own. */
    static final int INLINE_BYTES = 32;

    static final int ARMED_ANY = 1;
    static final int ARMED_SOLICITED = 2;

    private Layout() {}

    static long queuePair(long control, int index) {
        return control + QUEUE_PAIRS + index * QUEUE_PAIR_BYTES;
    }

    static long region(long control, int key) {
        return control + REGIONS + (key >>> 16) * REGION_BYTES;
    }

    static long presence(long control, int index) {
        return control + PRESENCES + index * PRESENCE_BYTES;
    }

    static long member(long control, int index) {
        return control + MEMBERS + index * MEMBER_BYTES;
    }

    static int status(int state, int accessFlags, int readDepth) {
        return state | (accessFlags & 0xff) << 8 | readDepth << 16;
    }

    static int stateOf(int status) {
        return status & 0xff;
    }

    static int accessOf(int status) {
        return (status >>> 8) & 0xff;
    }

    static int readDepthOf(int status) {
        return (status >>> 16) & 0xff;
    }

    static int slotOf(int queuePairNumber) {
        return (queuePairNumber >>> 12) & (SLOTS_MAX - 1);
    }

    static int indexOf(int queuePairNumber) {
        return queuePairNumber & (QUEUE_PAIRS_MAX - 1);
    }

    static int powerOfTwo(int atLeast) {
        return atLeast <= 1 ? 1 : Integer.highestOneBit(atLeast - 1) << 1;
    }
}
