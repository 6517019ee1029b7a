package com.ibm.net.rdma.jverbs.cm;

/**
 * Port spaces of rdma_create_id(3). Only {@link #RDMA_PS_TCP}, reliable connections, can be used: requests of jVerbs name
 * no way to a datagram's receiver.
 *
 * <p>Threading: immutable.
 */
public enum PortSpace {
    RDMA_PS_TCP,
    RDMA_PS_UDP
}
