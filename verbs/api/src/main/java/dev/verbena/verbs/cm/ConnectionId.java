package dev.verbena.verbs.cm;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import dev.verbena.verbs.spi.EventChannelDriver.ConnectionRecord;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection, a listener, or a datagram address; see rdma_create_id(3) and rdma_cm(7). Every step is
 * asynchronous: its outcome is an event on the channel.
 *
 * <p>A queue pair is attached with {@link #attach} when the address is resolved (active side) or the request has arrived
 * (passive side), in state RESET; the id then moves it, with finite retry counts and a short receiver-not-ready pause.
 *
 * <p>Threading: any thread, one at a time.
 *
 * <p>Ownership: closing the id does not close the queue pair.
 */
public final class ConnectionId implements AutoCloseable {
    /** 0.64 ms; librdmacm's own default of 0 means 655 ms. */
    private static final int MIN_RNR_TIMER = 12;

    private static final int BACKLOG_MAX = 1 << 16;

    private final EventChannel channel;
    private final ConnectionIdDriver driver;
    private final PortSpace space;
    private final Lifetime lifetime;
    private @Nullable QueuePair qp;
    private ConnectionParameters parameters = ConnectionParameters.DEFAULT;

    ConnectionId(EventChannel channel, ConnectionIdDriver driver, PortSpace space) {
        this.channel = channel;
        this.driver = driver;
        this.space = space;
        this.lifetime = new Lifetime("connection id of " + channel.provider().name(), this, channel.lifetime());
    }

    /** Where its events arrive. */
    public EventChannel channel() {
        return channel;
    }

    /** Its port space. */
    public PortSpace portSpace() {
        return space;
    }

    ConnectionIdDriver driver() {
        return driver;
    }

    /** The device it is bound to, null while it is not: open it by this name. */
    public @Nullable String deviceName() {
        return ask(driver::deviceName);
    }

    /** The device's port, 0 while it is not bound. */
    public int port() {
        return ask(driver::port);
    }

    /** Where it is bound, null while it is not. */
    public @Nullable InetSocketAddress localAddress() {
        return ask(driver::localAddress);
    }

    /** Where the peer is, null while unknown. */
    public @Nullable InetSocketAddress peerAddress() {
        return ask(driver::peerAddress);
    }

    /** The attached queue pair, null when there is none. */
    public @Nullable QueuePair queuePair() {
        return qp;
    }

    /** Sets an option; rdma_set_option(3). */
    public void setOption(IdOption option, int value) {
        call(() -> driver.setOption(option, value));
    }

    /** Binds it to a local address; port 0 picks one. rdma_bind_addr(3). */
    public void bind(InetSocketAddress address) {
        checkResolved(address, "rdma_bind_addr");
        call(() -> driver.bind(address));
    }

    /** Finds the device for an address; then ADDR_RESOLVED or ADDR_ERROR. rdma_resolve_addr(3). */
    public void resolveAddress(InetSocketAddress destination, Duration timeout) {
        resolveAddress(null, destination, timeout);
    }

    /**
     * Finds the device for an address from a source of one's own. With two devices on one host, bind the source: else
     * the destination's own device is taken and the wire bypassed.
     */
    public void resolveAddress(@Nullable InetSocketAddress source, InetSocketAddress destination, Duration timeout) {
        checkResolved(destination, "rdma_resolve_addr");
        int timeoutMs = milliseconds(timeout);
        call(() -> driver.resolveAddress(source, destination, timeoutMs));
    }

    /** Finds the way; then ROUTE_RESOLVED or ROUTE_ERROR. rdma_resolve_route(3). */
    public void resolveRoute(Duration timeout) {
        int timeoutMs = milliseconds(timeout);
        call(() -> driver.resolveRoute(timeoutMs));
    }

    /** Listens at the bound address; requests arrive as CONNECT_REQUEST. rdma_listen(3). */
    public void listen(int backlog) {
        if (backlog < 0 || backlog > BACKLOG_MAX) {
            throw new IllegalArgumentException("backlog " + backlog + " is not within 0 to " + BACKLOG_MAX);
        }
        call(() -> driver.listen(backlog));
    }

    /**
     * Attaches a queue pair in RESET and moves it to INIT, where receives may be posted: do so before connecting or
     * accepting. A datagram queue pair is moved to READY_TO_SEND.
     *
     * @throws IllegalArgumentException when it belongs to another device than the id, or is of the wrong type
     */
    public void attach(QueuePair queuePair) {
        String device = deviceName();
        String other = queuePair.protectionDomain().context().device().name();
        if (device == null) {
            throw new IllegalStateException("resolve or bind an address first: the id has no device yet");
        }
        if (!device.equals(other)) {
            throw new IllegalArgumentException("the id is bound to " + device + ", the queue pair is on " + other);
        }
        if ((space == PortSpace.UDP) != (queuePair.type() == QueuePairType.UD)) {
            throw new IllegalArgumentException(
                    "port space " + space + " and queue pair type " + queuePair.type() + " do not go together");
        }
        queuePair.modify(ask(() -> driver.initialAttributes(QueuePairState.INIT)));
        if (space == PortSpace.UDP) {
            queuePair.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE));
            queuePair.modify(new QueuePairAttributes()
                    .state(QueuePairState.READY_TO_SEND)
                    .sendPsn(0));
        }
        qp = queuePair;
    }

    /**
     * Asks the peer for a connection; then ESTABLISHED, REJECTED, UNREACHABLE or CONNECT_ERROR. rdma_connect(3).
     *
     * @throws IllegalArgumentException when there is more private data than the port space carries
     */
    public void connect(ConnectionParameters wanted) {
        checkData("connect", wanted.privateData().length, space.connectDataMax());
        parameters = wanted;
        QueuePair attached = qp;
        call(() -> driver.connect(wanted, number(attached), shared(attached)));
    }

    /**
     * Takes a request; ESTABLISHED follows. rdma_accept(3).
     *
     * @throws IllegalArgumentException when there is more private data than the port space carries
     */
    public void accept(ConnectionParameters wanted) {
        checkData("accept", wanted.privateData().length, space.acceptDataMax());
        parameters = wanted;
        QueuePair attached = qp;
        if (attached != null && space == PortSpace.TCP) {
            // The connection manager knows what the peer asked for; what this side grants is in the parameters.
            attached.modify(
                    connected(QueuePairState.READY_TO_RECEIVE).destinationReadDepth(wanted.responderResources()));
            attached.modify(connected(QueuePairState.READY_TO_SEND).readDepth(wanted.initiatorDepth()));
        }
        call(() -> driver.accept(wanted, number(attached), shared(attached)));
    }

    /**
     * Refuses a request, with a reason for the peer's program. rdma_reject(3).
     *
     * @throws IllegalArgumentException when there is more private data than a reject carries
     */
    public void reject(byte[] privateData) {
        checkData("reject", privateData.length, space.rejectDataMax());
        call(() -> driver.reject(privateData));
    }

    /** Tells the peer that the connection is up, when no queue pair is attached; rdma_establish(3). */
    public void establish() {
        call(driver::establish);
    }

    /** Ends the connection: an attached queue pair goes to ERROR and is flushed, both sides get DISCONNECTED. */
    public void disconnect() {
        QueuePair attached = qp;
        if (attached != null && space == PortSpace.TCP) {
            fail(attached);
        }
        call(driver::disconnect);
    }

    /** Joins a multicast group; then MULTICAST_JOIN or MULTICAST_ERROR. rdma_join_multicast(3). */
    public void joinMulticast(InetSocketAddress group) {
        call(() -> driver.joinMulticast(group));
    }

    /** Leaves a multicast group. rdma_leave_multicast(3). */
    public void leaveMulticast(InetSocketAddress group) {
        call(() -> driver.leaveMulticast(group));
    }

    /** Does what a connected queue pair needs on an event, and makes it the caller's. */
    ConnectionEvent received(ConnectionRecord event, @Nullable ConnectionId listener) {
        ConnectionEventType type = ConnectionEventType.of(event.type());
        QueuePair attached = qp;
        if (attached == null || listener != null) {
            return new ConnectionEvent(event, this, listener);
        }
        try {
            switch (type) {
                case CONNECT_RESPONSE -> {
                    // INIT once more: only now does the connection manager name the rights of the peer.
                    attached.modify(ask(() -> driver.initialAttributes(QueuePairState.INIT)));
                    attached.modify(connected(QueuePairState.READY_TO_RECEIVE));
                    attached.modify(connected(QueuePairState.READY_TO_SEND));
                    call(driver::establish);
                    return new ConnectionEvent(event, ConnectionEventType.ESTABLISHED, this, null);
                }
                case DISCONNECTED -> {
                    if (space == PortSpace.TCP) {
                        fail(attached);
                        answerDisconnect();
                    }
                }
                case MULTICAST_JOIN -> {
                    AddressVector group = event.addressVector();
                    if (group != null) {
                        attached.attachMulticast(group.destination(), group.lid());
                    }
                }
                default -> {}
            }
        } catch (VerbsException e) {
            return new ConnectionEvent(failed(event, e.errno()), ConnectionEventType.CONNECT_ERROR, this, null);
        } catch (IllegalStateException e) {
            // The queue pair was closed before the id: the event stands for itself.
            return new ConnectionEvent(event, this, null);
        }
        return new ConnectionEvent(event, this, null);
    }

    private static ConnectionRecord failed(ConnectionRecord event, int errno) {
        return new ConnectionRecord(
                event.type(), -errno, event.id(), null, event.privateData(), 0, 0, 0, 0, 0, false, 0, 0, null);
    }

    private QueuePairAttributes connected(QueuePairState state) {
        QueuePairAttributes attributes = ask(() -> driver.initialAttributes(state));
        return state == QueuePairState.READY_TO_RECEIVE
                ? attributes.minRnrTimer(MIN_RNR_TIMER)
                : attributes.retryCount(parameters.retryCount()).rnrRetry(parameters.rnrRetryCount());
    }

    /** The peer has its own DISCONNECTED only when this side has answered; after one's own disconnect there is nothing to. */
    private void answerDisconnect() {
        try {
            call(driver::disconnect);
        } catch (VerbsException e) {
            // The answer to our own disconnect, or the peer is gone.
        } catch (IllegalStateException e) {
            // Closed by another thread since the event was read: the library's own object is gone.
        }
    }

    private static void fail(QueuePair queuePair) {
        try {
            queuePair.fail();
        } catch (IllegalStateException e) {
            // Closed already: nothing is left to flush.
        }
    }

    private static int number(@Nullable QueuePair queuePair) {
        return queuePair == null ? 0 : queuePair.number();
    }

    private static boolean shared(@Nullable QueuePair queuePair) {
        return queuePair != null && queuePair.config().sharedReceiveQueue() != null;
    }

    private void checkData(String what, int length, int max) {
        if (length > max) {
            throw new IllegalArgumentException(
                    length + " bytes of private data, " + what + " carries " + max + " in port space " + space);
        }
    }

    private void checkResolved(InetSocketAddress address, String verb) {
        if (address.isUnresolved()) {
            throw new VerbsException(
                    verb, lifetime.name(), Errno.EADDRNOTAVAIL, "no host has the name " + address.getHostString());
        }
    }

    private static int milliseconds(Duration timeout) {
        long ms = timeout.toMillis();
        if (ms < 1 || ms > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("timeout " + timeout + " is not within 1 ms to 24 days");
        }
        return (int) ms;
    }

    private void call(Runnable call) {
        lifetime.enter();
        try {
            call.run();
        } finally {
            lifetime.exit();
        }
    }

    private <T extends @Nullable Object> T ask(Supplier<T> call) {
        lifetime.enter();
        try {
            return call.get();
        } finally {
            lifetime.exit();
        }
    }

    /** Ends it, a connection abruptly; rdma_destroy_id(3). Unread events are dropped. Idempotent. */
    @Override
    public void close() {
        lifetime.close(() -> {}, () -> {
            channel.forget(driver);
            driver.close();
        });
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
