package com.ibm.net.rdma.jverbs.cm;

import dev.verbena.verbs.cm.ConnectionParameters;

/**
 * What a side wants of a connection; the ranges are checked when it is used.
 *
 * <p>Threading: one thread at a time.
 */
public final class ConnectionParameter {
    private int responderResources;
    private int initiatorDepth;
    private int retryCount;
    private int rnrRetryCount;

    /** One READ at a time each way, six retries of each kind: a connection that notices a dead peer. */
    public ConnectionParameter() {
        this(1, 1, 6, 6);
    }

    /** All of it. */
    public ConnectionParameter(int responderResources, int initiatorDepth, int retryCount, int rnrRetryCount) {
        this.responderResources = responderResources;
        this.initiatorDepth = initiatorDepth;
        this.retryCount = retryCount;
        this.rnrRetryCount = rnrRetryCount;
    }

    ConnectionParameters parameters() {
        return ConnectionParameters.DEFAULT
                .withReadDepth(responderResources, initiatorDepth)
                .withRetries(retryCount, rnrRetryCount);
    }

    /** READs of the peer that this side serves at a time. */
    public int getResponderResources() {
        return responderResources;
    }

    /** READs that this side has under way at a time. */
    public int getInitiatorDepth() {
        return initiatorDepth;
    }

    /** Transport retries, 0 to 7; 7 is endless on some devices. */
    public int getRetryCount() {
        return retryCount;
    }

    /** Retries when the peer has no receive posted, 0 to 7; 7 is endless. */
    public int getRnrRetryCount() {
        return rnrRetryCount;
    }

    /** Sets the READs of the peer that this side serves at a time. */
    public void setResponderResources(int responderResources) {
        this.responderResources = responderResources;
    }

    /** Sets the READs that this side has under way at a time. */
    public void setInitiatorDepth(int initiatorDepth) {
        this.initiatorDepth = initiatorDepth;
    }

    /** Sets the transport retries. */
    public void setRetryCount(int retryCount) {
        this.retryCount = retryCount;
    }

    /** Sets the retries when the peer has no receive posted. */
    public void setRnrRetryCount(int rnrRetryCount) {
        this.rnrRetryCount = rnrRetryCount;
    }
}
