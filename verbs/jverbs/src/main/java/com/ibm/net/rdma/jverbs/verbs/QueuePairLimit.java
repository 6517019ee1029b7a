package com.ibm.net.rdma.jverbs.verbs;

/**
 * How much a queue pair shall hold; the device may grant more.
 *
 * <p>Threading: one thread at a time.
 */
public final class QueuePairLimit {
    private int maxSendWorkRequest = 32;
    private int maxReceiveWorkRequest = 32;
    private int maxSendSge = 4;
    private int maxReceiveSge = 4;
    private int maxInlineData;

    /** 32 requests each way with four elements each, no inline data. */
    public QueuePairLimit() {}

    /** Send requests at a time. */
    public int getMaxSendWorkRequest() {
        return maxSendWorkRequest;
    }

    /** Receives at a time. */
    public int getMaxReceiveWorkRequest() {
        return maxReceiveWorkRequest;
    }

    /** Elements of a send request. */
    public int getMaxSendSge() {
        return maxSendSge;
    }

    /** Elements of a receive. */
    public int getMaxReceiveSge() {
        return maxReceiveSge;
    }

    /** Bytes of inline data. */
    public int getMaxInlineData() {
        return maxInlineData;
    }

    /** Sets the send requests at a time. */
    public void setMaxSendWorkRequest(int count) {
        this.maxSendWorkRequest = count;
    }

    /** Sets the receives at a time. */
    public void setMaxReceiveWorkRequest(int count) {
        this.maxReceiveWorkRequest = count;
    }

    /** Sets the elements of a send request. */
    public void setMaxSendSge(int count) {
        this.maxSendSge = count;
    }

    /** Sets the elements of a receive. */
    public void setMaxReceiveSge(int count) {
        this.maxReceiveSge = count;
    }

    /** Sets the bytes of inline data. */
    public void setMaxInlineData(int bytes) {
        this.maxInlineData = bytes;
    }
}
