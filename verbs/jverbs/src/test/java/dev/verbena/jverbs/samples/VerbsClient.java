package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.cm.PortSpace;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.net.InetSocketAddress;

/** {@code VerbsClient SOURCE ADDRESS PORT ROUNDS}: messages to and fro, a READ, a WRITE from two pieces, all checked. */
public final class VerbsClient {
    private VerbsClient() {}

    public static void main(String[] args) throws IOException {
        EventChannel events = EventChannel.createEventChannel();
        ConnectionId id = ConnectionId.create(events, PortSpace.RDMA_PS_TCP);
        id.resolveAddress(
                new InetSocketAddress(args[0], 0), new InetSocketAddress(args[1], Integer.parseInt(args[2])), 5000);
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(5000);
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        VerbsSide side = new VerbsSide(events, id);
        id.connect(new ConnectionParameter(1, 1, 6, 6));
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);

        int rounds = Integer.parseInt(args[3]);
        for (int round = 0; round < rounds; round++) {
            exchange(side, round);
        }
        long address = side.buffer.getLong(VerbsSide.IN + 8);
        int key = side.buffer.getInt(VerbsSide.IN + 16);

        side.oneSided(
                VerbsSide.request(
                        SendWorkRequest.Opcode.IBV_WR_RDMA_READ, side.element(VerbsSide.WRITABLE, VerbsSide.BULK)),
                address + VerbsSide.READABLE,
                key,
                WorkCompletion.Opcode.IBV_WC_RDMA_READ);
        Pattern.check(side.buffer, VerbsSide.WRITABLE, VerbsSide.BULK, 1, "what was read");

        Pattern.fill(side.buffer, VerbsSide.READABLE, VerbsSide.BULK, 2);
        side.oneSided(
                VerbsSide.request(
                        SendWorkRequest.Opcode.IBV_WR_RDMA_WRITE,
                        side.element(VerbsSide.READABLE, 1000),
                        side.element(VerbsSide.READABLE + 1000, VerbsSide.BULK - 1000)),
                address + VerbsSide.WRITABLE,
                key,
                WorkCompletion.Opcode.IBV_WC_RDMA_WRITE);
        exchange(side, VerbsServer.LAST);

        id.disconnect();
        VerbsSide.expect(events, EventType.RDMA_CM_EVENT_DISCONNECTED);
        side.destroy();
        System.out.println("exchanged " + rounds + ", read " + VerbsSide.BULK + ", wrote " + VerbsSide.BULK);
    }

    private static void exchange(VerbsSide side, int number) throws IOException {
        side.buffer.putInt(VerbsSide.OUT, number);
        side.send();
        side.awaitMessage();
        VerbsSide.require(side.buffer.getInt(VerbsSide.IN) == number, "answer to message " + number);
        side.postReceive();
    }
}
