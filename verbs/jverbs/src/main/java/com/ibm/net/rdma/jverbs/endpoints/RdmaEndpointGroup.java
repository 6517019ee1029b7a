package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.cm.PortSpace;
import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.ProtectionDomain;
import com.ibm.net.rdma.jverbs.verbs.QueuePair;
import com.ibm.net.rdma.jverbs.verbs.QueuePairInitAttribute;
import com.ibm.net.rdma.jverbs.verbs.QueuePairLimit;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import dev.verbena.jverbs.Failures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Endpoints that share an event channel and the thread that reads it, and a protection domain for each device.
 *
 * <p>Threading: any thread. Connection events are dispatched by a thread of the group.
 *
 * <p>Ownership: closing the group closes what it made.
 *
 * @param <T> the program's own class of endpoints
 */
public abstract class RdmaEndpointGroup<T extends RdmaEndpoint> {
    /** Requests that a queue pair of a group holds each way unless the group is told otherwise. */
    public static final int MAX_WR = 400;
    /** Elements of such a request. */
    public static final int MAX_SGE = 10;
    /** Completions that a completion queue of a group holds at least. */
    public static final int CQ_ENTRIES = 500;

    /** Of a step of a connection, when neither the group nor the caller says otherwise. */
    static final int DEFAULT_TIMEOUT_MS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(RdmaEndpointGroup.class);

    private final int timeoutMs;
    private final int maxWr;
    private final int maxSge;
    private final int cqEntries;
    private final EventChannel channel;
    private final Thread dispatcher;
    private final Map<ConnectionId, EventTarget> targets = new ConcurrentHashMap<>();
    private final Map<VerbsContext, ProtectionDomain> domains = new HashMap<>();
    private final ConnectionParameter parameter = new ConnectionParameter();
    private @Nullable RdmaEndpointFactory<T> factory;
    private volatile boolean closed;

    /** Who is told of the events of an id. */
    interface EventTarget {
        void onEvent(ConnectionEvent event) throws IOException;

        void close() throws IOException;
    }

    /**
     * A group.
     *
     * @param timeoutMs bound of each step of a connection in milliseconds; 0 for 10 seconds
     * @param maxWr requests that a queue pair holds each way
     * @param maxSge elements of a request
     * @param cqEntries completions that a completion queue holds at least; there is always room for all requests
     */
    RdmaEndpointGroup(int timeoutMs, int maxWr, int maxSge, int cqEntries) throws IOException {
        if (timeoutMs < 0) {
            throw new IllegalArgumentException("timeout " + timeoutMs + " is negative");
        }
        this.timeoutMs = timeoutMs == 0 ? DEFAULT_TIMEOUT_MS : timeoutMs;
        this.maxWr = maxWr;
        this.maxSge = maxSge;
        this.cqEntries = Math.max(cqEntries, 2 * maxWr);
        this.channel = EventChannel.createEventChannel();
        this.dispatcher =
                Thread.ofPlatform().daemon().name("jverbs-connection-events").start(this::dispatch);
    }

    /** Sets who makes the endpoints; before the first is asked for. */
    public void init(RdmaEndpointFactory<T> endpointFactory) {
        this.factory = Failures.present(endpointFactory, "endpoint factory");
    }

    /** What the endpoints want of their connections; change it before they connect or accept. */
    public ConnectionParameter getConnectionParameter() {
        return parameter;
    }

    /** An endpoint of this side, to be connected. */
    public T createEndpoint() throws IOException {
        ConnectionId id = ConnectionId.create(channel, PortSpace.RDMA_PS_TCP);
        try {
            return createEndpoint(id, false);
        } catch (IOException | RuntimeException e) {
            id.destroy();
            throw e;
        }
    }

    /** A listener, to be bound. */
    public RdmaServerEndpoint<T> createServerEndpoint() throws IOException {
        return new RdmaServerEndpoint<>(this, ConnectionId.create(channel, PortSpace.RDMA_PS_TCP));
    }

