package dev.verbena.verbs.spi;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.cm.PortSpace;
import org.jspecify.annotations.Nullable;

/** A channel of connection-manager events. */
public interface EventChannelDriver extends EventSource {
    /** rdma_create_id(3). */
    ConnectionIdDriver createId(PortSpace space);

    /** Reads, copies and acknowledges the next event; null when there is none. Never blocks. */
    @Nullable
    ConnectionRecord poll();

    /**
     * An event.
     *
     * @param type the number of {@code enum rdma_cm_event_type}
     * @param status 0, a negative errno, or a reject reason
     * @param id what it is about; for a connection request the new id
     * @param listenId for a connection request the listener, else null
     * @param privateData what the peer sent, padded by the protocol; empty when nothing
     * @param queuePairNumber the peer's queue pair (connection: its number; datagram: where to send)
     * @param qkey the peer's or the group's, datagram only
     * @param addressVector how to reach it, datagram only
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
    record ConnectionRecord(
            int type,
            int status,
            ConnectionIdDriver id,
            @Nullable ConnectionIdDriver listenId,
            byte[] privateData,
            int responderResources,
            int initiatorDepth,
            int flowControl,
            int retryCount,
            int rnrRetryCount,
            boolean sharedReceiveQueue,
            int queuePairNumber,
            int qkey,
            @Nullable AddressVector addressVector) {}
}
