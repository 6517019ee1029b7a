package dev.verbena.verbs.cm;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.spi.EventChannelDriver.ConnectionRecord;
import org.jspecify.annotations.Nullable;

/**
 * What happened to an id; see rdma_get_cm_event(3). A copy: the library's own event has been acknowledged already.
 *
 * <p>Threading: immutable.
 */
public final class ConnectionEvent {
    private final ConnectionRecord event;
    private final ConnectionEventType type;
    private final ConnectionId id;
    private final @Nullable ConnectionId listener;

    ConnectionEvent(ConnectionRecord event, ConnectionId id, @Nullable ConnectionId listener) {
        this(event, ConnectionEventType.of(event.type()), id, listener);
    }

    ConnectionEvent(
            ConnectionRecord event, ConnectionEventType type, ConnectionId id, @Nullable ConnectionId listener) {
        this.event = event;
        this.type = type;
        this.id = id;
        this.listener = listener;
    }

    /** Its kind. */
    public ConnectionEventType type() {
        return type;
    }

    /** 0; a negative error number; for REJECTED the reason of the protocol (28: the program refused, 8: nobody listens). */
    public int status() {
        return event.status();
    }

    /** What it is about; for a CONNECT_REQUEST the new id, which the receiver of the event must close. */
    public ConnectionId id() {
        return id;
    }

    /** For a CONNECT_REQUEST the id that listens. */
    public @Nullable ConnectionId listener() {
        return listener;
    }

    /** A copy of what the peer sent, padded with zeros to what the protocol carries; empty when nothing. */
    public byte[] privateData() {
        return event.privateData().clone();
    }

    /** READs and atomics of the peer that this side is to serve at a time: the initiator depth that the peer gave. */
    public int responderResources() {
        return event.responderResources();
    }

    /** READs and atomics that this side may have under way at a time: the responder resources that the peer gave. */
    public int initiatorDepth() {
        return event.initiatorDepth();
    }

    /** Transport retries the peer asks for (CONNECT_REQUEST). */
    public int retryCount() {
        return event.retryCount();
    }

    /** Receiver-not-ready retries the peer asks for. */
    public int rnrRetryCount() {
        return event.rnrRetryCount();
    }

    /** Whether the peer uses a shared receive queue. */
    public boolean sharedReceiveQueue() {
        return event.sharedReceiveQueue();
    }

    /** The peer's queue pair; for MULTICAST_JOIN 0xffffff. */
    public int queuePairNumber() {
        return event.queuePairNumber();
    }

    /** Datagrams: the queue key to send with. */
    public int qkey() {
        return event.qkey();
    }

    /** Datagrams and multicast: the way to the peer or the group. */
    public @Nullable AddressVector addressVector() {
        return event.addressVector();
    }

    /** The status in words. */
    public String explain() {
        int status = status();
        return switch (type) {
            case REJECTED ->
                switch (status) {
                    case 8, -Errno.ECONNREFUSED -> "nobody listens at that port (reason 8, invalid service id)";
                    case 28 -> "the peer's program refused (reason 28, consumer defined)";
                    default -> "reason " + status;
                };
            case UNREACHABLE ->
                reason("the peer does not answer: is it up, is the path right, does a firewall drop UDP 4791?");
            case ADDR_ERROR ->
                reason(
                        "no RDMA device reaches that address: is it on a network of an RDMA device, is the source address one of its own?");
            case ROUTE_ERROR -> reason("no route to that address");
            case DEVICE_REMOVAL -> "the device is going away";
            default -> status == 0 ? "ok" : reason("");
        };
    }

    private String reason(String cause) {
        return Errno.name(Math.abs(status())) + (cause.isEmpty() ? "" : ", " + cause);
    }

    @Override
    public String toString() {
        return type + " (" + explain() + ") of " + id;
    }
}
