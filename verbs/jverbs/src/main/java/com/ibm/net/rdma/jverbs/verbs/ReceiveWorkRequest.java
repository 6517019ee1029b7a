package com.ibm.net.rdma.jverbs.verbs;

import java.util.LinkedList;

/**
 * A request of a receive queue. {@link QueuePair#preparePostReceive} takes a copy of what it says.
 *
 * <p>Threading: one thread at a time.
 */
@SuppressWarnings({"JdkObsolete", "NonApiType"}) // applications pass and expect a LinkedList
public final class ReceiveWorkRequest {
    private long workRequestId;
    private LinkedList<ScatterGatherElement> sgeList = new LinkedList<>();

    /** A request without memory. */
    public ReceiveWorkRequest() {}

    /** The number that its completion has. */
    public long getWorkRequestId() {
        return workRequestId;
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

    /** Sets its pieces of memory. */
    public void setSgeList(LinkedList<ScatterGatherElement> sgeList) {
        this.sgeList = sgeList;
    }
}
