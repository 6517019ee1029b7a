package com.ibm.net.rdma.jverbs.verbs;

/**
 * Asks a completion queue for one event at its next completion.
 *
 * <p>Threading: one thread at a time. Hot path.
 */
public final class RequestNotifyCQMethod extends PreparedMethod implements StatefulVerbsMethod<RequestNotifyCQMethod> {
    private final CompletionQueue queue;
    private final boolean solicitedOnly;

    RequestNotifyCQMethod(CompletionQueue queue, boolean solicitedOnly) {
        this.queue = queue;
        this.solicitedOnly = solicitedOnly;
    }

    @Override
    int perform() {
        queue.queue().requestNotify(solicitedOnly);
        return DONE;
    }

    @Override
    boolean hasObject() {
        return queue.isOpen();
    }

    @Override
    String describe() {
        return "request of an event of " + queue;
    }

    @Override
    public RequestNotifyCQMethod execute() {
        run();
        return this;
    }

    @Override
    public RequestNotifyCQMethod free() {
        release();
        return this;
    }
}
