package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.spi.AddressHandleDriver;

/**
 * A way to a datagram peer: who it is, is in the queue-pair number.
 *
 * @param source the sender's GID
 * @param vector where it leads
 * @param reachable whether that is an address of this host
 */
record EmbeddedAddressHandle(Gid source, AddressVector vector, boolean reachable) implements AddressHandleDriver {
    @Override
    public void close() {
        // Nothing is held.
    }
}