    T createEndpoint(ConnectionId id, boolean serverSide) throws IOException {
        RdmaEndpointFactory<T> maker = factory;
        if (maker == null) {
            throw new IOException("the group has no endpoint factory: call init first");
        }
        T endpoint = maker.createEndpoint(id, serverSide);
        watch(id, endpoint.events());
        return endpoint;
    }

    final int timeoutMs() {
        return timeoutMs;
    }

    final boolean isClosed() {
        return closed;
    }

    final void watch(ConnectionId id, EventTarget target) {
        targets.put(id, target);
    }

    final void forget(ConnectionId id) {
        targets.remove(id);
    }

    private void dispatch() {
        try {
            while (!closed) {
                ConnectionEvent event = channel.getConnectionEvent(-1);
                if (event != null) {
                    channel.ackConnectionEvent(event);
                    dispatch(event);
                }
            }
        } catch (IOException e) {
            if (!closed) {
                LOG.error("the endpoint group hears of no connection any more: {}", e.getMessage(), e);
            }
        }
    }

    private void dispatch(ConnectionEvent event) {
        ConnectionId listener = event.getListenId();
        EventTarget target = targets.get(listener == null ? event.getConnectionId() : listener);
        try {
            if (target != null) {
                target.onEvent(event);
            } else if (event.getEventType() == ConnectionEvent.EventType.RDMA_CM_EVENT_CONNECT_REQUEST) {
                // Its listener is gone.
                event.getConnectionId().destroy();
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: {}", event, e.getMessage(), e);
        }
    }

    /** The protection domain of the group's endpoints on a device. */
    final ProtectionDomain protectionDomain(VerbsContext context) throws IOException {
        synchronized (domains) {
            if (closed) {
                throw new IOException("the group is closed");
            }
            ProtectionDomain pd = domains.get(context);
            if (pd == null) {
                pd = context.allocProtectionDomain();
                domains.put(context, pd);
            }
            return pd;
        }
    }

    /** The completion queue of a new endpoint. */
    abstract CompletionQueue createCompletionQueue(VerbsContext context, RdmaEndpoint endpoint) throws IOException;

    /** The endpoint's completion queue is about to be destroyed. */
    void onDestroy(RdmaEndpoint endpoint, CompletionQueue queue) {}

    /** Room that a completion queue of this group has. */
    final int cqEntries() {
        return cqEntries;
    }

    /** Makes the queue pair of an endpoint; a subclass makes another. */
    protected QueuePair createQueuePair(ConnectionId id, ProtectionDomain pd, CompletionQueue queue)
            throws IOException {
        QueuePairLimit limit = new QueuePairLimit();
        limit.setMaxSendWorkRequest(maxWr);
        limit.setMaxReceiveWorkRequest(maxWr);
        limit.setMaxSendSge(maxSge);
        limit.setMaxReceiveSge(maxSge);
        return id.createQueuePair(pd, new QueuePairInitAttribute(limit, QueuePair.Type.IBV_QPT_RC, queue, queue));
    }

    /** Closes its endpoints and listeners, and ends its threads. Idempotent; not to be called by them. */
    public void close() throws IOException, InterruptedException {
        if (closed) {
            return;
        }
        closed = true;
        List<EventTarget> open = new ArrayList<>(targets.values());
        for (EventTarget target : open) {
            try {
                target.close();
            } catch (IOException | RuntimeException e) {
                // A program's own close; the others are closed all the same.
                LOG.warn("closing {}: {}", target, e.getMessage(), e);
            }
        }
        channel.destroyEventChannel();
        dispatcher.join(timeoutMs);
        synchronized (domains) {
            for (Map.Entry<VerbsContext, ProtectionDomain> domain : domains.entrySet()) {
                domain.getKey().deallocProtectionDomain(domain.getValue());
            }
            domains.clear();
        }
    }
}
