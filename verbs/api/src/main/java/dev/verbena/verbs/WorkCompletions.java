package dev.verbena.verbs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * A reusable array of work completions: an index in, primitives out; see ibv_poll_cq(3). A failed completion has a valid
 * {@link #id}, {@link #status}, {@link #queuePairNumber} and {@link #vendorError}; the rest of it is undefined.
 *
 * <p>The record in memory has {@value #RECORD_BYTES} bytes, laid out as devices' libraries write it, so that nothing is
 * translated: id 0, status 8, opcode 12, vendor error 16, bytes 20, immediate (network order) or invalidated key (the
 * machine's order) 24, queue-pair number 28, source queue pair 32, flags 36, pkey index 40, source lid 42, service level
 * 44, path bits 45. A provider in Java writes the same as {@value #RECORD_WORDS} numbers of eight bytes, of each two fields
 * the first in the low half, the last number without meaning: an array costs a few instructions where memory costs twenty.
 *
 * <p>Threading: one thread at a time. Hot path.
 */
public final class WorkCompletions {
    /** Bytes of one record. */
    public static final int RECORD_BYTES = 48;

    /** Numbers of eight bytes of one record. */
    public static final int RECORD_WORDS = RECORD_BYTES / Long.BYTES;

    /** Flag: the receive buffer begins with a 40-byte global route header (UD). */
    public static final int GLOBAL_ROUTE_HEADER = 1;
    /** Flag: {@link #immediate} is valid. */
    public static final int WITH_IMMEDIATE = 2;
    /** Flag: {@link #invalidatedKey} is valid. */
    public static final int WITH_INVALIDATE = 8;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final MemorySegment records;
    private final long address;
    private final int capacity;
    private final long[] words;
    /** Whether the last poll wrote {@link #words} and not {@link #records}. */
    private boolean inWords;

    private int size;

    /** Room for so many completions per poll. */
    public WorkCompletions(int capacity) {
        if (capacity < 1 || capacity > (1 << 16)) {
            throw new IllegalArgumentException("capacity " + capacity + " is not within 1 to 65536");
        }
        this.capacity = capacity;
        this.records = Arena.ofAuto().allocate((long) capacity * RECORD_BYTES, 64);
        this.address = records.address();
        this.words = new long[capacity * RECORD_WORDS];
    }

    /** Room per poll. */
    public int capacity() {
        return capacity;
    }

    /** How many the last poll brought. */
    public int size() {
        return size;
    }

    /** Where a provider writes the records as memory. */
    public MemorySegment records() {
        inWords = false;
        return records;
    }

    /** Address of {@link #records()}. */
    public long address() {
        inWords = false;
        return address;
    }

    /** Where a provider writes the records as numbers. */
    public long[] words() {
        inWords = true;
        return words;
    }

    void size(int polled) {
        size = polled;
    }

    private static long at(int index, int offset) {
        return (long) index * RECORD_BYTES + offset;
    }

    private int low(int index, int word) {
        return inWords ? (int) words[index * RECORD_WORDS + word] : records.get(JAVA_INT, at(index, word * Long.BYTES));
    }

    private int high(int index, int word) {
        return inWords
                ? (int) (words[index * RECORD_WORDS + word] >>> 32)
                : records.get(JAVA_INT, at(index, word * Long.BYTES + Integer.BYTES));
    }

    /** The number given to the request. */
    public long id(int index) {
        return inWords ? words[index * RECORD_WORDS] : records.get(JAVA_LONG, at(index, 0));
    }

    /** How it ended, as a number of {@link CompletionStatus}: 0 is success. */
    public int status(int index) {
        return low(index, 1);
    }

    /** Whether it succeeded. */
    public boolean succeeded(int index) {
        return status(index) == 0;
    }

    /** How it ended, by name. */
    public CompletionStatus statusOf(int index) {
        return CompletionStatus.of(status(index));
    }

    /** A number of {@link CompletionOpcode}. */
    public int opcode(int index) {
        return high(index, 1);
    }

    /** Whether it is a receive's. */
    public boolean isReceive(int index) {
        return (opcode(index) & CompletionOpcode.RECV) != 0;
    }

    /** The device's own error code. */
    public int vendorError(int index) {
        return low(index, 2);
    }

    /** Bytes received, or read; on UD with the 40 bytes of the global route header. */
    public int lengthBytes(int index) {
        return high(index, 2);
    }

    /** Immediate data as the sender gave it; valid with {@link #WITH_IMMEDIATE}. */
    public int immediate(int index) {
        int raw = low(index, 3);
        return LITTLE_ENDIAN ? Integer.reverseBytes(raw) : raw;
    }

    /** The key that the peer invalidated; valid with {@link #WITH_INVALIDATE}. */
    public int invalidatedKey(int index) {
        return low(index, 3);
    }

    /** The local queue pair. */
    public int queuePairNumber(int index) {
        return high(index, 3);
    }

    /** The sender's queue pair (UD). */
    public int sourceQueuePair(int index) {
        return low(index, 4);
    }

    /** Flags. */
    public int flags(int index) {
        return high(index, 4);
    }

    /** Index of the partition key. */
    public int pkeyIndex(int index) {
        return inWords ? 0 : records.get(JAVA_SHORT, at(index, 40)) & 0xffff;
    }

    /** The sender's local identifier (UD on InfiniBand). */
    public int sourceLid(int index) {
        return inWords ? 0 : records.get(JAVA_SHORT, at(index, 42)) & 0xffff;
    }

    /** Service level. */
    public int serviceLevel(int index) {
        return inWords ? 0 : records.get(JAVA_BYTE, at(index, 44)) & 0xff;
    }

    /**
     * Throws unless the request succeeded.
     *
     * @throws VerbsException that names the status, what usually causes it, the request and the queue pair
     */
    public void requireSuccess(int index) {
        if (status(index) != 0) {
            throw failure(index);
        }
    }

    private VerbsException failure(int index) {
        CompletionStatus status = statusOf(index);
        return new VerbsException(
                "work request 0x" + Long.toHexString(id(index)),
                String.format("qp 0x%06x", queuePairNumber(index)),
                0,
                status + " (" + status(index) + "), " + status.meaning() + "; vendor error " + vendorError(index));
    }

    /** One completion in a line, for logs and failures. */
    public String describe(int index) {
        if (!succeeded(index)) {
            return "id 0x" + Long.toHexString(id(index)) + " " + statusOf(index);
        }
        return "id 0x" + Long.toHexString(id(index)) + " " + CompletionOpcode.name(opcode(index)) + " "
                + lengthBytes(index) + " B";
    }
}
