package com.ibm.net.rdma.jverbs.cm;

import dev.verbena.verbs.cm.ConnectionEventType;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a connection id; {@code toString} says it with its cause.
 *
 * <p>Threading: immutable.
 */
public final class ConnectionEvent {
    /** Kinds of events, in the order of {@code enum rdma_cm_event_type}. */
    public enum EventType {
        RDMA_CM_EVENT_ADDR_RESOLVED,
        RDMA_CM_EVENT_ADDR_ERROR,
        RDMA_CM_EVENT_ROUTE_RESOLVED,
        RDMA_CM_EVENT_ROUTE_ERROR,
        RDMA_CM_EVENT_CONNECT_REQUEST,
        RDMA_CM_EVENT_CONNECT_RESPONSE,
        RDMA_CM_EVENT_CONNECT_ERROR,
        RDMA_CM_EVENT_UNREACHABLE,
        RDMA_CM_EVENT_REJECTED,
        RDMA_CM_EVENT_ESTABLISHED,
        RDMA_CM_EVENT_DISCONNECTED,
        RDMA_CM_EVENT_DEVICE_REMOVAL,
        RDMA_CM_EVENT_MULTICAST_JOIN,
        RDMA_CM_EVENT_MULTICAST_ERROR,
        RDMA_CM_EVENT_ADDR_CHANGE,
        RDMA_CM_EVENT_TIMEWAIT_EXIT;

        static EventType of(ConnectionEventType type) {
            return valueOf("RDMA_CM_EVENT_" + type.name());
        }
    }

    private final EventType type;
    private final ConnectionId id;
    private final @Nullable ConnectionId listener;
    private final String text;

    ConnectionEvent(EventType type, ConnectionId id, @Nullable ConnectionId listener, String text) {
        this.type = type;
        this.id = id;
        this.listener = listener;
        this.text = text;
    }

    /** Its kind. */
    public EventType getEventType() {
        return type;
    }

    /** What it is about; of a request the new id, which the receiver of the event destroys at the end. */
    public ConnectionId getConnectionId() {
        return id;
    }

    /** Of a request the id that listens; else null. */
    public @Nullable ConnectionId getListenId() {
        return listener;
    }

    @Override
    public String toString() {
        return text;
    }
}
