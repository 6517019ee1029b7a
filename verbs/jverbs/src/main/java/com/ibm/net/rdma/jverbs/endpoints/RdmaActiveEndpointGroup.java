package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A group that tells its endpoints of their completions, by one thread for each device.
 *
 * <p>Each endpoint has a completion queue of its own, with room for all its requests: neither can the endpoints of a group
 * overflow a queue that they share, nor can a completion reach another endpoint.
 *
 * <p>Threading: any thread.
 *
 * @param <T> the program's own class of endpoints
 */
public class RdmaActiveEndpointGroup<T extends RdmaActiveEndpoint> extends RdmaEndpointGroup<T> {
    private final boolean polling;
    private final Map<VerbsContext, CompletionDispatcher> dispatchers = new HashMap<>();

    /** A group with the default limits and so many milliseconds for each step of a connection. */
    public RdmaActiveEndpointGroup(int timeout) throws IOException {
        this(timeout, false, MAX_WR, MAX_SGE, CQ_ENTRIES);
    }

    /**
     * A group; see {@link RdmaEndpointGroup}'s constants for the meaning of the limits.
     *
     * @param polling whether the completion threads spin instead of sleeping
     */
    public RdmaActiveEndpointGroup(int timeout, boolean polling, int maxWR, int maxSge, int cqSize) throws IOException {
        super(timeout, maxWR, maxSge, cqSize);
        this.polling = polling;
    }

    @Override
    CompletionQueue createCompletionQueue(VerbsContext context, RdmaEndpoint endpoint) throws IOException {
        if (!(endpoint instanceof RdmaActiveEndpoint active)) {
            throw new IOException(endpoint + " is not an RdmaActiveEndpoint");
        }
        CompletionDispatcher dispatcher;
        synchronized (dispatchers) {
            dispatcher = dispatchers.get(context);
            if (dispatcher == null) {
                dispatcher = new CompletionDispatcher(context, polling);
                dispatchers.put(context, dispatcher);
            }
        }
        return dispatcher.createQueue(cqEntries(), active);
    }

    @Override
    void onDestroy(RdmaEndpoint endpoint, CompletionQueue queue) {
        synchronized (dispatchers) {
            CompletionDispatcher dispatcher = dispatchers.get(queue.getContext());
            if (dispatcher != null) {
                dispatcher.forget(queue);
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        super.close();
        synchronized (dispatchers) {
            for (CompletionDispatcher dispatcher : dispatchers.values()) {
                dispatcher.close(timeoutMs());
            }
            dispatchers.clear();
        }
    }
}
