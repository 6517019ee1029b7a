package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.util.List;

/**
 * Posts a list of send requests, in order, until one is refused; executed again after that it posts the rest.
 *
 * <p>Threading: one thread at a time; other methods of the same queue pair may run in other threads.
 *
 * <p>Hot path.
 */
public final class PostSendMethod extends PreparedPosts implements StatefulVerbsMethod<PostSendMethod> {
    private record Send(
            long id, SendWorkRequest.Opcode opcode, int flags, Pieces pieces, long remoteAddress, int remoteKey)
            implements Request {
        @Override
        public int post(dev.verbena.verbs.QueuePair qp) {
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

    PostSendMethod(QueuePair queuePair, List<SendWorkRequest> list) {
        super(queuePair, list.stream().map(PostSendMethod::copy).toArray(Send[]::new), "send requests");
    }

    private static Send copy(SendWorkRequest request) {
        Failures.present(request, "request");
        return new Send(
                request.getWorkRequestId(),
                Failures.present(request.getOpcode(), "opcode of request " + request.getWorkRequestId()),
                request.getSendFlags(),
                new Pieces(request.getSgeList()),
                request.getRdma().getRemoteAddress(),
                request.getRdma().getRemoteKey());
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
