package com.ibm.net.rdma.jverbs.cm;

import com.ibm.net.rdma.jverbs.verbs.ProtectionDomain;
import com.ibm.net.rdma.jverbs.verbs.QueuePair;
import com.ibm.net.rdma.jverbs.verbs.QueuePairInitAttribute;
import com.ibm.net.rdma.jverbs.verbs.Verbena;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import dev.verbena.jverbs.Failures;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection, or a listener. Every step is asynchronous: its outcome is an event on the channel.
 *
 * <p>Threading: any thread, one at a time.
 *
 * <p>Ownership: destroying it does not destroy its queue pair.
 */
public final class ConnectionId {
    private final EventChannel channel;
    private final dev.verbena.verbs.cm.ConnectionId id;
    private volatile @Nullable VerbsContext context;
    private volatile @Nullable QueuePair queuePair;

    ConnectionId(EventChannel channel, dev.verbena.verbs.cm.ConnectionId id) {
        this.channel = channel;
        this.id = id;
    }

    /**
     * Makes one whose events arrive on a channel.
     *
     * @throws IOException for another port space than {@link PortSpace#RDMA_PS_TCP}
     */
    public static ConnectionId create(EventChannel channel, PortSpace rdmaPortSpace)
            throws IllegalArgumentException, IOException {
        Failures.present(channel, "event channel");
        if (Failures.present(rdmaPortSpace, "port space") != PortSpace.RDMA_PS_TCP) {
            throw new IOException(
                    rdmaPortSpace + ": requests of jVerbs name no way to a datagram's receiver; use RDMA_PS_TCP");
        }
        return channel.createId();
    }

    /** Takes note of the device that it is bound to, and opens it. */
    void findDevice() throws IOException {
        String device = Failures.call(id::deviceName);
        if (device != null) {
            context = Verbena.context(Failures.call(() -> Verbs.device(channel.provider(), device)));
        }
    }

    private static InetSocketAddress internet(@Nullable SocketAddress address, String name) {
        if (address instanceof InetSocketAddress internet) {
            return internet;
        }
        throw new IllegalArgumentException(name + " " + address + " is not an InetSocketAddress");
    }

    private static Duration milliseconds(int timeout) {
        if (timeout < 1) {
            throw new IllegalArgumentException("timeout " + timeout + " is less than 1 ms");
        }
        return Duration.ofMillis(timeout);
    }

    /** Binds it to a local address; port 0 picks one. */
    public void bindAddress(SocketAddress address) throws IllegalArgumentException, IOException {
        InetSocketAddress local = internet(address, "address");
        Failures.run(() -> id.bind(local));
        findDevice();
    }

    /** Listens at the bound address; requests arrive as RDMA_CM_EVENT_CONNECT_REQUEST. */
    public void listen(int backlog) throws IllegalArgumentException, IOException {
        Failures.run(() -> id.listen(backlog));
    }

    /**
     * Finds the device for an address; then RDMA_CM_EVENT_ADDR_RESOLVED or RDMA_CM_EVENT_ADDR_ERROR.
     *
     * @param sourceAddress the local address to leave from; null for the best one
     * @param timeout milliseconds, from 1
     */
    public void resolveAddress(@Nullable SocketAddress sourceAddress, SocketAddress destinationAddress, int timeout)
            throws IllegalArgumentException, IOException {
        InetSocketAddress source = sourceAddress == null ? null : internet(sourceAddress, "source address");
        InetSocketAddress destination = internet(destinationAddress, "destination address");
        Duration patience = milliseconds(timeout);
        Failures.run(() -> id.resolveAddress(source, destination, patience));
    }

    /**
     * Finds the way; then RDMA_CM_EVENT_ROUTE_RESOLVED or RDMA_CM_EVENT_ROUTE_ERROR.
     *
     * @param timeout milliseconds, from 1
     */
    public void resolveRoute(int timeout) throws IllegalArgumentException, IOException {
        Duration patience = milliseconds(timeout);
        Failures.run(() -> id.resolveRoute(patience));
    }

