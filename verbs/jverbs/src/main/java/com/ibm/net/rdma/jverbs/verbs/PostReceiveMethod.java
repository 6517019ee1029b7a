package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.util.List;

/**
 * Posts a list of receives, in order, until one is refused.
 *
 * <p>Threading: one thread at a time; other methods of the same queue pair may run in other threads.
 *
 * <p>Hot path.
 */
public final class PostReceiveMethod extends PreparedMethod implements StatefulVerbsMethod<PostReceiveMethod> {
    private record Request(long id, Pieces pieces) {
        int post(dev.verbena.verbs.QueuePair qp) {
            return pieces.single
                    ? qp.postReceive(id, pieces.address, pieces.length, pieces.localKey)
                    : qp.postReceive(id, pieces.list);
        }
    }

    private final QueuePair queuePair;
    private final Request[] requests;
    private int posted;

    PostReceiveMethod(QueuePair queuePair, List<ReceiveWorkRequest> list) {
        this.queuePair = queuePair;
        this.requests = list.stream().map(PostReceiveMethod::copy).toArray(Request[]::new);
    }

    private static Request copy(ReceiveWorkRequest request) {
        Failures.present(request, "request");
        return new Request(request.getWorkRequestId(), new Pieces(request.getSgeList()));
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
        return "post of " + requests.length + " receives to " + queuePair + " (" + posted + " posted)";
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
