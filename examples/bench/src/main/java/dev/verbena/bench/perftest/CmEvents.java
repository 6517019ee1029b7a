package dev.verbena.bench.perftest;

import dev.verbena.cli.Addresses;
import dev.verbena.cli.Failure;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Steps of the connection manager, each within a bound.
 *
 * <p>Threading: one thread.
 */
final class CmEvents implements AutoCloseable {
    /** 67 ms, seven times; the default for RoCE makes each of them seconds. */
    private static final int ACK_TIMEOUT = 14;

    private final EventChannel channel;
    private final Duration timeout;

    CmEvents(VerbsProvider provider, Duration timeout) {
        this.channel = EventChannel.open(provider);
        this.timeout = timeout;
    }

    /** An id that listens at all addresses. */
    ConnectionId listen(int port, int backlog) {
        ConnectionId id = id();
        id.setOption(IdOption.REUSE_ADDRESS, 1);
        id.bind(new InetSocketAddress(port));
        id.listen(backlog);
        return id;
    }

    /** An id with the way to a server; not connected. */
    ConnectionId resolve(InetSocketAddress server) throws InterruptedException {
        ConnectionId id = id();
        String name = Addresses.text(server);
        id.resolveAddress(server, timeout);
        ConnectionEvent _ = expect(ConnectionEventType.ADDR_RESOLVED, name, timeout);
        id.resolveRoute(timeout);
        ConnectionEvent _ = expect(ConnectionEventType.ROUTE_RESOLVED, name, timeout);
        return id;
    }

    private ConnectionId id() {
        ConnectionId id = channel.createId(PortSpace.TCP);
        try {
            id.setOption(IdOption.ACK_TIMEOUT, ACK_TIMEOUT);
        } catch (VerbsException e) {
            // Kernels before 5.2 do not know the option; a lost peer is noticed later then.
        }
        return id;
    }

    /** The next event of a kind; any that says that it will not come is a failure. */
    ConnectionEvent expect(ConnectionEventType wanted, String peer, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (true) {
            long left = end - System.nanoTime();
            ConnectionEvent event = left <= 0 ? null : channel.await(Duration.ofNanos(left));
            if (event == null && left <= 0) {
                throw Failure.timeout(wanted + " with " + peer, most);
            }
            if (event != null && event.type() == wanted) {
                return event;
            }
            if (event != null && (event.type().isFailure() || event.type() == ConnectionEventType.DISCONNECTED)) {
                throw Failure.of(event, peer);
            }
        }
    }

    /** An event that is there; null for none. */
    @Nullable
    ConnectionEvent poll() {
        return channel.poll();
    }

    /** The next event; null when the time is over. */
    @Nullable
    ConnectionEvent await(Duration most) throws InterruptedException {
        return channel.await(most);
    }

    /** Ends all ids. */
    @Override
    public void close() {
        channel.close();
    }
}
