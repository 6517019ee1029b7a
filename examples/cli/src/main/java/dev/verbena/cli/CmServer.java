package dev.verbena.cli;

import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The passive side: takes connection requests, and tells each connection when it is over. Only {@link #await} reads
 * events, so its thread should come back to it soon.
 *
 * <p>Threading: one thread calls {@link #await}; everything else from any.
 */
final class CmServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CmServer.class);
    private static final int BACKLOG = 16;

    private final EventChannel channel;
    private final ConnectionId listener;
    private final Map<ConnectionId, Incoming> connections = new ConcurrentHashMap<>();

    /** A connection that a client asked for. Whoever got it closes it. */
    final class Incoming implements AutoCloseable, Completions.Connection {
        private final ConnectionId id;
        private final byte[] privateData;
        private final String peer;
        private volatile @Nullable Failure lost;

        private Incoming(ConnectionEvent request) {
            id = request.id();
            privateData = request.privateData();
            InetSocketAddress address = id.peerAddress();
            peer = address == null ? "the client" : Addresses.text(address);
        }

        ConnectionId id() {
            return id;
        }

        /** What the client said, padded with zeros. */
        byte[] privateData() {
            return privateData.clone();
        }

        String peer() {
            return peer;
        }

        String deviceName() {
            String name = id.deviceName();
            if (name == null) {
                throw new IllegalStateException("the request of " + peer + " came through no device");
            }
            return name;
        }

        @Override
        public @Nullable Failure lost() {
            return lost;
        }

        private void over(ConnectionEvent event) {
            lost = Failure.of(event, peer);
        }

        @Override
        public void close() {
            connections.remove(id);
            id.close();
        }
    }

    /** Listens at an address; port 0 picks one. */
    CmServer(VerbsProvider provider, InetSocketAddress address) {
        channel = EventChannel.open(provider);
        try {
            listener = channel.createId(PortSpace.TCP);
            listener.setOption(IdOption.REUSE_ADDRESS, 1);
            CmClient.shortenAckTimeout(listener);
            listener.bind(address);
            listener.listen(BACKLOG);
        } catch (RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Where it listens. */
    InetSocketAddress address() {
        InetSocketAddress address = listener.localAddress();
        if (address == null) {
            throw new IllegalStateException("a listener without an address");
        }
        return address;
    }

    /** The device it is bound to, null when it listens on all. */
    @Nullable
    String deviceName() {
        return listener.deviceName();
    }

    /**
     * Reads events until a client asks for a connection.
     *
     * @return null when the time is over or {@link #wakeUp()} was called
     */
    @Nullable
    Incoming await(Duration timeout) throws InterruptedException {
        ConnectionEvent event = channel.await(timeout);
        for (; event != null; event = channel.poll()) {
            LOG.debug("{}", event);
            if (event.type() == ConnectionEventType.CONNECT_REQUEST) {
                Incoming incoming = new Incoming(event);
                connections.put(incoming.id, incoming);
                return incoming;
            }
            Incoming incoming = connections.get(event.id());
            if (incoming != null
                    && (event.type() == ConnectionEventType.DISCONNECTED
                            || event.type().isFailure())) {
                incoming.over(event);
            }
        }
        return null;
    }

    /** Ends an {@link #await} that is under way. */
    void wakeUp() {
        channel.wakeUp();
    }

    @Override
    public void close() {
        channel.close();
    }
}
