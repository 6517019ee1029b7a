package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.DeregisterMemoryRegionMethod;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.ProtectionDomain;
import com.ibm.net.rdma.jverbs.verbs.QueuePair;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.RegisterMemoryRegionMethod;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import dev.verbena.jverbs.Failures;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a connection with all that belongs to it, used like a socket: connect, send and receive, close.
 *
 * <p>Threading: any thread. Not to be connected by the group's threads, which it waits for.
 *
 * <p>Ownership: has its connection id, queue pair and completion queue, and closes them.
 */
public class RdmaEndpoint {
    /** Rights that registered memory has. */
    private static final int ACCESS = MemoryRegion.IBV_ACCESS_LOCAL_WRITE
            | MemoryRegion.IBV_ACCESS_REMOTE_WRITE
            | MemoryRegion.IBV_ACCESS_REMOTE_READ;

    private static final Logger LOG = LoggerFactory.getLogger(RdmaEndpoint.class);

    private final RdmaEndpointGroup<? extends RdmaEndpoint> group;
    private final ConnectionId id;
    private final boolean serverSide;
    private @Nullable QueuePair queuePair;
    private @Nullable CompletionQueue queue;
    /** What has happened, and the first of it that ended the attempt. */
    private final Set<EventType> seen = EnumSet.noneOf(EventType.class);

    private @Nullable ConnectionEvent failure;
    private boolean connected;
    private boolean closed;

    private final RdmaEndpointGroup.EventTarget events = new RdmaEndpointGroup.EventTarget() {
        @Override
        public void onEvent(ConnectionEvent news) throws IOException {
            RdmaEndpoint.this.onEvent(news);
            dispatchCmEvent(news);
        }

        @Override
        public void close() throws IOException {
            RdmaEndpoint.this.close();
        }
    };

    /** One end of a connection; called by the factory. */
    protected RdmaEndpoint(RdmaEndpointGroup<? extends RdmaEndpoint> group, ConnectionId id, boolean serverSide)
            throws IOException {
        this.group = Failures.present(group, "endpoint group");
        this.id = Failures.present(id, "connection id");
        this.serverSide = serverSide;
    }

    RdmaEndpointGroup.EventTarget events() {
        return events;
    }

    /** For subclasses: the queue pair is there and nothing has arrived yet; register memory and post receives here. */
    protected void init() throws IOException {}

    /** For subclasses: something happened to the connection. Called by the group's thread. */
    public void dispatchCmEvent(ConnectionEvent connectionEvent) throws IOException {}

    /**
     * Connects it: finds the address and the way, makes the queue pair, calls {@link #init}, asks the peer. When it fails the
     * endpoint is closed.
     *
     * @param timeout milliseconds that each step may take; 0 for the group's
     * @throws IOException that says which step failed and why; the peer refuses, is not there, does not answer
     */
    public void connect(SocketAddress destinationAddress, int timeout) throws IllegalArgumentException, IOException {
        connect(null, destinationAddress, timeout);
    }

