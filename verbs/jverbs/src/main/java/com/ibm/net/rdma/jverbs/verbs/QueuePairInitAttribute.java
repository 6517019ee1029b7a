package com.ibm.net.rdma.jverbs.verbs;

import org.jspecify.annotations.Nullable;

/**
 * How a queue pair shall be made.
 *
 * <p>Threading: one thread at a time.
 */
public final class QueuePairInitAttribute {
    private QueuePairLimit cap;
    private QueuePair.Type type;
    private @Nullable CompletionQueue sendQueue;
    private @Nullable CompletionQueue receiveQueue;

    /** A reliable connection with the default limits; the completion queues are to be set. */
    public QueuePairInitAttribute() {
        this.cap = new QueuePairLimit();
        this.type = QueuePair.Type.IBV_QPT_RC;
    }

    /** All of it. */
    public QueuePairInitAttribute(
            QueuePairLimit cap,
            QueuePair.Type queuePairType,
            CompletionQueue sendCompletionQueue,
            CompletionQueue receiveCompletionQueue) {
        this.cap = cap;
        this.type = queuePairType;
        this.sendQueue = sendCompletionQueue;
        this.receiveQueue = receiveCompletionQueue;
    }

    /** How much it shall hold. */
    public QueuePairLimit getCap() {
        return cap;
    }

    /** Its transport. */
    public QueuePair.Type getQueuePairType() {
        return type;
    }

    /** Where send requests are reported; null until set. */
    public @Nullable CompletionQueue getSendCompletionQueue() {
        return sendQueue;
    }

    /** Where receives are reported; null until set. */
    public @Nullable CompletionQueue getReceiveCompletionQueue() {
        return receiveQueue;
    }

    /** Sets how much it shall hold. */
    public void setCap(QueuePairLimit cap) {
        this.cap = cap;
    }

    /** Sets its transport. */
    public void setQueuePairType(QueuePair.Type queuePairType) {
        this.type = queuePairType;
    }

    /** Sets where send requests are reported. */
    public void setSendCompletionQueue(CompletionQueue queue) {
        this.sendQueue = queue;
    }

    /** Sets where receives are reported. */
    public void setReceiveCompletionQueue(CompletionQueue queue) {
        this.receiveQueue = queue;
    }
}
