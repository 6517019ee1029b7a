package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import dev.verbena.jverbs.Failures;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A listener; made by {@link RdmaEndpointGroup#createServerEndpoint}.
 *
 * <p>Threading: any thread.
 *
 * @param <T> the program's own class of endpoints
 */
public final class RdmaServerEndpoint<T extends RdmaEndpoint> {
    private final RdmaEndpointGroup<T> group;
    private final ConnectionId id;
    private final Queue<ConnectionId> requests = new ArrayDeque<>();
    private int backlog;
    private boolean closed;

    private final RdmaEndpointGroup.EventTarget events = new RdmaEndpointGroup.EventTarget() {
        @Override
        public void onEvent(ConnectionEvent event) throws IOException {
            if (event.getEventType() == ConnectionEvent.EventType.RDMA_CM_EVENT_CONNECT_REQUEST) {
                onRequest(event.getConnectionId());
            }
        }

        @Override
        public void close() throws IOException {
            RdmaServerEndpoint.this.close();
        }
    };

    RdmaServerEndpoint(RdmaEndpointGroup<T> group, ConnectionId id) {
        this.group = group;
        this.id = id;
        group.watch(id, events);
    }

    /**
     * Binds it to an address and listens there.
     *
     * @param backlogMax requests that wait for {@link #accept} at most; what comes on top is refused
     */
    public void bind(SocketAddress address, int backlogMax) throws IllegalArgumentException, IOException {
        Failures.present(address, "address");
        if (backlogMax < 1) {
            throw new IllegalArgumentException("backlog " + backlogMax + " is less than 1");
        }
        synchronized (this) {
            backlog = backlogMax;
        }
        id.bindAddress(address);
        id.listen(backlogMax);
    }

    private void onRequest(ConnectionId request) throws IOException {
        synchronized (this) {
            if (!closed && requests.size() < backlog) {
                requests.add(request);
                notifyAll();
                return;
            }
        }
        request.destroy();
    }

    /**
     * Waits for a request and takes it.
     *
     * @return an endpoint that is connected
     * @throws InterruptedIOException on an interrupt, which stays set
     * @throws IOException when the listener or its group is closed, also while this waits, and when the connection does not
     *     come about within the group's time
     */
    public T accept() throws IOException {
        ConnectionId request = nextRequest();
        T endpoint;
        try {
            endpoint = group.createEndpoint(request, true);
        } catch (IOException | RuntimeException e) {
            request.destroy();
            throw e;
        }
        endpoint.accept();
        return endpoint;
    }

    private synchronized ConnectionId nextRequest() throws IOException {
        while (true) {
            if (closed) {
                throw new IOException("the listener " + id + " is closed");
            }
            ConnectionId request = requests.poll();
            if (request != null) {
                return request;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException interrupted = new InterruptedIOException("interrupted while accepting");
                interrupted.initCause(e);
                throw interrupted;
            }
        }
    }

    /** Where it listens; null while it does not. */
    public @Nullable SocketAddress getSourceAddress() {
        return id.getSourceAddress();
    }

    /** Its connection id. */
    public ConnectionId getConnectionId() {
        return id;
    }

    /** Listens no more and refuses the requests that wait; a waiting {@link #accept} ends. Idempotent. */
    public void close() throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            notifyAll();
        }
        group.forget(id);
        for (ConnectionId request = requests.poll(); request != null; request = requests.poll()) {
            request.destroy();
        }
        id.destroy();
    }
}
