package com.ibm.disni;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCRegMr;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of DiSNI's own class of this name, whose {@link #accept()} waits for ever when the endpoint is closed, and
 * which waits for its group while the group waits for it.
 *
 * <p>Threading: any thread. Its monitor is never held while its group is called.
 */
@SuppressWarnings("EnumOrdinal") // the numbers of DiSNI's enums are those of C
public class RdmaServerEndpoint<C extends RdmaEndpoint> {
    private enum State {
        NEW,
        LISTENING,
        CLOSED
    }

    protected int endpointId;
    protected @Nullable IbvPd pd;
    protected RdmaCmId idPriv;
    /** The rights of memory that is registered by {@link #registerMemory}. */
    protected int access = IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ;

    private final RdmaEndpointGroup<C> group;
    private final Queue<C> requests = new ArrayDeque<>();
    private State state = State.NEW;

    /** Made by the group's {@code createServerEndpoint}. */
    public RdmaServerEndpoint(RdmaEndpointGroup<C> endpointGroup, RdmaCmId idPriv) {
        this.group = endpointGroup;
        this.idPriv = idPriv;
        this.endpointId = endpointGroup.getNextId();
    }

    /** Listens at an address, once. */
    public RdmaServerEndpoint<C> bind(SocketAddress address, int backlog) throws Exception {
        synchronized (this) {
            if (state != State.NEW) {
                throw new IOException("this server endpoint is " + state + ": an endpoint is bound once");
            }
            state = State.LISTENING;
        }
        idPriv.bindAddr(address);
        idPriv.listen(backlog);
        pd = group.createProtectionDomainRaw(this);
        return this;
    }

    /**
     * Accepts the next request for a connection, and waits for one.
     *
     * @throws IOException when the connection comes to nothing, and when this endpoint is closed, also while it waits
     * @throws InterruptedIOException on an interrupt, which stays set
     */
    public C accept() throws IOException {
        try {
            C endpoint = nextRequest();
            endpoint.accept();
            return endpoint;
        } catch (IOException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while accepting a connection");
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private synchronized C nextRequest() throws IOException, InterruptedException {
        if (state == State.NEW) {
            throw new IOException("this server endpoint listens nowhere: bind it before accept");
        }
        C request = requests.poll();
        while (request == null) {
            if (state == State.CLOSED) {
                throw new IOException("this server endpoint is closed: nobody can connect to it any more");
            }
            wait();
            request = requests.poll();
        }
        return request;
    }

    /** Takes note of an event, from the thread that reads the group's events. */
    public void dispatchCmEvent(RdmaCmEvent event) throws IOException {
        if (event.getEvent() != EventType.RDMA_CM_EVENT_CONNECT_REQUEST.ordinal()) {
            return;
        }
        if (isClosed()) {
            event.getConnIdPriv().destroyId();
            return;
        }
        C endpoint = group.createEndpoint(event.getConnIdPriv());
        endpoint.dispatchCmEvent(event);
        synchronized (this) {
            requests.add(endpoint);
            notifyAll();
        }
    }

    /** Listens no more, and ends every {@link #accept()} that waits; once. Connections live on. */
    public void close() throws IOException, InterruptedException {
        synchronized (this) {
            if (state == State.CLOSED) {
                return;
            }
            state = State.CLOSED;
            notifyAll();
        }
        idPriv.destroyId();
        group.unregisterServerEp(this);
    }

    /** Whether it listens. */
    public synchronized boolean isBound() {
        return state == State.LISTENING;
    }

    /** Whether it is closed. */
    public synchronized boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Where it listens. */
    public SocketAddress getSrcAddr() throws Exception {
        return idPriv.getSource();
    }

    /** Its id. */
    public RdmaCmId getIdPriv() {
        return idPriv;
    }

    /** Its number in the group. */
    public int getEndpointId() {
        return endpointId;
    }

    /** The protection domain of its device; null before {@link #bind}. */
    public @Nullable IbvPd getPd() {
        return pd;
    }

    /** Prepares the registration of a direct buffer in {@link #getPd()}. */
    public SVCRegMr registerMemory(ByteBuffer buffer) throws IOException {
        IbvPd domain = pd;
        if (domain == null) {
            throw new IOException("this server endpoint has no device yet: bind it first");
        }
        return domain.regMr(buffer, access);
    }

    /** Ends a registration. */
    public void deregisterMemory(IbvMr region) throws IOException {
        region.deregMr().execute().free();
    }
}
