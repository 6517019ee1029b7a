package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.PortAttributes;

/**
 * State of a port, as ibv_query_port(3) tells it.
 *
 * <p>Threading: immutable.
 */
public final class PortAttribute {
    private final PortAttributes attributes;

    PortAttribute(PortAttributes attributes) {
        this.attributes = attributes;
    }

    /** The logical state by name: {@code ACTIVE}. */
    public String getState() {
        return attributes.state().name();
    }

    /** Largest MTU in bytes. */
    public int getMaxMtu() {
        return attributes.maxMtu().bytes();
    }

    /** MTU in use, in bytes. */
    public int getActiveMtu() {
        return attributes.activeMtu().bytes();
    }

    /** Entries of the GID table. */
    public int getGidTableLength() {
        return attributes.gidTableLength();
    }

    /** Entries of the partition-key table. */
    public int getPkeyTableLength() {
        return attributes.pkeyTableLength();
    }

    /** Largest message in bytes. */
    public long getMaxMessageSize() {
        return attributes.maxMessageBytes();
    }

    /** Local identifier, 0 on Ethernet. */
    public int getLid() {
        return attributes.lid();
    }

    /** The subnet manager's local identifier. */
    public int getSmLid() {
        return attributes.smLid();
    }

    /** What is below, by name: {@code ETHERNET}. */
    public String getLinkLayer() {
        return attributes.linkLayer().name();
    }

    @Override
    public String toString() {
        return attributes.toString();
    }
}
