package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import dev.verbena.verbs.rdmacore.ffi.IbvQpAttr;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.rdmacore.ffi.RdmaCmId;
import dev.verbena.verbs.rdmacore.ffi.RdmaConnParam;
import dev.verbena.verbs.rdmacore.ffi.Rdmacm;
import dev.verbena.verbs.rdmacore.ffi.Sockaddr;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** An id of rdma_cm, which never owns a queue pair: it is told the number of one. */
final class RdmaCoreConnectionId implements ConnectionIdDriver {
    private final RdmaCoreEventChannel channel;
    private final long id;
    private final PortSpace space;
    private boolean closed;

    RdmaCoreConnectionId(RdmaCoreEventChannel channel, long id, PortSpace space) {
        this.channel = channel;
        this.id = id;
        this.space = space;
    }

    PortSpace space() {
        return space;
    }

    private String object() {
        InetSocketAddress local = localAddress();
        InetSocketAddress peer = peerAddress();
        return "rdma_cm id" + (local == null ? "" : " at " + text(local)) + (peer == null ? "" : " to " + text(peer));
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Override
    public void bind(InetSocketAddress address) {
        try (Arena arena = Arena.ofConfined()) {
            long sockaddr = sockaddr(arena, address);
            int result = Rdmacm.rdma_bind_addr(id, sockaddr);
            Failure.check("rdma_bind_addr", "rdma_cm id to " + text(address), result, bindProblem(result));
        }
    }

    /** The library reaches through the id's device without a look, which ends the JVM while the id has none. */
    private void requireDevice(String verb, String explanation) {
        if (RdmaCmId.verbs(id) == 0) {
            throw new VerbsException(verb, object(), Errno.EINVAL, explanation);
        }
    }

    private static String bindProblem(int result) {
        return switch (-result) {
            case Errno.EADDRINUSE -> "another id listens or is bound there";
            case Errno.EADDRNOTAVAIL, Errno.ENODEV ->
                "no RDMA device has this address: `rdma link show` names each" + " device's network interface";
            default -> "";
        };
    }

    @Override
    public void resolveAddress(@Nullable InetSocketAddress source, InetSocketAddress destination, int timeoutMs) {
        try (Arena arena = Arena.ofConfined()) {
            long from = source == null ? 0 : sockaddr(arena, source);
            long to = sockaddr(arena, destination);
            int result = Rdmacm.rdma_resolve_addr(id, from, to, timeoutMs);
            Failure.check(
                    "rdma_resolve_addr",
                    "rdma_cm id to " + text(destination) + (source == null ? "" : " from " + text(source)),
                    result,
                    result == -Errno.EINVAL
                            ? "the id has been resolved already, or the families differ"
                            : bindProblem(result));
        }
    }

    @Override
    public void resolveRoute(int timeoutMs) {
        requireDevice("rdma_resolve_route", "the address has to be resolved before the route");
        int result = Rdmacm.rdma_resolve_route(id, timeoutMs);
        Failure.check(
                "rdma_resolve_route",
                object(),
                result,
                order(result, "the address has to be resolved before the route"));
    }

    @Override
    public void listen(int backlog) {
        int result = Rdmacm.rdma_listen(id, backlog);
        Failure.check(
                "rdma_listen",
                object(),
                result,
                result == -Errno.EADDRINUSE
                        ? "another id listens there"
                        : order(result, "the id has to be bound first"));
    }

    @Override
    public void connect(ConnectionParameters parameters, int queuePairNumber, boolean sharedReceiveQueue) {
        requireDevice("rdma_connect", "the address and the route have to be resolved first");
        try (Arena arena = Arena.ofConfined()) {
            long param = parameters(arena, parameters, queuePairNumber, sharedReceiveQueue);
            int result = Rdmacm.rdma_connect(id, param);
            Failure.check(
                    "rdma_connect",
                    object(),
                    result,
                    order(
                            result,
                            "the route has to be resolved first, or a read depth is more than the device allows"));
        }
    }

    @Override
    public void accept(ConnectionParameters parameters, int queuePairNumber, boolean sharedReceiveQueue) {
        requireDevice("rdma_accept", "there is no request to accept");
        try (Arena arena = Arena.ofConfined()) {
            long param = parameters(arena, parameters, queuePairNumber, sharedReceiveQueue);
            int result = Rdmacm.rdma_accept(id, param);
            Failure.check(
                    "rdma_accept",
                    object(),
                    result,
                    order(
                            result,
                            "the request is gone or answered already, or a read depth is more than the device allows"));
        }
    }

    private static String order(int result, String explanation) {
        return result == -Errno.EINVAL ? explanation : "";
    }

    private static long parameters(
            Arena arena, ConnectionParameters parameters, int queuePairNumber, boolean sharedReceiveQueue) {
        byte[] data = parameters.privateData();
        long param = arena.allocate(RdmaConnParam.SIZE, Long.BYTES).address();
        RdmaConnParam.set(
                param,
                bytes(arena, data),
                data.length,
                parameters.responderResources(),
                parameters.initiatorDepth(),
                parameters.flowControl(),
                parameters.retryCount(),
                parameters.rnrRetryCount(),
                sharedReceiveQueue,
                queuePairNumber);
        return param;
    }

    private static long bytes(Arena arena, byte[] data) {
        if (data.length == 0) {
            return 0;
        }
        long address = arena.allocate(data.length).address();
        Memory.putBytes(address, data);
        return address;
    }

    @Override
    public void reject(byte[] privateData) {
        requireDevice("rdma_reject", "there is no request to reject");
        try (Arena arena = Arena.ofConfined()) {
            int result = Rdmacm.rdma_reject(id, bytes(arena, privateData), privateData.length);
            Failure.check("rdma_reject", object(), result, order(result, "there is no request to reject"));
        }
    }

    @Override
    public void establish() {
        requireDevice("rdma_establish", "the peer has not accepted");
        int result = Rdmacm.rdma_establish(id);
        Failure.check("rdma_establish", object(), result, order(result, "the peer has not accepted"));
    }

    @Override
    public void disconnect() {
        requireDevice("rdma_disconnect", "the id is not connected");
        int result = Rdmacm.rdma_disconnect(id);
        Failure.check("rdma_disconnect", object(), result, order(result, "the id is not connected"));
    }

    @Override
    public QueuePairAttributes initialAttributes(QueuePairState state) {
        requireDevice("rdma_init_qp_attr", "the address has to be resolved or bound first");
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvQpAttr.SIZE, Long.BYTES).address();
            long mask = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            IbvQpAttr.qpState(attr, state.code());
            int result = Rdmacm.rdma_init_qp_attr(id, attr, mask);
            Failure.check(
                    "rdma_init_qp_attr",
                    object() + " for " + state,
                    result,
                    order(result, "the connection is not far enough for this state"));
            return Attributes.read(attr, Memory.getInt(mask));
        }
    }

    @Override
    public void setOption(IdOption option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            long optval = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            boolean oneByte = option == IdOption.TYPE_OF_SERVICE || option == IdOption.ACK_TIMEOUT;
            if (oneByte) {
                Memory.putByte(optval, value);
            } else {
                Memory.putInt(optval, value);
            }
            int result = Rdmacm.rdma_set_option(
                    id, RdmaCmId.RDMA_OPTION_ID, option.code(), optval, oneByte ? Byte.BYTES : Integer.BYTES);
            Failure.check(
                    "rdma_set_option",
                    object() + ", " + option,
                    result,
                    result == -Errno.ENOSYS
                            ? "the kernel does not know this option"
                            : order(result, "too late for this id's state"));
        }
    }

    @Override
    public void joinMulticast(InetSocketAddress group) {
        requireDevice("rdma_join_multicast", "the id has to be bound to an address of the device first");
        try (Arena arena = Arena.ofConfined()) {
            int result = Rdmacm.rdma_join_multicast(id, sockaddr(arena, group), 0);
            Failure.check("rdma_join_multicast", object() + ", group " + text(group), result, groupProblem(result));
        }
    }

    @Override
    public void leaveMulticast(InetSocketAddress group) {
        requireDevice("rdma_leave_multicast", "the id has not joined this group");
        try (Arena arena = Arena.ofConfined()) {
            int result = Rdmacm.rdma_leave_multicast(id, sockaddr(arena, group));
            Failure.check("rdma_leave_multicast", object() + ", group " + text(group), result, groupProblem(result));
        }
    }

    private static String groupProblem(int result) {
        return switch (-result) {
            case Errno.EADDRNOTAVAIL -> "the id has not joined this group";
            case Errno.EINVAL -> "the id has to be of the UDP port space and bound, and the address a multicast one";
            default -> "";
        };
    }

    private static long sockaddr(Arena arena, InetSocketAddress address) {
        long sockaddr = arena.allocate(Sockaddr.SIZE_MAX, Long.BYTES).address();
        Sockaddr.set(sockaddr, address);
        return sockaddr;
    }

    @Override
    public @Nullable String deviceName() {
        long verbs = RdmaCmId.verbs(id);
        return verbs == 0 ? null : IbvDevice.name(IbvContext.device(verbs));
    }

    @Override
    public int port() {
        return RdmaCmId.verbs(id) == 0 ? 0 : RdmaCmId.portNum(id);
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return Sockaddr.get(RdmaCmId.srcAddr(id));
    }

    @Override
    public @Nullable InetSocketAddress peerAddress() {
        return Sockaddr.get(RdmaCmId.dstAddr(id));
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        String object = object();
        channel.forget(id);
        Failure.check("rdma_destroy_id", object, Rdmacm.rdma_destroy_id(id), "");
    }
}
