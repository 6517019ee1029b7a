package dev.verbena.verbs.cm;

/**
 * Kinds of connection events, in the order of {@code enum rdma_cm_event_type}; see rdma_get_cm_event(3).
 *
 * <p>Threading: immutable.
 */
public enum ConnectionEventType {
    ADDR_RESOLVED,
    ADDR_ERROR,
    ROUTE_RESOLVED,
    ROUTE_ERROR,
    CONNECT_REQUEST,
    CONNECT_RESPONSE,
    CONNECT_ERROR,
    UNREACHABLE,
    REJECTED,
    ESTABLISHED,
    DISCONNECTED,
    DEVICE_REMOVAL,
    MULTICAST_JOIN,
    MULTICAST_ERROR,
    ADDR_CHANGE,
    TIMEWAIT_EXIT,
    /** A kind that this version does not know. */
    UNKNOWN;

    private static final ConnectionEventType[] VALUES = values();

    /** The kind with a number of the C enum; {@link #UNKNOWN} for a foreign one. */
    public static ConnectionEventType of(int code) {
        return code >= 0 && code < VALUES.length - 1 ? VALUES[code] : UNKNOWN;
    }

    /** Whether it tells that what was asked for failed. */
    public boolean isFailure() {
        return switch (this) {
            case ADDR_ERROR, ROUTE_ERROR, CONNECT_ERROR, UNREACHABLE, REJECTED, MULTICAST_ERROR, DEVICE_REMOVAL -> true;
            default -> false;
        };
    }
}
