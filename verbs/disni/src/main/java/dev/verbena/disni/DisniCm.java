package dev.verbena.disni;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DiSNI's connections.
 *
 * <p>A step that an endpoint of DiSNI takes waits for its outcome and throws when it failed: endpoints do not look at events
 * that tell of failures, and would wait for ever. A program that takes the steps itself reads the events, all of them.
 *
 * <p>Threading: any thread.
 */
final class DisniCm extends RdmaCm {
    private static final Logger LOG = LoggerFactory.getLogger(DisniCm.class);
    private static final int DEPTH_MAX = 255;

    @Override
    public RdmaEventChannel createEventChannel() throws IOException {
        return new DisniEventChannel(Failure.call(() -> EventChannel.open(DisniProvider.verbsProvider())));
    }

    @Override
    public RdmaCmId createId(RdmaEventChannel channel, short portSpace) throws IOException {
        return DisniEventChannel.of(channel).createConnectionId(portSpace);
    }

    @Override
    public IbvQP createQP(RdmaCmId id, IbvPd pd, IbvQPInitAttr attributes) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        DisniQueuePair qp = DisniQueuePair.create(DisniProtectionDomain.of(pd), attributes);
        try {
            own.attach(qp);
        } catch (IOException e) {
            qp.destroy();
            throw e;
        }
        return qp;
    }

    @Override
    public void bindAddr(RdmaCmId id, SocketAddress address) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        InetSocketAddress local = internet(address, "address to bind to");
        Failure.run(() -> own.id().bind(local));
    }

    @Override
    public void listen(RdmaCmId id, int backlog) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        Failure.run(() -> own.id().listen(backlog));
        LOG.info("listening at {}", own.id().localAddress());
    }

    @Override
    public void resolveAddr(RdmaCmId id, @Nullable SocketAddress source, SocketAddress destination, int timeout)
            throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        InetSocketAddress to = internet(destination, "destination");
        InetSocketAddress from = source == null ? configuredSource() : internet(source, "source");
        Duration patience = milliseconds(timeout);
        own.begin();
        Failure.run(() -> own.id().resolveAddress(from, to, patience));
        if (Caller.isEndpoint()) {
            own.awaitOutcome("resolve " + to, ConnectionEventType.ADDR_RESOLVED, Patience.ofStep(patience));
        }
    }

    private static @Nullable InetSocketAddress configuredSource() {
        String source = System.getProperty("verbena.disni.source");
        return source == null ? null : new InetSocketAddress(source, 0);
    }

    @Override
    public void resolveRoute(RdmaCmId id, int timeout) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        Duration patience = milliseconds(timeout);
        own.begin();
        Failure.run(() -> own.id().resolveRoute(patience));
        if (Caller.isEndpoint()) {
            own.awaitOutcome("find a route", ConnectionEventType.ROUTE_RESOLVED, Patience.ofStep(patience));
        }
    }

    @Override
    public @Nullable RdmaCmEvent getCmEvent(RdmaEventChannel channel, int timeout) throws IOException {
        return DisniEventChannel.of(channel).next(timeout);
    }

    @Override
    public void connect(RdmaCmId id, RdmaConnParam wanted) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        ConnectionParameters parameters = parameters(own, wanted);
        own.begin();
        Failure.run(() -> own.id().connect(parameters));
        if (Caller.isEndpoint()) {
            own.awaitOutcome(
                    "connect to " + own.id().peerAddress(), ConnectionEventType.ESTABLISHED, Patience.ofConnect());
        }
    }

    @Override
    public void accept(RdmaCmId id, RdmaConnParam wanted) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        ConnectionParameters parameters = parameters(own, wanted);
        own.begin();
        Failure.run(() -> own.id().accept(parameters));
        if (Caller.isEndpoint()) {
            own.awaitOutcome("accept " + own.id().peerAddress(), ConnectionEventType.ESTABLISHED, Patience.ofConnect());
        }
    }

    /** The depths of READs and atomics are the device's own, because DiSNI has no setters for them. */
    private static ConnectionParameters parameters(DisniConnectionId id, RdmaConnParam wanted) throws IOException {
        if (wanted == null) {
            throw new IOException("the connection parameters are null");
        }
        IbvContext context = id.getVerbs();
        if (context == null) {
            throw new IOException(id.id() + " has no device yet: resolve an address first");
        }
        DeviceAttributes device = DisniContext.of(context).attributes();
        byte[] data = privateData(wanted);
        return Failure.call(() -> new ConnectionParameters(
                data,
                Math.clamp(device.maxReadAtomicPerQueuePair(), 0, DEPTH_MAX),
                Math.clamp(device.maxInitiatedReadAtomicPerQueuePair(), 0, DEPTH_MAX),
                true,
                wanted.getRetry_count(),
                wanted.getRnr_retry_count()));
    }

    @SuppressWarnings("restricted")
    private static byte[] privateData(RdmaConnParam wanted) throws IOException {
        int length = Byte.toUnsignedInt(wanted.getPrivate_data_len());
        if (length == 0) {
            return new byte[0];
        }
        MappedMemory.require(wanted.getPrivate_data(), length, false);
        return MemorySegment.ofAddress(wanted.getPrivate_data())
                .reinterpret(length)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    /** Nothing is left to do: events are acknowledged as they are read. */
    @Override
    public int ackCmEvent(RdmaCmEvent event) {
        return 0;
    }

    @Override
    public int disconnect(RdmaCmId id) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        Failure.run(own.id()::disconnect);
        return 0;
    }

    @Override
    public int destroyEventChannel(RdmaEventChannel channel) throws IOException {
        DisniEventChannel own = DisniEventChannel.of(channel);
        own.close();
        Failure.run(own.channel()::close);
        return 0;
    }

    @Override
    public int destroyCmId(RdmaCmId id) throws IOException {
        DisniConnectionId.of(id).destroy();
        return 0;
    }

    @Override
    public int destroyQP(RdmaCmId id) throws IOException {
        DisniConnectionId.of(id).destroyQueuePair();
        return 0;
    }

    @Override
    public @Nullable SocketAddress getSrcAddr(RdmaCmId id) throws IOException {
        return Failure.call(DisniConnectionId.of(id).id()::localAddress);
    }

    @Override
    public @Nullable SocketAddress getDstAddr(RdmaCmId id) throws IOException {
        return Failure.call(DisniConnectionId.of(id).id()::peerAddress);
    }

    @Override
    public int destroyEp(RdmaCmId id) throws IOException {
        DisniConnectionId own = DisniConnectionId.of(id);
        own.destroyQueuePair();
        own.destroy();
        return 0;
    }

    private static InetSocketAddress internet(SocketAddress address, String name) throws IOException {
        if (address instanceof InetSocketAddress internet) {
            return internet;
        }
        throw new IOException("the " + name + " is " + (address == null ? "null" : "no internet address: " + address));
    }

    private static Duration milliseconds(int timeout) throws IOException {
        if (timeout < 0) {
            throw new IOException("timeout " + timeout + " ms is negative");
        }
        return Duration.ofMillis(Math.max(1, timeout));
    }
}
