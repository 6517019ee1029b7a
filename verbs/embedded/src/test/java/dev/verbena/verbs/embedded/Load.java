package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * One end of a connection under load: SENDs of random lengths, WRITEs that the next SEND announces, READs and atomics, as
 * many at once as there are slots. Every word says which message it belongs to and is compared where it arrives.
 */
final class Load {
    static final int SEND_SLOTS = 32;
    /** A sender is at most as many messages ahead as there are receives: a block is compared before it is written again. */
    static final int RECEIVE_SLOTS = 16;

    static final int MESSAGE_BYTES_MAX = 1024;
    private static final int HELLO_BYTES = 20;
    private static final int HELLO_PID = 12;
    private static final int HEADER_WORDS = 2;
    private static final int BLOCK_BYTES = 2048;
    private static final int BLOCKS = 32;
    private static final int GUARD_BYTES = 1024;
    /** The window: guard, a block that never changes, blocks to write to, the word for atomics, guard. */
    private static final long CONSTANT = GUARD_BYTES;

    private static final long WRITTEN = CONSTANT + BLOCK_BYTES;
    private static final long WORD = WRITTEN + BLOCKS * BLOCK_BYTES;
    private static final long END = WORD + 64;
    private static final long CONSTANT_NUMBER = -2;
    private static final long GUARD_NUMBER = -3;

    private final QueuePair qp;
    private final Receives receives;
    private final boolean ownReceives;
    private final SplittableRandom random;
    private final MemoryRegion out;
    private final MemoryRegion window;
    private final byte[] kinds = new byte[SEND_SLOTS];
    private long peerWindow;
    private int peerKey;
    private long posted;
    private long completed;
    private long sent;
    private long received;
    private long added;
    private long addsSeen;
    private long writes;
    private boolean failed;
    private boolean follows;

    private static final byte SEND = 0;
    private static final byte WRITE = 1;
    private static final byte READ = 2;
    private static final byte ADD = 3;

