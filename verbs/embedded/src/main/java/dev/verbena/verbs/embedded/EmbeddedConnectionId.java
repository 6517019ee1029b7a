package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import dev.verbena.verbs.spi.EventChannelDriver.ConnectionRecord;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An id of the connection manager. A connection is a Unix socket between two ids, so that the end of a process ends it at
 * once.
 *
 * <p>Threading: guarded by this object's monitor; messages arrive on the agent.
 */
final class EmbeddedConnectionId implements ConnectionIdDriver, Agent.Handler, Agent.Waiting {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedConnectionId.class);
    /** What librdmacm gives datagram queue pairs. */
    private static final int DATAGRAM_QKEY = 0x0123_4567;

    private static final int ACK_TIMEOUT = 14;
    private static final int REFUSED_BY_PROGRAM = 28;
    private static final int NOBODY_LISTENS = 8;
    /** Datagrams to it go to all members of a group. */
    private static final int MULTICAST_NUMBER = 0xffffff;

    private static final long ANSWER_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private enum State {
        IDLE,
        BOUND,
        ADDRESS_RESOLVED,
        ROUTE_RESOLVED,
        LISTENING,
        /** A connection whose request has not arrived yet. */
        EXPECTING,
        REQUESTED,
        CONNECTING,
        ANSWERED,
        ACCEPTED,
        CONNECTED,
        ENDED,
        CLOSED
    }

    private final EmbeddedEventChannel channel;
    private final PortSpace space;
    private final @Nullable EmbeddedConnectionId listener;
    private State state = State.IDLE;
    private int fd = -1;
    private boolean watched;
    private int device = -1;
    private boolean ipv6Only;
    private int ackTimeout = ACK_TIMEOUT;
    private @Nullable InetSocketAddress local;
    private @Nullable InetSocketAddress peer;
    private @Nullable CmMessage pending;
    private long deadlineNs;
    private int peerQueuePair;
    private int servedDepth = 1;
    private int initiatedDepth = 1;
    private ConnectionParameters parameters = ConnectionParameters.DEFAULT;

    EmbeddedConnectionId(EmbeddedEventChannel channel, PortSpace space) {
        this.channel = channel;
        this.space = space;
        this.listener = null;
    }

    /** The passive end of a connection that a listener has accepted. */
    private EmbeddedConnectionId(EmbeddedConnectionId listener, int fd) {
        this.channel = listener.channel;
        this.space = listener.space;
        this.listener = listener;
        this.local = listener.local;
        this.fd = fd;
        this.state = State.EXPECTING;
    }

    private VerbsException refused(String verb, int errno, String why) {
        return new VerbsException(verb, "rdma_cm id" + text(" at ", local) + text(" to ", peer), errno, why);
    }

    private static String text(String before, @Nullable InetSocketAddress address) {
        return address == null ? "" : before + address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private void require(String verb, boolean good, String why) {
        if (!good) {
            throw refused(verb, Errno.EINVAL, why);
        }
    }

    private void watch() {
        watched = true;
        channel.agent().watch(fd, this);
        channel.node().register(this);
    }

    private void event(ConnectionEventType type, int status) {
        event(type, status, new byte[0], null);
    }

    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    private void event(ConnectionEventType type, int status, byte[] data, @Nullable CmMessage message) {
        ConnectionParameters said = message == null ? ConnectionParameters.DEFAULT : message.parameters();
        channel.add(new ConnectionRecord(
                type.ordinal(),
                status,
                this,
                type == ConnectionEventType.CONNECT_REQUEST ? listener : null,
                data,
                // What the peer serves is what we may have under way, and the other way round.
                message == null ? 0 : said.initiatorDepth(),
                message == null ? 0 : said.responderResources(),
                said.flowControl() ? 1 : 0,
                said.retryCount(),
                said.rnrRetryCount(),
                message != null && message.sharedReceiveQueue(),
                message == null ? 0 : message.queuePair(),
                message != null ? message.qkey() : 0,
                message != null && space == PortSpace.UDP ? way() : null));
    }

    // ---------------------------------------------------------------- addresses

    @Override
    public synchronized void bind(InetSocketAddress address) {
        require("rdma_bind_addr", state == State.IDLE, "the id is bound or resolved already");
        if (!Addresses.isLocal(address.getAddress())) {
            throw refused("rdma_bind_addr", Errno.EADDRNOTAVAIL, Addresses.notHere(address));
        }
        CmPorts.Bound bound = CmPorts.bind(space, address, ipv6Only);
        fd = bound.fd();
        local = bound.address();
        device = address.getAddress().isAnyLocalAddress() ? -1 : Addresses.device(address.getAddress());
        state = State.BOUND;
    }

    @Override
    public synchronized void resolveAddress(
            @Nullable InetSocketAddress source, InetSocketAddress destination, int timeoutMs) {
        require("rdma_resolve_addr", state == State.IDLE || state == State.BOUND, "the id has been resolved already");
        if (!Addresses.isLocal(destination.getAddress())) {
            peer = destination;
            throw refused("rdma_resolve_addr", Errno.ENETUNREACH, Addresses.notHere(destination));
        }
        if (source != null && !Addresses.isLocal(source.getAddress())) {
            throw refused("rdma_resolve_addr", Errno.EADDRNOTAVAIL, Addresses.notHere(source));
        }
        InetSocketAddress from = source != null ? source : local;
        boolean known = from != null && !from.getAddress().isAnyLocalAddress();
        InetSocketAddress chosen = known && from != null
                ? from
                : new InetSocketAddress(destination.getAddress(), from == null ? 0 : from.getPort());
        if (fd < 0) {
            CmPorts.Bound bound = CmPorts.bind(space, chosen, ipv6Only);
            fd = bound.fd();
            chosen = bound.address();
        }
        local = chosen;
        peer = destination;
        device = Addresses.device(chosen.getAddress());
        state = State.ADDRESS_RESOLVED;
        event(ConnectionEventType.ADDR_RESOLVED, 0);
    }

    @Override
    public synchronized void resolveRoute(int timeoutMs) {
        require(
                "rdma_resolve_route",
                state == State.ADDRESS_RESOLVED,
                "the address has to be resolved before the route");
        state = State.ROUTE_RESOLVED;
        event(ConnectionEventType.ROUTE_RESOLVED, 0);
    }

    // ---------------------------------------------------------------- listening

    @Override
    public synchronized void listen(int backlog) {
        require("rdma_listen", state == State.BOUND, "the id has to be bound first");
        int result = Linux.listen(fd, Math.max(backlog, 1));
        if (result < 0) {
            throw refused("rdma_listen", -result, "");
        }
        state = State.LISTENING;
        watch();
    }

    @Override
    public void onReadable() {
        boolean listening;
        synchronized (this) {
            listening = state == State.LISTENING;
        }
        if (listening) {
            onConnections();
        } else {
            onMessages();
        }
    }

    private void onConnections() {
        while (true) {
            int accepted;
            synchronized (this) {
                accepted = state == State.LISTENING ? Linux.accept(fd) : -1;
                if (accepted == -Errno.EMFILE) {
                    channel.agent().turnAway(fd);
                }
            }
            if (accepted < 0) {
                return;
            }
            if (Sockets.peer(accepted).uid() != Linux.geteuid()) {
                int _ = Linux.close(accepted);
                continue;
            }
            EmbeddedConnectionId id = new EmbeddedConnectionId(this, accepted);
            synchronized (id) {
                id.watch();
            }
        }
    }

    // ---------------------------------------------------------------- connecting

    private CmMessage message(int type, ConnectionParameters wanted, int queuePair, boolean shared) {
        InetSocketAddress from = local;
        int qkey = space == PortSpace.UDP ? DATAGRAM_QKEY : 0;
        InetSocketAddress here = from == null ? new InetSocketAddress(0) : from;
        return new CmMessage(type, space.code(), here, wanted, queuePair, qkey, shared);
    }

    private boolean send(CmMessage message) {
        return fd >= 0 && Sockets.send(fd, message.encode()) > 0;
    }

    @Override
    public synchronized void connect(ConnectionParameters wanted, int queuePairNumber, boolean sharedReceiveQueue) {
        require("rdma_connect", state == State.ROUTE_RESOLVED, "the route has to be resolved first");
        parameters = wanted;
        pending = message(CmMessage.REQUEST, wanted, queuePairNumber, sharedReceiveQueue);
        state = State.CONNECTING;
        deadlineNs = System.nanoTime() + ANSWER_NS;
        tryConnect();
        channel.agent().drive(this);
    }

    private void tryConnect() {
        CmMessage request = pending;
        InetSocketAddress to = peer;
        if (request == null || to == null) {
            return;
        }
        int connected = CmPorts.connect(space, to);
        if (connected == -Errno.EAGAIN) {
            return;
        }
        pending = null;
        if (connected < 0) {
            state = State.ENDED;
            if (connected == -Errno.ECONNREFUSED) {
                event(ConnectionEventType.REJECTED, NOBODY_LISTENS);
            } else {
                event(ConnectionEventType.CONNECT_ERROR, connected);
            }
            return;
        }
        // The name is not needed any more; the connection has a socket of its own.
        int _ = Linux.close(fd);
        fd = connected;
        watch();
        if (!send(request)) {
            end(ConnectionEventType.REJECTED, NOBODY_LISTENS);
        }
    }

    @Override
    public synchronized long onTime(long nowNs, boolean something) {
        if (state != State.CONNECTING) {
            return Long.MAX_VALUE;
        }
        if (nowNs - deadlineNs >= 0) {
            end(ConnectionEventType.UNREACHABLE, -Errno.ETIMEDOUT);
            return Long.MAX_VALUE;
        }
        if (pending != null) {
            tryConnect();
            return nowNs + AGAIN_NS;
        }
        return deadlineNs;
    }

    @Override
    public synchronized void accept(ConnectionParameters wanted, int queuePairNumber, boolean sharedReceiveQueue) {
        require("rdma_accept", state == State.REQUESTED, "the request is gone or answered already");
        parameters = wanted;
        servedDepth = wanted.responderResources();
        initiatedDepth = wanted.initiatorDepth();
        state = space == PortSpace.UDP ? State.CONNECTED : State.ACCEPTED;
        if (!send(message(CmMessage.REPLY, wanted, queuePairNumber, sharedReceiveQueue))) {
            throw refused("rdma_accept", Errno.ECONNRESET, "the client is gone");
        }
    }

    @Override
    public synchronized void reject(byte[] privateData) {
        require("rdma_reject", state == State.REQUESTED, "there is no request to reject");
        boolean _ =
                send(message(CmMessage.REJECT, ConnectionParameters.DEFAULT.withPrivateData(privateData), 0, false));
        state = State.ENDED;
    }

    @Override
    public synchronized void establish() {
        require("rdma_establish", state == State.ANSWERED, "the peer has not accepted");
        state = State.CONNECTED;
        if (!send(message(CmMessage.READY, ConnectionParameters.DEFAULT, 0, false))) {
            throw refused("rdma_establish", Errno.ECONNRESET, "the peer is gone");
        }
    }

    @Override
    public synchronized void disconnect() {
        boolean connected = state == State.CONNECTED || state == State.ACCEPTED || state == State.ANSWERED;
        require("rdma_disconnect", connected || state == State.ENDED, "the id is not connected");
        if (connected) {
            boolean _ = send(message(CmMessage.DISCONNECT, ConnectionParameters.DEFAULT, 0, false));
            end(ConnectionEventType.DISCONNECTED, 0);
        }
    }

    // ---------------------------------------------------------------- messages

    private void onMessages() {
        while (true) {
            synchronized (this) {
                if (fd < 0 || !watched) {
                    return;
                }
                Sockets.Received received = Sockets.receive(fd);
                if (received == null) {
                    return;
                }
                received.closeDescriptors();
                if (received.isEnd()) {
                    onEnd();
                    return;
                }
                try {
                    onMessage(CmMessage.decode(received.bytes()));
                } catch (IllegalStateException e) {
                    LOG.warn("a connection is ended: {}", e.getMessage());
                    onEnd();
                    return;
                }
            }
        }
    }

    private void onMessage(CmMessage message) {
        if (message.space() != space.code()) {
            throw new IllegalStateException("a message of another port space");
        }
        ConnectionParameters said = message.parameters();
        switch (message.type()) {
            case CmMessage.REQUEST -> onRequest(message);
            case CmMessage.REPLY -> {
                if (state == State.CONNECTING) {
                    peerQueuePair = message.queuePair();
                    servedDepth = said.initiatorDepth();
                    initiatedDepth = said.responderResources();
                    boolean datagram = space == PortSpace.UDP;
                    state = datagram ? State.CONNECTED : State.ANSWERED;
                    event(
                            datagram ? ConnectionEventType.ESTABLISHED : ConnectionEventType.CONNECT_RESPONSE,
                            0,
                            padded(said, space.acceptDataMax()),
                            message);
                }
            }
            case CmMessage.READY -> {
                if (state == State.ACCEPTED) {
                    state = State.CONNECTED;
                    event(ConnectionEventType.ESTABLISHED, 0);
                }
            }
            case CmMessage.REJECT -> {
                if (state == State.CONNECTING) {
                    event(ConnectionEventType.REJECTED, REFUSED_BY_PROGRAM, padded(said, space.rejectDataMax()), null);
                    close(State.ENDED);
                }
            }
            case CmMessage.DISCONNECT -> onEnd();
            default -> throw new IllegalStateException("message " + message.type());
        }
    }

    private void onRequest(CmMessage message) {
        EmbeddedConnectionId from = listener;
        if (state != State.EXPECTING || from == null) {
            throw new IllegalStateException("a request on a connection");
        }
        peer = message.address();
        peerQueuePair = message.queuePair();
        InetSocketAddress here = local;
        if (here != null && here.getAddress().isAnyLocalAddress()) {
            here = new InetSocketAddress(peer.getAddress(), here.getPort());
            local = here;
        }
        device = here == null ? 0 : Addresses.device(here.getAddress());
        parameters = message.parameters();
        servedDepth = parameters.initiatorDepth();
        initiatedDepth = parameters.responderResources();
        state = State.REQUESTED;
        event(ConnectionEventType.CONNECT_REQUEST, 0, padded(message.parameters(), space.connectDataMax()), message);
    }

    private static byte[] padded(ConnectionParameters said, int length) {
        return Arrays.copyOf(said.privateData(), length);
    }

    /** The other end of the socket is closed. */
    private void onEnd() {
        switch (state) {
            case CONNECTING -> end(ConnectionEventType.REJECTED, REFUSED_BY_PROGRAM);
            case REQUESTED -> end(ConnectionEventType.REJECTED, REFUSED_BY_PROGRAM);
            case ANSWERED, ACCEPTED, CONNECTED -> {
                if (space == PortSpace.TCP) {
                    end(ConnectionEventType.DISCONNECTED, 0);
                } else {
                    close(State.ENDED);
                }
            }
            default -> close(State.ENDED);
        }
    }

    /** A process is dead; its sockets end later. What it said before still counts. */
    synchronized void onDeath(int slot) {
        if (peerQueuePair != 0 && Layout.slotOf(peerQueuePair) == slot) {
            onMessages();
            if (fd >= 0) {
                onEnd();
            }
        }
    }

    private void end(ConnectionEventType type, int status) {
        close(State.ENDED);
        event(type, status);
    }

    private void close(State last) {
        if (state == State.LISTENING) {
            // The agent's poll holds the socket a little longer: who connects from now on must find nobody.
            int _ = Linux.shutdown(fd);
        }
        state = last;
        if (watched) {
            channel.node().unregister(this);
            channel.agent().close(fd);
        } else if (fd >= 0) {
            int _ = Linux.close(fd);
        }
        watched = false;
        fd = -1;
    }

    // ---------------------------------------------------------------- the queue pair

    private AddressVector way() {
        InetSocketAddress to = peer;
        Gid destination = to == null ? Addresses.hostGid() : Gid.of(to.getAddress());
        return AddressVector.to(destination, 1, sourceIndex());
    }

    private int sourceIndex() {
        InetSocketAddress from = local;
        List<GidEntry> gids = Addresses.gids(Math.max(device, 0));
        for (GidEntry entry : gids) {
            if (from != null && entry.gid().equals(Gid.of(from.getAddress()))) {
                return entry.index();
            }
        }
        return 0;
    }

    @Override
    public synchronized QueuePairAttributes initialAttributes(QueuePairState to) {
        QueuePairAttributes attributes = new QueuePairAttributes().state(to);
        switch (to) {
            case INIT -> {
                attributes.pkeyIndex(0).port(1);
                if (space == PortSpace.UDP) {
                    attributes.qkey(DATAGRAM_QKEY);
                } else {
                    attributes.accessFlags(AccessFlags.REMOTE_ALL);
                }
            }
            case READY_TO_RECEIVE -> {
                requirePeer();
                attributes
                        .addressVector(way())
                        .pathMtu(Mtu.MTU_4096)
                        .destinationNumber(peerQueuePair)
                        .receivePsn(0)
                        .destinationReadDepth(servedDepth)
                        .minRnrTimer(0);
            }
            case READY_TO_SEND -> {
                requirePeer();
                attributes
                        .timeout(ackTimeout)
                        .retryCount(parameters.retryCount())
                        .rnrRetry(parameters.rnrRetryCount())
                        .sendPsn(0)
                        .readDepth(initiatedDepth);
            }
            default -> throw refused("rdma_init_qp_attr", Errno.EINVAL, "nothing is known for " + to);
        }
        return attributes;
    }

    private void requirePeer() {
        require("rdma_init_qp_attr", peerQueuePair != 0, "the connection is not far enough for this state");
    }

    @Override
    public synchronized void setOption(IdOption option, int value) {
        switch (option) {
            case IPV6_ONLY -> ipv6Only = value != 0;
            case ACK_TIMEOUT -> {
                require("rdma_set_option", value >= 1 && value <= 31, "the timeout is not within 1 to 31");
                ackTimeout = value;
            }
            case TYPE_OF_SERVICE, REUSE_ADDRESS -> {
                // Memory has no packets to mark, and a closed id leaves no lingering address.
            }
        }
    }

    @Override
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    public void joinMulticast(InetSocketAddress group) {
        Gid gid = Gid.of(group.getAddress());
        synchronized (this) {
            require("rdma_join_multicast", device >= 0, "the id has no device yet: bind or resolve an address first");
            require(
                    "rdma_join_multicast",
                    MulticastGroups.isGroup(gid),
                    group.getAddress() + " is no multicast address");
        }
        AddressVector way = AddressVector.to(gid, 1, 0);
        channel.add(new ConnectionRecord(
                ConnectionEventType.MULTICAST_JOIN.ordinal(),
                0,
                this,
                null,
                new byte[0],
                0,
                0,
                0,
                0,
                0,
                false,
                MULTICAST_NUMBER,
                DATAGRAM_QKEY,
                way));
    }

    @Override
    public void leaveMulticast(InetSocketAddress group) {
        require(
                "rdma_leave_multicast",
                MulticastGroups.isGroup(Gid.of(group.getAddress())),
                group.getAddress() + " is no multicast address");
    }

    // ---------------------------------------------------------------- what it knows

    @Override
    public synchronized @Nullable String deviceName() {
        return device < 0 ? null : EmbeddedDevice.name(device);
    }

    @Override
    public synchronized int port() {
        return device < 0 ? 0 : 1;
    }

    @Override
    public synchronized @Nullable InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public synchronized @Nullable InetSocketAddress peerAddress() {
        return peer;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (state == State.CLOSED) {
                return;
            }
            if (state == State.REQUESTED) {
                boolean _ = send(message(CmMessage.REJECT, ConnectionParameters.DEFAULT, 0, false));
            }
            close(State.CLOSED);
        }
        channel.forget(this);
    }
}
