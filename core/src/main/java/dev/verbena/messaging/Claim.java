package dev.verbena.messaging;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A place for one message in registered memory: write it there, then {@link #commit()}. Reusable; between a successful
 * {@code tryClaim} and the commit nothing else may be sent on the connection.
 *
 * <p>Threading: the loop's thread.
 *
 * <p>Hot path.
 */
public final class Claim {
    private @Nullable Sender sender;
    private @Nullable MemorySegment memory;
    private long offset;
    private int lengthBytes;
    private int type;

    /** Not claimed. */
    public Claim() {}

    void begin(Sender claimedBy, MemorySegment segment, long at, int bytes, int messageType) {
        sender = claimedBy;
        memory = segment;
        offset = at;
        lengthBytes = bytes;
        type = messageType;
    }

    private Sender sender() {
        Sender claimedBy = sender;
        if (claimedBy == null) {
            throw new IllegalStateException("nothing is claimed: tryClaim first, and look at what it answers");
        }
        return claimedBy;
    }

    /** The memory that the message lies in, from {@link #offset()} on. */
    public MemorySegment memory() {
        MemorySegment segment = memory;
        if (segment == null) {
            sender();
            throw new AssertionError();
        }
        return segment;
    }

    /** Where the message begins. */
    public long offset() {
        return offset;
    }

    /** How long it is. */
    public int lengthBytes() {
        return lengthBytes;
    }

    /** Sends it. */
    public void commit() {
        Sender claimedBy = sender();
        sender = null;
        claimedBy.commitClaim(lengthBytes, type);
    }

    /** Gives the place back. */
    public void abort() {
        Sender claimedBy = sender();
        sender = null;
        claimedBy.abortClaim();
    }
}
