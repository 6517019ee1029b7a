package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import java.io.IOException;

/**
 * Makes the endpoints of a group.
 *
 * <p>Threading: called by the thread that asks the group for an endpoint, or that accepts.
 *
 * @param <T> the program's own class of endpoints
 */
public interface RdmaEndpointFactory<T extends RdmaEndpoint> {
    /**
     * Makes one.
     *
     * @param id its end of the connection
     * @param serverSide whether the peer asked for the connection
     */
    T createEndpoint(ConnectionId id, boolean serverSide) throws IOException;
}