    Load(ProtectionDomain pd, QueuePair qp, Receives receives, boolean ownReceives, long seed) {
        this.qp = qp;
        this.receives = receives;
        this.ownReceives = ownReceives;
        this.random = new SplittableRandom(seed);
        this.out = pd.allocate((long) SEND_SLOTS * BLOCK_BYTES, AccessFlags.LOCAL_WRITE);
        this.window = pd.allocate(END + GUARD_BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
        fill(window.address(), 0, GUARD_BYTES / 8, GUARD_NUMBER);
        fill(window.address() + CONSTANT, 0, BLOCK_BYTES / 8, CONSTANT_NUMBER);
        fill(window.address() + END, 0, GUARD_BYTES / 8, GUARD_NUMBER);
    }

    /** Does about as much as the peer does from now on, so that a survivor with many peers sets the pace of each. */
    void follow() {
        follows = true;
    }

    private boolean mayPost() {
        return !failed && posted - completed < SEND_SLOTS && (!follows || posted < 2 * (received + SEND_SLOTS));
    }

    QueuePair qp() {
        return qp;
    }

    /** What the peer has to know, for the private data. */
    byte[] hello() {
        return ByteBuffer.allocate(HELLO_BYTES)
                .putLong(window.address())
                .putInt(window.rkey())
                .putLong(ProcessHandle.current().pid())
                .array();
    }

    /** Posts the receives: the queue pair is in INIT. */
    void begin() {
        if (ownReceives) {
            receives.postAll();
        }
    }

    /** Whose hello it is. */
    static long pidOf(byte[] hello) {
        return ByteBuffer.wrap(hello).getLong(HELLO_PID);
    }

    void peer(byte[] hello) {
        ByteBuffer buffer = ByteBuffer.wrap(hello);
        peerWindow = buffer.getLong();
        peerKey = buffer.getInt();
    }

    long received() {
        return received;
    }

    boolean failed() {
        return failed;
    }

    /** Whether every request, and every receive of its own, has completed. */
    boolean isFlushed() {
        return completed == posted && (!ownReceives || receives.open() == 0);
    }

    @Override
    public String toString() {
        return posted + " posted, " + completed + " completed, " + received + " received, " + receives.open()
                + " receives open, " + (failed ? "failed" : "up");
    }

    // ---------------------------------------------------------------- words

    private static long word(long number, long index) {
        long mixed = (number * 0x9e37_79b9_7f4a_7c15L + index) * 0xbf58_476d_1ce4_e5b9L;
        return mixed ^ (mixed >>> 29);
    }

    private static void fill(long address, long from, long to, long number) {
        for (long index = from; index < to; index++) {
            Memory.putLong(address + index * Long.BYTES, word(number, index));
        }
    }

    private static void check(String what, long address, long from, long to, long number) {
        for (long index = from; index < to; index++) {
            if (Memory.getLong(address + index * Long.BYTES) != word(number, index)) {
                throw new AssertionError(what + " " + number + " has a wrong word at " + index + " of " + to);
            }
        }
    }

    private long slotAddress(long sequence) {
        return out.address() + (sequence % SEND_SLOTS) * BLOCK_BYTES;
    }

    // ---------------------------------------------------------------- requests

    /** Posts what there is room for, at most so many; answers how many. */
    int post(int max) {
        int count = 0;
        while (count < max && mayPost()) {
            long at = slotAddress(posted);
            byte kind = switch ((int) (posted % 8)) {
                case 3 -> WRITE;
                case 5 -> READ;
                case 7 -> ADD;
                default -> SEND;
            };
            kinds[(int) (posted % SEND_SLOTS)] = kind;
            int refused = post(kind, at);
            if (refused != 0) {
                throw new AssertionError("request " + posted + " was refused: " + refused + "; " + this);
            }
            posted++;
            count++;
        }
        return count;
    }

    private int post(byte kind, long at) {
        return switch (kind) {
            case WRITE -> {
                fill(at, 0, BLOCK_BYTES / 8, ++writes);
                long to = peerWindow + WRITTEN + (writes % BLOCKS) * BLOCK_BYTES;
                yield qp.postWrite(posted, at, BLOCK_BYTES, out.lkey(), to, peerKey, SendFlags.SIGNALED);
            }
            case READ -> {
                Memory.clear(at, BLOCK_BYTES);
                yield qp.postRead(
                        posted, at, BLOCK_BYTES, out.lkey(), peerWindow + CONSTANT, peerKey, SendFlags.SIGNALED);
            }
            case ADD -> qp.postFetchAndAdd(posted, at, out.lkey(), peerWindow + WORD, peerKey, 1, SendFlags.SIGNALED);
            default -> {
                int words = HEADER_WORDS + random.nextInt(MESSAGE_BYTES_MAX / 8 - HEADER_WORDS + 1);
                Memory.putLong(at, sent);
                Memory.putLong(at + 8, posted % 8 == 4 ? writes : 0);
                fill(at, HEADER_WORDS, words, sent++);
                yield qp.postSend(posted, at, words * Long.BYTES, out.lkey(), SendFlags.SIGNALED);
            }
        };
    }

    // ---------------------------------------------------------------- completions

    void onCompletion(WorkCompletions batch, int index) {
        if (!batch.succeeded(index)) {
            CompletionStatus status = batch.statusOf(index);
            // A request that waited for an answer when the peer ended has none; what is behind it was never tried.
            boolean first = !batch.isReceive(index) && !failed;
            boolean known = status == CompletionStatus.WR_FLUSH_ERR
                    || (first && status == CompletionStatus.RETRY_EXC_ERR)
                    // Whoever was given up while it was stopped finds nothing where it goes on.
                    || (first && follows && status == CompletionStatus.REM_OP_ERR)
                    || (first && follows && status == CompletionStatus.REM_ACCESS_ERR);
            if (!known) {
                throw new AssertionError(batch.describe(index) + "; " + this);
            }
            failed = true;
        }
        if (batch.isReceive(index)) {
            onReceive((int) batch.id(index), batch.lengthBytes(index), batch.succeeded(index));
        } else {
            onSent(batch.id(index), batch.succeeded(index));
        }
    }

    private void onReceive(int slot, int lengthBytes, boolean good) {
        receives.completed(slot);
        if (!good) {
            return;
        }
        long number = receives.word(slot, 0);
        long written = receives.word(slot, 1);
        if (number != received) {
            throw new AssertionError("message " + number + " came instead of " + received);
        }
        for (long index = HEADER_WORDS; index < lengthBytes / Long.BYTES; index++) {
            if (receives.word(slot, index) != word(number, index)) {
                throw new AssertionError("message " + number + " has a wrong word at " + index);
            }
        }
        if (written != 0) {
            long at = window.address() + WRITTEN + (written % BLOCKS) * BLOCK_BYTES;
            check("the WRITE", at, 0, BLOCK_BYTES / 8, written);
        }
        received++;
        if (!failed || !ownReceives) {
            receives.post(slot);
        }
    }

    private void onSent(long id, boolean good) {
        if (id != completed) {
            throw new AssertionError("request " + id + " completed instead of " + completed);
        }
        byte kind = kinds[(int) (id % SEND_SLOTS)];
        if (good && kind == READ) {
            check("the READ", slotAddress(id), 0, BLOCK_BYTES / 8, CONSTANT_NUMBER);
        } else if (good && kind == ADD && Memory.getLong(slotAddress(id)) != added++) {
            throw new AssertionError("fetch and add answered " + Memory.getLong(slotAddress(id)));
        }
        completed++;
    }

    /** Checks that nothing was written where nothing may be, and that the word only counted upwards. */
    void checkWindow() {
        check("the guard", window.address(), 0, GUARD_BYTES / 8, GUARD_NUMBER);
        check("the constant", window.address() + CONSTANT, 0, BLOCK_BYTES / 8, CONSTANT_NUMBER);
        check("the guard", window.address() + END, 0, GUARD_BYTES / 8, GUARD_NUMBER);
        long now = Memory.getLong(window.address() + WORD);
        if (now < addsSeen) {
            throw new AssertionError("the word went from " + addsSeen + " to " + now);
        }
        addsSeen = now;
    }

    void close() {
        checkWindow();
        qp.close();
        out.close();
        window.close();
        if (ownReceives) {
            receives.close();
        }
    }
}
