package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.rdmacore.ffi.RdmaCmEvent;
import dev.verbena.verbs.rdmacore.ffi.RdmaConnParam;
import dev.verbena.verbs.rdmacore.ffi.RdmaEventChannel;
import dev.verbena.verbs.rdmacore.ffi.RdmaUdParam;
import dev.verbena.verbs.rdmacore.ffi.Rdmacm;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** rdma_cm's event channel. An event is copied and acknowledged as soon as it is read, so no destroy waits for it. */
final class RdmaCoreEventChannel implements EventChannelDriver {
    private static final String OBJECT = "the rdma_cm event channel";
    private static final String NODE = "/dev/infiniband/rdma_cm";

    private final long channel;
    private final Descriptor events;
    private final Map<Long, RdmaCoreConnectionId> ids = new ConcurrentHashMap<>();

    RdmaCoreEventChannel() {
        String problem = Ibverbs.LIBRARY.problem() != null ? Ibverbs.LIBRARY.problem() : Rdmacm.LIBRARY.problem();
        if (problem != null) {
            throw new VerbsException("rdma_create_event_channel", OBJECT, 0, problem);
        }
        long created = Rdmacm.rdma_create_event_channel();
        channel = Failure.checkPointer("rdma_create_event_channel", OBJECT, created, openProblem(created));
        try {
            events = new Descriptor(RdmaEventChannel.fd(channel), OBJECT);
        } catch (RuntimeException unusable) {
            Rdmacm.rdma_destroy_event_channel(channel);
            throw unusable;
        }
    }

    private static String openProblem(long negativeErrno) {
        return switch ((int) -negativeErrno) {
            case Errno.EACCES, Errno.EPERM ->
                "no permission to open " + NODE
                        + ": make it readable and writable for this user; in a container give --device " + NODE;
            case Errno.ENODEV, Errno.ENOENT, Errno.ENOSYS ->
                "there is no connection manager: `modprobe rdma_ucm`, and in a" + " container give --device " + NODE;
            default -> "";
        };
    }

    void forget(long id) {
        ids.remove(id);
    }

    void remember(long id, RdmaCoreConnectionId driver) {
        ids.put(id, driver);
    }

    @Override
    public ConnectionIdDriver createId(PortSpace space) {
        try (Arena arena = Arena.ofConfined()) {
            long id = arena.allocate(Long.BYTES, Long.BYTES).address();
            int result = Rdmacm.rdma_create_id(channel, id, 0, space.code());
            Failure.check("rdma_create_id", "port space " + space, result, openProblem(result));
            RdmaCoreConnectionId driver = new RdmaCoreConnectionId(this, Memory.getLong(id), space);
            remember(Memory.getLong(id), driver);
            return driver;
        }
    }

    @Override
    public @Nullable ConnectionRecord poll() {
        try (Arena arena = Arena.ofConfined()) {
            long slot = arena.allocate(Long.BYTES, Long.BYTES).address();
            while (true) {
                int result = Rdmacm.rdma_get_cm_event(channel, slot);
                if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
                    return null;
                }
                Failure.check("rdma_get_cm_event", OBJECT, result, "");
                long event = Memory.getLong(slot);
                // Copied before it is acknowledged: until then its id cannot be destroyed and its address used again.
                ConnectionRecord copy = copy(event);
                long abandoned = copy == null ? requestOf(event) : 0;
                Failure.check("rdma_ack_cm_event", OBJECT, Rdmacm.rdma_ack_cm_event(event), "");
                if (copy != null) {
                    return copy;
                }
                if (abandoned != 0) {
                    int _ = Rdmacm.rdma_destroy_id(abandoned);
                }
            }
        }
    }

    /** A copy, or null if it is about an id that is being closed. */
    private @Nullable ConnectionRecord copy(long event) {
        long idAddress = RdmaCmEvent.id(event);
        RdmaCoreConnectionId id = ids.get(idAddress);
        RdmaCoreConnectionId listener = null;
        if (RdmaCmEvent.event(event) == RdmaCmEvent.RDMA_CM_EVENT_CONNECT_REQUEST) {
            listener = ids.get(RdmaCmEvent.listenId(event));
            if (listener == null) {
                return null;
            }
            id = new RdmaCoreConnectionId(this, idAddress, listener.space());
            remember(idAddress, id);
        }
        if (id == null) {
            return null;
        }
        return id.space() == PortSpace.UDP ? datagram(event, id, listener) : connection(event, id, listener);
    }

    /** The id of a request whose listener is being closed, so that nobody will answer it; else 0. */
    private static long requestOf(long event) {
        return RdmaCmEvent.event(event) == RdmaCmEvent.RDMA_CM_EVENT_CONNECT_REQUEST ? RdmaCmEvent.id(event) : 0;
    }

    private static ConnectionRecord connection(
            long event, RdmaCoreConnectionId id, @Nullable RdmaCoreConnectionId listener) {
        long param = RdmaCmEvent.conn(event);
        return new ConnectionRecord(
                RdmaCmEvent.event(event),
                RdmaCmEvent.status(event),
                id,
                listener,
                privateData(RdmaConnParam.privateData(param), RdmaConnParam.privateDataLen(param)),
                RdmaConnParam.responderResources(param),
                RdmaConnParam.initiatorDepth(param),
                RdmaConnParam.flowControl(param),
                RdmaConnParam.retryCount(param),
                RdmaConnParam.rnrRetryCount(param),
                RdmaConnParam.srq(param) != 0,
                RdmaConnParam.qpNum(param),
                0,
                null);
    }

    private static ConnectionRecord datagram(
            long event, RdmaCoreConnectionId id, @Nullable RdmaCoreConnectionId listener) {
        long param = RdmaCmEvent.ud(event);
        int type = RdmaCmEvent.event(event);
        boolean addressed =
                type == RdmaCmEvent.RDMA_CM_EVENT_ESTABLISHED || type == RdmaCmEvent.RDMA_CM_EVENT_MULTICAST_JOIN;
        AddressVector vector = addressed ? Attributes.readAddressVector(RdmaUdParam.ahAttr(param)) : null;
        return new ConnectionRecord(
                type,
                RdmaCmEvent.status(event),
                id,
                listener,
                privateData(RdmaUdParam.privateData(param), RdmaUdParam.privateDataLen(param)),
                0,
                0,
                0,
                0,
                0,
                false,
                RdmaUdParam.qpNum(param),
                RdmaUdParam.qkey(param),
                vector);
    }

    private static byte[] privateData(long address, int lengthBytes) {
        return address == 0 ? new byte[0] : Memory.getBytes(address, lengthBytes);
    }

    @Override
    public void awaitReady(long timeoutNs) throws InterruptedException {
        events.await(timeoutNs);
    }

    @Override
    public void wake() {
        events.wake();
    }

    @Override
    public void close() {
        events.wake();
        // Requests that nobody looked at have ids that nobody else would close.
        for (RdmaCoreConnectionId id : new ArrayList<>(ids.values())) {
            id.close();
        }
        Rdmacm.rdma_destroy_event_channel(channel);
    }
}
