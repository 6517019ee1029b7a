package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;

/**
 * An endpoint that is told of its completions.
 *
 * <p>Threading: {@link #dispatchCqEvent} is called by the completion thread of the group and device, for one completion after
 * the other; what blocks there keeps every endpoint waiting.
 */
public abstract class RdmaActiveEndpoint extends RdmaEndpoint {
    /** One end of a connection; called by the factory. */
    protected RdmaActiveEndpoint(
            RdmaActiveEndpointGroup<? extends RdmaActiveEndpoint> group, ConnectionId id, boolean serverSide)
            throws IOException {
        super(group, id, serverSide);
    }

    /** A request of this endpoint ended. The object is this call's alone: it may be kept. */
    public abstract void dispatchCqEvent(WorkCompletion workCompletion) throws IOException;
}
