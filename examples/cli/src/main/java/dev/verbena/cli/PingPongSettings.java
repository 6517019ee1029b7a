package dev.verbena.cli;

import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairType;
import java.time.Duration;

/**
 * What a ping-pong is to do.
 *
 * <p>Threading: immutable.
 *
 * @param type transport service
 * @param isClient whether this side begins
 * @param bytes of a message
 * @param iterations round trips
 * @param receiveDepth receives posted at a time
 * @param mtu of the path
 * @param serviceLevel of the packets
 * @param asleep whether completions are waited for asleep
 * @param timeout of each wait for the peer
 */
record PingPongSettings(
        QueuePairType type,
        boolean isClient,
        int bytes,
        int iterations,
        int receiveDepth,
        Mtu mtu,
        int serviceLevel,
        boolean asleep,
        Duration timeout) {
    /** A datagram is received behind the 40 bytes of its global route header. */
    static final int ROUTE_HEADER_BYTES = 40;

    /** Where the payload of a received message begins. */
    int headerBytes() {
        return type == QueuePairType.UD ? ROUTE_HEADER_BYTES : 0;
    }
}
