package com.ibm.net.rdma.jverbs.verbs;

/**
 * Posts a list of requests, in order, until one is refused. An execution after a refusal goes on with the one that was refused:
 * what was posted is not posted twice.
 *
 * <p>Threading: one thread at a time; other methods of the same queue pair may run in other threads. That is why each request
 * rings its own doorbell: a batch would take those of other threads in and answer for them.
 *
 * <p>Hot path: {@link #perform}.
 */
abstract class PreparedPosts extends PreparedMethod {
    /** One request. */
    interface Request {
        /** Posts it; a negative answer is a refusal. */
        int post(dev.verbena.verbs.QueuePair qp);
    }

    private final QueuePair queuePair;
    private final Request[] requests;
    private final String name;
    /** How many of the list the last execution, and those before that it went on from, have posted. */
    private int posted;

    PreparedPosts(QueuePair queuePair, Request[] requests, String name) {
        this.queuePair = queuePair;
        this.requests = requests;
        this.name = name;
    }

    @Override
    final int perform() {
        dev.verbena.verbs.QueuePair qp = queuePair.qp();
        int next = posted == requests.length ? 0 : posted;
        while (next < requests.length) {
            // Also when it throws it is known how far the list came.
            posted = next;
            int refusal = requests[next].post(qp);
            if (refusal < DONE) {
                return refusal;
            }
            next++;
        }
        posted = next;
        return DONE;
    }

    @Override
    final boolean hasObject() {
        return queuePair.isOpen();
    }

    @Override
    final String describe() {
        return "post of " + requests.length + " " + name + " to " + queuePair + " (" + posted + " posted)";
    }
}
