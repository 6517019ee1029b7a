package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A connection made step by step by DiSNI's verbs, both sides in this process. */
@SuppressWarnings("EnumOrdinal") // the numbers of DiSNI's enums are those of C
final class Wire implements AutoCloseable {
    static final int PATIENCE_MS = 20_000;

    final RdmaEventChannel nearChannel = RdmaEventChannel.createEventChannel();
    final RdmaEventChannel farChannel = RdmaEventChannel.createEventChannel();
    final RdmaCmId listener;
    final End near;
    final End far;
    /** What the passive side was told of the request. */
    final RdmaCmEvent request;
    /** What the active side was told of the answer. */
    final RdmaCmEvent established;

    Wire() throws Exception {
        this(RdmaCm.RDMA_PS_TCP, IbvQP.IBV_QPT_RC, parameters());
    }

    Wire(short portSpace, byte type, RdmaConnParam parameters) throws Exception {
        TestDevices.server();
        InetSocketAddress address = TestDevices.fresh();
        listener = farChannel.createId(portSpace);
        listener.bindAddr(address);
        listener.listen(4);
        RdmaCmId id = nearChannel.createId(portSpace);
        resolve(nearChannel, id, address);
        near = new End(id, type);

        id.connect(parameters);
        request = event(farChannel, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
        far = new End(request.getConnIdPriv(), type);
        far.id.accept(parameters());
        established = event(nearChannel, EventType.RDMA_CM_EVENT_ESTABLISHED);
        if (portSpace == RdmaCm.RDMA_PS_TCP) {
            event(farChannel, EventType.RDMA_CM_EVENT_ESTABLISHED);
        }
    }

    static RdmaConnParam parameters() throws IOException {
        RdmaConnParam parameters = new RdmaConnParam();
        parameters.setRetry_count((byte) 6);
        parameters.setRnr_retry_count((byte) 6);
        return parameters;
    }

    static void resolve(RdmaEventChannel channel, RdmaCmId id, InetSocketAddress address) throws IOException {
        id.resolveAddr(null, address, PATIENCE_MS);
        event(channel, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(PATIENCE_MS);
        event(channel, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
    }

    /** The next event, which must be of a type. */
    static RdmaCmEvent event(RdmaEventChannel channel, EventType type) throws IOException {
        RdmaCmEvent event = channel.getCmEvent(PATIENCE_MS);
        assertThat(event).as("no event, %s was expected", type).isNotNull();
        assertThat(EventType.values()[event.getEvent()]).as(event.toString()).isEqualTo(type);
        event.ackEvent();
        return event;
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
        listener.destroyId();
        nearChannel.destroyEventChannel();
        farChannel.destroyEventChannel();
    }
}
