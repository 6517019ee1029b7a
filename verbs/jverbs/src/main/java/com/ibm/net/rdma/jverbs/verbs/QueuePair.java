package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import java.io.IOException;
import java.util.List;

/**
 * A send queue and a receive queue, made by {@code ConnectionId.createQueuePair}.
 *
 * <p>Threading: any thread.
 */
public final class QueuePair {
    /** Transport services. */
    public enum Type {
        IBV_QPT_RC,
        IBV_QPT_UC,
        IBV_QPT_UD
    }

    private final ProtectionDomain pd;
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final dev.verbena.verbs.QueuePair qp;
    private final int handle = Handles.next();
    private volatile boolean open = true;

    /** One in RESET. */
    QueuePair(ProtectionDomain pd, QueuePairInitAttribute attribute) throws IOException {
        this.pd = Failures.present(pd, "protection domain");
        Failures.present(attribute, "attribute");
        this.sendQueue = Failures.present(attribute.getSendCompletionQueue(), "send completion queue");
        this.receiveQueue = Failures.present(attribute.getReceiveCompletionQueue(), "receive completion queue");
        QueuePairLimit cap = Failures.present(attribute.getCap(), "limits");
        QueuePairConfig config = QueuePairConfig.of(
                        switch (Failures.present(attribute.getQueuePairType(), "queue pair type")) {
                            case IBV_QPT_RC -> QueuePairType.RC;
                            case IBV_QPT_UC -> QueuePairType.UC;
                            case IBV_QPT_UD -> QueuePairType.UD;
                        },
                        sendQueue.queue())
                .receiveQueue(receiveQueue.queue())
                .sendSlots(cap.getMaxSendWorkRequest())
                .receiveSlots(cap.getMaxReceiveWorkRequest())
                .entries(cap.getMaxSendSge(), cap.getMaxReceiveSge())
                .inlineBytes(cap.getMaxInlineData());
        this.qp = Failures.call(() -> pd.pd().createQueuePair(config));
    }

    dev.verbena.verbs.QueuePair qp() {
        return qp;
    }

    boolean isOpen() {
        return open && pd.isOpen() && sendQueue.isOpen() && receiveQueue.isOpen();
    }

    void destroy() {
        open = false;
        qp.close();
    }

    /** The device it belongs to. */
    public VerbsContext getContext() {
        return pd.getContext();
    }

    /** The protection domain. */
    public ProtectionDomain getProtectionDomain() {
        return pd;
    }

    /** Where send requests are reported. */
    public CompletionQueue getSendCompletionQueue() {
        return sendQueue;
    }

    /** Where receives are reported. */
    public CompletionQueue getReceiveCompletionQueue() {
        return receiveQueue;
    }

    /** A number of its own. */
    public int getHandle() {
        return handle;
    }

    /** The number that its completions name. */
    public int getQueuePairNum() {
        return qp.number();
    }

    /**
     * Prepares to post send requests. What the requests and their elements say is copied now.
     *
     * @throws IllegalArgumentException for an empty list, a request without an operation, a negative length
     * @throws IOException when the queue pair is destroyed
     */
    public PostSendMethod preparePostSend(List<SendWorkRequest> requests) throws IllegalArgumentException, IOException {
        check(requests);
        return new PostSendMethod(this, requests);
    }

    /**
     * Prepares to post receives. What the requests and their elements say is copied now.
     *
     * @throws IllegalArgumentException for an empty list and a negative length
     * @throws IOException when the queue pair is destroyed
     */
    public PostReceiveMethod preparePostReceive(List<ReceiveWorkRequest> requests)
            throws IllegalArgumentException, IOException {
        check(requests);
        return new PostReceiveMethod(this, requests);
    }

    private void check(List<?> requests) throws IOException {
        if (Failures.present(requests, "list of requests").isEmpty()) {
            throw new IllegalArgumentException("the list of requests is empty");
        }
        if (!isOpen()) {
            throw new IOException(qp + " is destroyed");
        }
    }

    @Override
    public String toString() {
        return qp.toString();
    }
}
