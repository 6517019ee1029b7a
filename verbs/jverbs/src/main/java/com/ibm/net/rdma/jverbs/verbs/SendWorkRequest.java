package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.SendFlags;
import java.util.LinkedList;
import org.jspecify.annotations.Nullable;

/**
 * A request of a send queue. {@link QueuePair#preparePostSend} takes a copy of what it says.
 *
 * <p>Threading: one thread at a time.
 */
@SuppressWarnings({"JdkObsolete", "NonApiType"}) // applications pass and expect a LinkedList
public final class SendWorkRequest {
    /** Wait until earlier READs have finished. */
    public static final int IBV_SEND_FENCE = SendFlags.FENCE;
    /** Make a completion. */
    public static final int IBV_SEND_SIGNALED = SendFlags.SIGNALED;
    /** Raise a solicited event at the receiver. */
    public static final int IBV_SEND_SOLICITED = SendFlags.SOLICITED;
    /** Copy the payload when posting; see {@link QueuePairLimit#setMaxInlineData}. */
    public static final int IBV_SEND_INLINE = SendFlags.INLINE;

    /** What a request does. */
    public enum Opcode {
        IBV_WR_RDMA_WRITE,
        IBV_WR_SEND,
        IBV_WR_RDMA_READ
    }

    /**
     * The peer's memory of a WRITE or READ.
     *
     * <p>Threading: one thread at a time.
     */
    public static final class Rdma {
        private long remoteAddress;
        private int remoteKey;

        /** None. */
        public Rdma() {}

        /** First address. */
        public long getRemoteAddress() {
            return remoteAddress;
        }

        /** Its key, the peer's {@link MemoryRegion#getRemoteKey}. */
        public int getRemoteKey() {
            return remoteKey;
        }

        /** Sets the first address. */
        public void setRemoteAddress(long remoteAddress) {
            this.remoteAddress = remoteAddress;
        }

        /** Sets its key. */
        public void setRemoteKey(int remoteKey) {
            this.remoteKey = remoteKey;
        }
    }

    private final Rdma rdma = new Rdma();
    private long workRequestId;
    private @Nullable Opcode opcode;
    private int sendFlags;
    private LinkedList<ScatterGatherElement> sgeList = new LinkedList<>();

    /** A request without an operation and memory. */
    public SendWorkRequest() {}

    /** The number that its completion has. */
    public long getWorkRequestId() {
        return workRequestId;
    }

    /** What it does; null until set. */
    public @Nullable Opcode getOpcode() {
        return opcode;
    }

    /** Flags of this class. */
    public int getSendFlags() {
        return sendFlags;
    }

    /** The peer's memory, of a WRITE or READ. */
    public Rdma getRdma() {
        return rdma;
    }

    /** Its pieces of memory. */
    public LinkedList<ScatterGatherElement> getSgeList() {
        return sgeList;
    }

    /** One of its pieces of memory. */
    public ScatterGatherElement getSge(int index) {
        return sgeList.get(index);
    }

    /** How many pieces of memory it has. */
    public int getSgeCount() {
        return sgeList.size();
    }

    /** Sets the number that its completion has. */
    public void setWorkRequestId(long workRequestId) {
        this.workRequestId = workRequestId;
    }

    /** Sets what it does. */
    public void setOpcode(Opcode opcode) {
        this.opcode = opcode;
    }

    /** Sets flags of this class, joined by {@code |}. */
    public void setSendFlags(int sendFlags) {
        this.sendFlags = sendFlags;
    }

    /** Sets its pieces of memory. */
    public void setSgeList(LinkedList<ScatterGatherElement> sgeList) {
        this.sgeList = sgeList;
    }
}