    /**
     * Makes a queue pair for this connection, ready for receives: post them before connecting or accepting.
     *
     * @throws IOException when there is one, when the id is bound to no device or another one than the protection domain's,
     *     and when the device refuses the limits
     */
    public synchronized QueuePair createQueuePair(ProtectionDomain pd, QueuePairInitAttribute attribute)
            throws IllegalArgumentException, IOException {
        if (queuePair != null) {
            throw new IOException(id + " has a queue pair: " + queuePair);
        }
        QueuePair made = Verbena.queuePair(pd, attribute);
        try {
            Failures.run(() -> id.attach(Verbena.of(made)));
        } catch (IOException | RuntimeException e) {
            Verbena.destroy(made);
            throw e;
        }
        queuePair = made;
        return made;
    }

    /** Destroys its queue pair; nothing when there is none. What is posted ends without completions. */
    public synchronized void destroyQueuePair() throws IOException {
        QueuePair made = queuePair;
        if (made != null) {
            queuePair = null;
            Verbena.destroy(made);
        }
    }

    /**
     * Asks the peer for a connection; then RDMA_CM_EVENT_ESTABLISHED, _REJECTED, _UNREACHABLE or _CONNECT_ERROR.
     *
     * @throws IllegalArgumentException for a parameter out of its range
     */
    public void connect(ConnectionParameter connParam) throws IllegalArgumentException, IOException {
        Failures.present(connParam, "connection parameter");
        Failures.run(() -> id.connect(connParam.parameters()));
    }

    /**
     * Takes a request; RDMA_CM_EVENT_ESTABLISHED follows.
     *
     * @throws IllegalArgumentException for a parameter out of its range
     */
    public void accept(ConnectionParameter connParam) throws IllegalArgumentException, IOException {
        Failures.present(connParam, "connection parameter");
        Failures.run(() -> id.accept(connParam.parameters()));
    }

    /** Ends the connection: what is posted is flushed, and both sides get RDMA_CM_EVENT_DISCONNECTED. */
    public void disconnect() throws IOException {
        Failures.run(id::disconnect);
    }

    /** Ends the id, and a connection abruptly; a request that was not accepted is refused. Nothing when it is ended. */
    public void destroy() throws IOException {
        id.close();
        channel.forget(id);
    }

    /** The device that it is bound to: since a bind to an address of one, or RDMA_CM_EVENT_ADDR_RESOLVED; null before. */
    public @Nullable VerbsContext getVerbsContext() {
        return context;
    }

    /** Its queue pair; null when there is none. */
    public @Nullable QueuePair getQueuePair() {
        return queuePair;
    }

    /** Where its events arrive. */
    public EventChannel getEventChannel() {
        return channel;
    }

    /** Its port space. */
    public PortSpace getPortSpace() {
        return PortSpace.RDMA_PS_TCP;
    }

    /** Where the peer is; null while unknown, and when the id is destroyed. */
    public @Nullable SocketAddress getDestinationAddress() {
        return ask(id::peerAddress);
    }

    /** The peer's port; 0 while unknown, and when the id is destroyed. */
    public int getDestinationPort() {
        return port(ask(id::peerAddress));
    }

    /** Where it is bound; null while it is not, and when the id is destroyed. */
    public @Nullable SocketAddress getSourceAddress() {
        return ask(id::localAddress);
    }

    /** The port it is bound to; 0 while it is not, and when the id is destroyed. */
    public int getSourcePort() {
        return port(ask(id::localAddress));
    }

    private static @Nullable InetSocketAddress ask(Supplier<@Nullable InetSocketAddress> question) {
        try {
            return question.get();
        } catch (VerbsException | IllegalStateException e) {
            return null;
        }
    }

    private static int port(@Nullable InetSocketAddress address) {
        return address == null ? 0 : address.getPort();
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
