package dev.verbena.verbs.conformance;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One side of connections: an event channel and the device behind an address. */
final class CmSide implements AutoCloseable {
    static final Duration RESOLVE = Duration.ofSeconds(4);

    final Context context;
    final GidEntry gid;
    final InetAddress address;
    final EventChannel channel;

    CmSide(Context context, GidEntry gid, InetAddress address, EventChannel channel) {
        this.context = context;
        this.gid = gid;
        this.address = address;
        this.channel = channel;
    }

    /** The next event; fails when none comes. */
    ConnectionEvent next() {
        return Bounded.until("an event on " + channel, Duration.ofSeconds(30), channel::poll);
    }

    /** The next event, which must be of a kind. */
    ConnectionEvent next(ConnectionEventType type) {
        ConnectionEvent event = next();
        if (event.type() != type) {
            throw new AssertionError("expected " + type + ", there came " + event);
        }
        return event;
    }

    /** A listener at a port that the system picked. */
    ConnectionId listen(PortSpace space) {
        ConnectionId id = channel.createId(space);
        id.bind(new InetSocketAddress(address, 0));
        id.listen(16);
        return id;
    }

    static InetSocketAddress addressOf(ConnectionId listener) {
        @Nullable InetSocketAddress address = listener.localAddress();
        if (address == null) {
            throw new AssertionError("a listener without an address");
        }
        return address;
    }

    /** An id whose way to a listener is resolved, from this side's own address. */
    ConnectionId resolved(PortSpace space, InetSocketAddress destination) {
        ConnectionId id = channel.createId(space);
        id.resolveAddress(new InetSocketAddress(address, 0), destination, RESOLVE);
        next(ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(RESOLVE);
        next(ConnectionEventType.ROUTE_RESOLVED);
        return id;
    }

    /** A queue pair with memory on this side's device, attached to an id. */
    End attach(ConnectionId id) {
        ProtectionDomain pd = context.allocateProtectionDomain();
        CompletionQueue cq = context.createCompletionQueue(128);
        QueuePairType type = id.portSpace() == PortSpace.UDP ? QueuePairType.UD : QueuePairType.RC;
        QueuePair qp = pd.createQueuePair(QueuePairConfig.of(type, cq));
        MemoryRegion memory =
                pd.allocate(1 << 16, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ);
        id.attach(qp);
        return new End(pd, cq, qp, memory, gid);
    }

    @Override
    public void close() {
        channel.close();
    }
}