    /** {@link #connect(SocketAddress, int)} from a local address of one's own. Not a part of IBM's API. */
    public void connect(@Nullable SocketAddress sourceAddress, SocketAddress destinationAddress, int timeout)
            throws IllegalArgumentException, IOException {
        Failures.present(destinationAddress, "destination address");
        if (timeout < 0) {
            throw new IllegalArgumentException("timeout " + timeout + " is negative");
        }
        int timeoutMs = timeout == 0 ? group.timeoutMs() : timeout;
        begin();
        try {
            id.resolveAddress(sourceAddress, destinationAddress, timeoutMs);
            await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED, timeoutMs, "finding " + destinationAddress);
            id.resolveRoute(timeoutMs);
            await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED, timeoutMs, "finding the way to " + destinationAddress);
            allocate();
            id.connect(group.getConnectionParameter());
            await(EventType.RDMA_CM_EVENT_ESTABLISHED, timeoutMs, "connecting to " + destinationAddress);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Takes the request that it was made for. */
    void accept() throws IOException {
        begin();
        try {
            allocate();
            id.accept(group.getConnectionParameter());
            await(EventType.RDMA_CM_EVENT_ESTABLISHED, group.timeoutMs(), "accepting " + id.getDestinationAddress());
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void begin() throws IOException {
        synchronized (this) {
            if (closed || group.isClosed()) {
                throw new IOException(this + " is closed");
            }
            if (connected || queuePair != null) {
                throw new IOException(this + " has been connected before");
            }
        }
    }

    private void allocate() throws IOException {
        VerbsContext context = id.getVerbsContext();
        if (context == null) {
            throw new IOException(this + " is bound to no device");
        }
        ProtectionDomain pd = group.protectionDomain(context);
        CompletionQueue made = group.createCompletionQueue(context, this);
        boolean mine;
        synchronized (this) {
            mine = !closed;
            queue = mine ? made : null;
        }
        if (!mine) {
            // Closed meanwhile, by somebody who has seen no queue.
            group.onDestroy(this, made);
            context.destroyCompletionQueue(made);
            throw new IOException(this + " is closed");
        }
        QueuePair qp = group.createQueuePair(id, pd, made);
        synchronized (this) {
            queuePair = qp;
        }
        init();
    }

    private synchronized void onEvent(ConnectionEvent news) {
        EventType type = news.getEventType();
        seen.add(type);
        switch (type) {
            case RDMA_CM_EVENT_ESTABLISHED -> connected = true;
            case RDMA_CM_EVENT_DISCONNECTED, RDMA_CM_EVENT_DEVICE_REMOVAL -> {
                connected = false;
                failed(news);
            }
            case RDMA_CM_EVENT_ADDR_ERROR,
                    RDMA_CM_EVENT_ROUTE_ERROR,
                    RDMA_CM_EVENT_CONNECT_ERROR,
                    RDMA_CM_EVENT_UNREACHABLE,
                    RDMA_CM_EVENT_REJECTED -> failed(news);
            default -> {}
        }
        notifyAll();
    }

    private void failed(ConnectionEvent news) {
        if (failure == null) {
            failure = news;
        }
    }

    private synchronized void await(EventType wanted, int timeoutMs, String what) throws IOException {
        long endNs = System.nanoTime() + timeoutMs * 1_000_000L;
        while (true) {
            if (closed) {
                throw new IOException(what + ": the endpoint was closed");
            }
            if (seen.contains(wanted)) {
                return;
            }
            if (failure != null) {
                throw new IOException(what + ": " + failure);
            }
            long leftMs = (endNs - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw new IOException(what + ": no answer within " + timeoutMs + " ms");
            }
            try {
                wait(leftMs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException interrupted = new InterruptedIOException(what + ": interrupted");
                interrupted.initCause(e);
                throw interrupted;
            }
        }
    }

    /**
     * Registers a direct buffer for requests of both sides.
     *
     * @throws IOException for a heap or read-only buffer, before the connection, and when the device refuses
     */
    public MemoryRegion registerMemory(ByteBuffer buffer) throws IllegalArgumentException, IOException {
        RegisterMemoryRegionMethod method = requireQueuePair()
                .getProtectionDomain()
                .registerMemoryRegion(buffer, ACCESS)
                .execute();
        MemoryRegion region = method.getMemoryRegion();
        if (region == null) {
            throw new IOException(method.toString());
        }
        method.free();
        return region;
    }

    /** Ends a registration, also when the endpoint is closed; nothing when it is ended. */
    public void deregisterMemory(MemoryRegion memoryRegion) throws IllegalArgumentException, IOException {
        DeregisterMemoryRegionMethod method = Failures.present(memoryRegion, "memory region")
                .getProtectionDomain()
                .deregisterMemoryRegion(memoryRegion)
                .execute();
        if (!method.isSuccess()) {
            throw new IOException(method.toString());
        }
        method.free();
    }

    /** Prepares to post send requests; see {@link QueuePair#preparePostSend}. */
    public PostSendMethod preparePostSend(List<SendWorkRequest> requests) throws IllegalArgumentException, IOException {
        return requireQueuePair().preparePostSend(requests);
    }

    /** Prepares to post receives; see {@link QueuePair#preparePostReceive}. */
    public PostReceiveMethod preparePostRecv(List<ReceiveWorkRequest> requests)
            throws IllegalArgumentException, IOException {
        return requireQueuePair().preparePostReceive(requests);
    }

    private synchronized QueuePair requireQueuePair() throws IOException {
        QueuePair qp = queuePair;
        if (qp == null) {
            throw new IOException(this + (closed ? " is closed" : " has no queue pair yet: connect it first"));
        }
        return qp;
    }

    /** Its group. */
    public RdmaEndpointGroup<? extends RdmaEndpoint> getGroup() {
        return group;
    }

    /** Its connection id. */
    public ConnectionId getConnectionId() {
        return id;
    }

    /** Its queue pair; null before {@link #init} and after {@link #close}. */
    public synchronized @Nullable QueuePair getQueuePair() {
        return queuePair;
    }

    /** Where its requests are reported; null before {@link #init} and after {@link #close}. */
    public synchronized @Nullable CompletionQueue getCompletionQueue() {
        return queue;
    }

    /** Whether the peer asked for the connection. */
    public boolean isServerSide() {
        return serverSide;
    }

    /** Whether the connection is up, as far as this side has heard. */
    public synchronized boolean isConnected() {
        return connected;
    }

    /** Whether it is closed. */
    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Ends the connection and all that belongs to it; memory that it registered stays registered until it is deregistered or the
     * group is closed. Idempotent.
     */
    public void close() throws IOException {
        boolean wasConnected;
        CompletionQueue usedQueue;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            wasConnected = connected;
            connected = false;
            queuePair = null;
            usedQueue = queue;
            queue = null;
            notifyAll();
        }
        group.forget(id);
        if (wasConnected) {
            try {
                id.disconnect();
            } catch (IOException e) {
                LOG.debug("{}: the peer was faster: {}", this, e.getMessage());
            }
        }
        id.destroyQueuePair();
        if (usedQueue != null) {
            group.onDestroy(this, usedQueue);
            usedQueue.getContext().destroyCompletionQueue(usedQueue);
        }
        id.destroy();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + " on " + id;
    }
}
