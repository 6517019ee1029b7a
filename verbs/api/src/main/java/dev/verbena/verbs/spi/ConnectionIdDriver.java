package dev.verbena.verbs.spi;

import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.IdOption;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection-manager id; each method follows the rdma_cm(7) function of its name. It owns no queue pair: the caller
 * moves the queue pair through its states with {@link #initialAttributes} and gives its number to connect and accept.
 */
public interface ConnectionIdDriver extends AutoCloseable {
    /** rdma_bind_addr. */
    void bind(InetSocketAddress address);

    /** rdma_resolve_addr. */
    void resolveAddress(@Nullable InetSocketAddress source, InetSocketAddress destination, int timeoutMs);

    /** rdma_resolve_route. */
    void resolveRoute(int timeoutMs);

    /** rdma_listen. */
    void listen(int backlog);

    /** rdma_connect. */
    void connect(ConnectionParameters parameters, int queuePairNumber, boolean sharedReceiveQueue);

    /** rdma_accept. */
    void accept(ConnectionParameters parameters, int queuePairNumber, boolean sharedReceiveQueue);

    /** rdma_reject. */
    void reject(byte[] privateData);

    /** rdma_establish. */
    void establish();

    /** rdma_disconnect. */
    void disconnect();

    /** rdma_init_qp_attr: what the connection demands of the queue pair in a state. */
    QueuePairAttributes initialAttributes(QueuePairState state);

    /** rdma_set_option. */
    void setOption(IdOption option, int value);

    /** rdma_join_multicast. */
    void joinMulticast(InetSocketAddress group);

    /** rdma_leave_multicast. */
    void leaveMulticast(InetSocketAddress group);

    /** The device it is bound to, null while it is not. */
    @Nullable
    String deviceName();

    /** The port it is bound to, 0 while it is not. */
    int port();

    /** Where it is bound, null while it is not. */
    @Nullable
    InetSocketAddress localAddress();

    /** Where the peer is, null while unknown. */
    @Nullable
    InetSocketAddress peerAddress();

    /** rdma_destroy_id. Ends within a second whatever events are unread. */
    @Override
    void close();
}
