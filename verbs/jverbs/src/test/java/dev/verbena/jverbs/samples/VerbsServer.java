package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.cm.PortSpace;
import java.io.IOException;
import java.net.InetSocketAddress;

/** {@code VerbsServer ADDRESS PORT}: answers messages, and lets the client read and write its memory. */
public final class VerbsServer {
    /** Length that a client gives a message which is its last. */
    static final int LAST = -1;

    private VerbsServer() {}

    public static void main(String[] args) throws IOException {
        EventChannel events = EventChannel.createEventChannel();
        ConnectionId listener = ConnectionId.create(events, PortSpace.RDMA_PS_TCP);
        listener.bindAddress(new InetSocketAddress(args[0], Integer.parseInt(args[1])));
        listener.listen(10);
        System.out.println("listening " + listener.getSourcePort());

        ConnectionId id = VerbsSide.expect(events, EventType.RDMA_CM_EVENT_CONNECT_REQUEST)
                .getConnectionId();
        VerbsSide side = new VerbsSide(events, id);
        Pattern.fill(side.buffer, VerbsSide.READABLE, VerbsSide.BULK, 1);
        id.accept(new ConnectionParameter());
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);

        int messages = 0;
        for (boolean last = false; !last; messages++) {
            side.awaitMessage();
            int number = side.buffer.getInt(VerbsSide.IN);
            last = number == LAST;
            side.buffer.putInt(VerbsSide.OUT, number);
            side.buffer.putLong(VerbsSide.OUT + 8, side.region.getAddress());
            side.buffer.putInt(VerbsSide.OUT + 16, side.region.getRemoteKey());
            side.postReceive();
            side.send();
        }
        Pattern.check(side.buffer, VerbsSide.WRITABLE, VerbsSide.BULK, 2, "what the client wrote");
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_DISCONNECTED);
        side.destroy();
        listener.destroy();
        System.out.println("served " + messages);
    }
}
