package dev.verbena.cli;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The active side of a connection, step by step, each within a bound.
 *
 * <p>Threading: one thread.
 */
final class CmClient implements AutoCloseable, Completions.Connection {
    private static final Logger LOG = LoggerFactory.getLogger(CmClient.class);

    /** 67 ms, seven times; the default for RoCE makes each of them seconds. */
    private static final int ACK_TIMEOUT = 14;

    private static final Duration DISCONNECT_TIMEOUT = Duration.ofSeconds(5);

    private final EventChannel channel;
    private final ConnectionId id;
    private final String peer;
    private final Duration timeout;
    private @Nullable Failure lost;

    /**
     * Finds the way to a peer.
     *
     * @param source the address to leave from; null for the one that the system chooses
     */
    CmClient(
            VerbsProvider provider, @Nullable InetSocketAddress source, InetSocketAddress destination, Duration timeout)
            throws InterruptedException {
        this.peer = Addresses.text(destination);
        this.timeout = timeout;
        this.channel = EventChannel.open(provider);
        try {
            id = channel.createId(PortSpace.TCP);
            shortenAckTimeout(id);
            id.resolveAddress(source, destination, timeout);
            expect(ConnectionEventType.ADDR_RESOLVED, "the address " + peer);
            id.resolveRoute(timeout);
            expect(ConnectionEventType.ROUTE_RESOLVED, "a route to " + peer);
        } catch (InterruptedException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Lets a lost peer be noticed within seconds. Kernels before 5.2 do not know the option. */
    static void shortenAckTimeout(ConnectionId id) {
        try {
            id.setOption(IdOption.ACK_TIMEOUT, ACK_TIMEOUT);
        } catch (VerbsException e) {
            LOG.debug("the acknowledge timeout stays at the system's default: {}", e.getMessage());
        }
    }

    /** The device that leads to the peer. */
    String deviceName() {
        String name = id.deviceName();
        if (name == null) {
            throw new IllegalStateException(peer + " is resolved, but to no device");
        }
        return name;
    }

    /** Where it leaves from. */
    String localText() {
        InetSocketAddress local = id.localAddress();
        return local == null ? "?" : Addresses.text(local);
    }

    /** Attaches the queue pair, in RESET: receives may be posted then. */
    void attach(QueuePair qp) {
        id.attach(qp);
    }

    /**
     * Connects.
     *
     * @return what the peer said, padded with zeros
     */
    byte[] connect(ConnectionParameters parameters) throws InterruptedException {
        id.connect(parameters);
        return expect(ConnectionEventType.ESTABLISHED, "an answer of " + peer).privateData();
    }

    private ConnectionEvent expect(ConnectionEventType wanted, String what) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        while (true) {
            ConnectionEvent event = channel.await(deadline.left(timeout));
            if (event == null) {
                deadline.check(what);
            } else if (event.type() == wanted) {
                return event;
            } else if (event.type().isFailure() || event.type() == ConnectionEventType.DISCONNECTED) {
                throw Failure.of(event, peer);
            } else {
                LOG.debug("{}", event);
            }
        }
    }

    @Override
    public @Nullable Failure lost() {
        ConnectionEvent event = lost == null ? channel.poll() : null;
        if (event != null) {
            LOG.debug("{}", event);
            if (event.type() == ConnectionEventType.DISCONNECTED || event.type().isFailure()) {
                lost = Failure.of(event, peer);
            }
        }
        return lost;
    }

    /** Ends the connection and waits until the peer knows. */
    void disconnect() throws InterruptedException {
        if (lost != null) {
            return;
        }
        id.disconnect();
        Deadline deadline = Deadline.in(DISCONNECT_TIMEOUT);
        while (lost() == null && !deadline.isOver()) {
            ConnectionEvent event = channel.await(deadline.left(DISCONNECT_TIMEOUT));
            if (event != null && event.type() == ConnectionEventType.DISCONNECTED) {
                return;
            }
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}
