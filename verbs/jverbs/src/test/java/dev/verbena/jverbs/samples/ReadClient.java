package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.endpoints.RdmaPassiveEndpointGroup;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collections;

/** {@code ReadClient SOURCE ADDRESS PORT LOOPS}: reads the server's memory again and again by one prepared method. */
public final class ReadClient {
    private ReadClient() {}

    /** An endpoint that has posted a receive before it is connected. */
    private static final class Endpoint extends ReadServer.Endpoint {
        private final ByteBuffer message = ByteBuffer.allocateDirect(16);

        Endpoint(RdmaPassiveEndpointGroup<Endpoint> group, ConnectionId id, boolean serverSide) throws IOException {
            super(group, id, serverSide);
        }

        @Override
        protected void init() throws IOException {
            ReceiveWorkRequest request = new ReceiveWorkRequest();
            request.setSgeList(ActiveEndpoint.element(registerMemory(message)));
            PostReceiveMethod receive = preparePostRecv(Collections.singletonList(request));
            VerbsSide.require(receive.execute().free().isSuccess(), receive);
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        RdmaPassiveEndpointGroup<Endpoint> group = new RdmaPassiveEndpointGroup<>(10_000, 10, 4, 20);
        group.init((id, serverSide) -> new Endpoint(group, id, serverSide));
        Endpoint endpoint = group.createEndpoint();
        endpoint.connect(
                new InetSocketAddress(args[0], 0), new InetSocketAddress(args[1], Integer.parseInt(args[2])), 10_000);
        endpoint.complete(WorkCompletion.Opcode.IBV_WC_RECV);

        ByteBuffer copy = ByteBuffer.allocateDirect(endpoint.message.getInt(12));
        MemoryRegion region = endpoint.registerMemory(copy);
        SendWorkRequest request = new SendWorkRequest();
        request.setOpcode(SendWorkRequest.Opcode.IBV_WR_RDMA_READ);
        request.setSendFlags(SendWorkRequest.IBV_SEND_SIGNALED);
        request.setSgeList(ActiveEndpoint.element(region));
        request.getRdma().setRemoteAddress(endpoint.message.getLong(0));
        request.getRdma().setRemoteKey(endpoint.message.getInt(8));
        PostSendMethod read = endpoint.preparePostSend(Collections.singletonList(request));
        int loops = Integer.parseInt(args[3]);
        for (int loop = 0; loop < loops; loop++) {
            Pattern.fill(copy, 0, ReadServer.BYTES, loop + 100);
            VerbsSide.require(read.execute().isSuccess(), read);
            endpoint.complete(WorkCompletion.Opcode.IBV_WC_RDMA_READ);
            Pattern.check(copy, 0, ReadServer.BYTES, 7, "what was read");
        }
        read.free();
        endpoint.close();
        // What an endpoint has registered outlives it.
        endpoint.deregisterMemory(region);
        group.close();
        System.out.println("read " + loops + " x " + copy.capacity());
    }
}
