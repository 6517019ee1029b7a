package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.spi.AddressHandleDriver;

/**
 * A way to a datagram peer: who it is, is in the queue-pair number.
 *
 * @param source the sender's GID
 * @param vector where it leads
 * @param reachable whether that is an address of this host, or a group
 * @param group whether it is a multicast group, all of whose members on this host are meant
 */
record EmbeddedAddressHandle(Gid source, AddressVector vector, boolean reachable, boolean group)
        implements AddressHandleDriver {
    @Override
    public void close() {
        // Nothing is held.
    }
}
