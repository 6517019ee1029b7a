package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.util.List;

/**
 * Posts a list of send requests, in order, until one is refused.
 *
 * <p>Threading: one thread at a time; other methods of the same queue pair may run in other threads. That is why each
 * request rings its own doorbell: a batch would take those of other threads in and answer for them.
 *
 * <p>Hot path.
 */
public final class PostSendMethod extends PreparedMethod implements StatefulVerbsMethod<PostSendMethod> {
    private record Request(
            long id, SendWorkRequest.Opcode opcode, int flags, Pieces pieces, long remoteAddress, int remoteKey) {
        int post(dev.verbena.verbs.QueuePair qp) {
            return switch (opcode) {
                case IBV_WR_SEND ->
                    pieces.single
                            ? qp.postSend(id, pieces.address, pieces.length, pieces.localKey, flags)
                            : qp.postSend(id, pieces.list, flags);
                case IBV_WR_RDMA_WRITE ->
                    pieces.single
                            ? qp.postWrite(
                                    id, pieces.address, pieces.length, pieces.localKey, remoteAddress, remoteKey, flags)
                            : qp.postWrite(id, pieces.list, remoteAddress, remoteKey, flags);
                case IBV_WR_RDMA_READ ->
                    pieces.single
                            ? qp.postRead(
                                    id, pieces.address, pieces.length, pieces.localKey, remoteAddress, remoteKey, flags)
                            : qp.postRead(id, pieces.list, remoteAddress, remoteKey, flags);
            };
        }
    }

    private final QueuePair queuePair;
    private final Request[] requests;
    private int posted;

    PostSendMethod(QueuePair queuePair, List<SendWorkRequest> list) {
        this.queuePair = queuePair;
        this.requests = list.stream().map(PostSendMethod::copy).toArray(Request[]::new);
    }

    private static Request copy(SendWorkRequest request) {
        Failures.present(request, "request");
        return new Request(
                request.getWorkRequestId(),
                Failures.present(request.getOpcode(), "opcode of request " + request.getWorkRequestId()),
                request.getSendFlags(),
                new Pieces(request.getSgeList()),
                request.getRdma().getRemoteAddress(),
                request.getRdma().getRemoteKey());
    }

    @Override
    int perform() {
        dev.verbena.verbs.QueuePair qp = queuePair.qp();
        posted = 0;
        for (Request request : requests) {
            int refusal = request.post(qp);
            if (refusal < DONE) {
                return refusal;
            }
            posted++;
        }
        return DONE;
    }

    @Override
    boolean hasObject() {
        return queuePair.isOpen();
    }

    @Override
    String describe() {
        return "post of " + requests.length + " send requests to " + queuePair + " (" + posted + " posted)";
    }

    @Override
    public PostSendMethod execute() {
        run();
        return this;
    }

    @Override
    public PostSendMethod free() {
        release();
        return this;
    }
}
