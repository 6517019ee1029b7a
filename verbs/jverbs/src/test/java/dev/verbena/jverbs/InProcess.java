package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.cm.PortSpace;
import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.ProtectionDomain;
import com.ibm.net.rdma.jverbs.verbs.QueuePair;
import com.ibm.net.rdma.jverbs.verbs.QueuePairInitAttribute;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.ScatterGatherElement;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One side of a connection within this process. */
final class InProcess implements AutoCloseable {
    static final int BYTES = 4096;
    static final int PATIENCE_MS = 20_000;

    /** Both sides of a connection. */
    record Pair(InProcess client, InProcess server, ConnectionId listener) implements AutoCloseable {
        static Pair connect() throws IOException {
            EventChannel events = EventChannel.createEventChannel();
            ConnectionId listener = listen(events);
            EventChannel clientEvents = EventChannel.createEventChannel();
            ConnectionId id = resolve(clientEvents, listener.getSourcePort());
            InProcess client = new InProcess(clientEvents, id);
            id.connect(new ConnectionParameter());
            InProcess server = new InProcess(
                    events,
                    expect(events, EventType.RDMA_CM_EVENT_CONNECT_REQUEST).getConnectionId());
            server.id.accept(new ConnectionParameter());
            // The client's side makes its queue pair ready while it reads its event; only then is the server's
            // established.
            expect(clientEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
            expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);
            return new Pair(client, server, listener);
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            listener.destroy();
        }
    }

    final EventChannel events;
    final ConnectionId id;
    final VerbsContext context;
    final ProtectionDomain pd;
    final CompletionQueue queue;
    final QueuePair qp;
    final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);
    final MemoryRegion region;

    InProcess(EventChannel events, ConnectionId id) throws IOException {
        this.events = events;
        this.id = id;
        context = Objects.requireNonNull(id.getVerbsContext());
        pd = context.allocProtectionDomain();
        queue = context.createCompletionQueue(null, 100, 0);
        QueuePairInitAttribute attribute = new QueuePairInitAttribute();
        attribute.setSendCompletionQueue(queue);
        attribute.setReceiveCompletionQueue(queue);
        qp = id.createQueuePair(pd, attribute);
        region = Objects.requireNonNull(pd.registerMemoryRegion(
                        buffer, MemoryRegion.IBV_ACCESS_LOCAL_WRITE | MemoryRegion.IBV_ACCESS_REMOTE_WRITE)
                .execute()
                .free()
                .getMemoryRegion());
    }

    static ConnectionId listen(EventChannel events) throws IOException {
        ConnectionId listener = ConnectionId.create(events, PortSpace.RDMA_PS_TCP);
        listener.bindAddress(address(0));
        listener.listen(10);
        return listener;
    }

    static ConnectionId resolve(EventChannel events, int port) throws IOException {
        ConnectionId id = ConnectionId.create(events, PortSpace.RDMA_PS_TCP);
        id.resolveAddress(null, address(port), 5000);
        expect(events, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(5000);
        expect(events, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        return id;
    }

    static InetSocketAddress address(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    static ConnectionEvent expect(EventChannel events, EventType type) throws IOException {
        @Nullable ConnectionEvent event = events.getConnectionEvent(PATIENCE_MS);
        assertThat(event).isNotNull();
        assertThat(Objects.requireNonNull(event).getEventType())
                .as(event.toString())
                .isEqualTo(type);
        events.ackConnectionEvent(event);
        return event;
    }

    @SuppressWarnings({"JdkObsolete", "NonApiType"}) // jVerbs wants a LinkedList
    LinkedList<ScatterGatherElement> element(int offset, int length) {
        ScatterGatherElement element = new ScatterGatherElement();
        element.setAddress(region.getAddress() + offset);
        element.setLength(length);
        element.setLocalKey(region.getLocalKey());
        return new LinkedList<>(List.of(element));
    }

    SendWorkRequest send(long number, int offset, int length) {
        SendWorkRequest request = new SendWorkRequest();
        request.setWorkRequestId(number);
        request.setOpcode(SendWorkRequest.Opcode.IBV_WR_SEND);
        request.setSendFlags(SendWorkRequest.IBV_SEND_SIGNALED);
        request.setSgeList(element(offset, length));
        return request;
    }

    /** A WRITE of 8 bytes at the peer's first ones. */
    SendWorkRequest write(long number, InProcess peer) {
        SendWorkRequest request = send(number, 0, 8);
        request.setOpcode(SendWorkRequest.Opcode.IBV_WR_RDMA_WRITE);
        request.getRdma().setRemoteAddress(peer.region.getAddress());
        request.getRdma().setRemoteKey(peer.region.getRemoteKey());
        return request;
    }

    ReceiveWorkRequest receive(long number, int offset, int length) {
        ReceiveWorkRequest request = new ReceiveWorkRequest();
        request.setWorkRequestId(number);
        request.setSgeList(element(offset, length));
        return request;
    }

    @Override
    public void close() throws IOException {
        id.destroyQueuePair();
        id.destroy();
        context.destroyCompletionQueue(queue);
        context.deallocProtectionDomain(pd);
        events.destroyEventChannel();
    }
}
