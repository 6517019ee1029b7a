package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import java.io.IOException;

/**
 * A group whose endpoints' completions the program polls itself, from {@link RdmaEndpoint#getCompletionQueue}.
 *
 * <p>Threading: any thread.
 *
 * @param <T> the program's own class of endpoints
 */
public class RdmaPassiveEndpointGroup<T extends RdmaEndpoint> extends RdmaEndpointGroup<T> {
    /** A group with the default limits and so many milliseconds for each step of a connection. */
    public RdmaPassiveEndpointGroup(int timeout) throws IOException {
        this(timeout, MAX_WR, MAX_SGE, CQ_ENTRIES);
    }

    /** A group; see {@link RdmaEndpointGroup}'s constants for the meaning of the limits. */
    public RdmaPassiveEndpointGroup(int timeout, int maxWR, int maxSge, int cqSize) throws IOException {
        super(timeout, maxWR, maxSge, cqSize);
    }

    @Override
    CompletionQueue createCompletionQueue(VerbsContext context, RdmaEndpoint endpoint) throws IOException {
        return context.createCompletionQueue(null, cqEntries(), 0);
    }
}
