package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.util.List;

/**
 * Posts a list of receives, in order, until one is refused; executed again after that it posts the rest.
 *
 * <p>Threading: one thread at a time; other methods of the same queue pair may run in other threads.
 *
 * <p>Hot path.
 */
public final class PostReceiveMethod extends PreparedPosts implements StatefulVerbsMethod<PostReceiveMethod> {
    private record Receive(long id, Pieces pieces) implements Request {
        @Override
        public int post(dev.verbena.verbs.QueuePair qp) {
            return pieces.single
                    ? qp.postReceive(id, pieces.address, pieces.length, pieces.localKey)
                    : qp.postReceive(id, pieces.list);
        }
    }

    PostReceiveMethod(QueuePair queuePair, List<ReceiveWorkRequest> list) {
        super(queuePair, list.stream().map(PostReceiveMethod::copy).toArray(Receive[]::new), "receives");
    }

    private static Receive copy(ReceiveWorkRequest request) {
        Failures.present(request, "request");
        return new Receive(request.getWorkRequestId(), new Pieces(request.getSgeList()));
    }

    @Override
    public PostReceiveMethod execute() {
        run();
        return this;
    }

    @Override
    public PostReceiveMethod free() {
        release();
        return this;
    }
}
