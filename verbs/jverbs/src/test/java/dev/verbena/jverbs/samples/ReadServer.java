package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.endpoints.RdmaEndpoint;
import com.ibm.net.rdma.jverbs.endpoints.RdmaEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaPassiveEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaServerEndpoint;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code ReadServer ADDRESS PORT}: tells its client where memory is that it may read, and takes no further part. */
public final class ReadServer {
    static final int BYTES = 50_000;

    private ReadServer() {}

    /** An endpoint whose completions are polled. */
    @SuppressWarnings("NullAway") // as an application that knows IBM's API without annotations
    static class Endpoint extends RdmaEndpoint {
        final CountDownLatch disconnected = new CountDownLatch(1);

        Endpoint(RdmaEndpointGroup<? extends RdmaEndpoint> group, ConnectionId id, boolean serverSide)
                throws IOException {
            super(group, id, serverSide);
        }

        @Override
        public void dispatchCmEvent(ConnectionEvent connectionEvent) {
            if (connectionEvent.getEventType() == ConnectionEvent.EventType.RDMA_CM_EVENT_DISCONNECTED) {
                disconnected.countDown();
            }
        }

        /** Waits for the end of one request. */
        void complete(WorkCompletion.Opcode opcode) throws IOException {
            WorkCompletion completion = new WorkCompletion();
            PollCQMethod poll = getCompletionQueue().pollCQ(new WorkCompletion[] {completion}, 1);
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (poll.execute().getPolls() == 0) {
                VerbsSide.require(poll.isSuccess() && System.nanoTime() < endNs, poll);
                Thread.onSpinWait();
            }
            poll.free();
            VerbsSide.require(
                    completion.getStatus() == WorkCompletion.Status.IBV_WC_SUCCESS && completion.getOpcode() == opcode,
                    completion);
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        RdmaPassiveEndpointGroup<Endpoint> group = new RdmaPassiveEndpointGroup<>(10_000, 10, 4, 20);
        group.init((id, serverSide) -> new Endpoint(group, id, serverSide));
        RdmaServerEndpoint<Endpoint> server = group.createServerEndpoint();
        server.bind(new InetSocketAddress(args[0], Integer.parseInt(args[1])), 10);
        System.out.println("listening " + server.getConnectionId().getSourcePort());

        Endpoint endpoint = server.accept();
        ByteBuffer data = ByteBuffer.allocateDirect(BYTES);
        Pattern.fill(data, 0, BYTES, 7);
        MemoryRegion shared = endpoint.registerMemory(data);
        ByteBuffer message = ByteBuffer.allocateDirect(16);
        message.putLong(0, shared.getAddress()).putInt(8, shared.getRemoteKey()).putInt(12, BYTES);
        SendWorkRequest request = new SendWorkRequest();
        request.setOpcode(SendWorkRequest.Opcode.IBV_WR_SEND);
        request.setSendFlags(SendWorkRequest.IBV_SEND_SIGNALED);
        request.setSgeList(ActiveEndpoint.element(endpoint.registerMemory(message)));
        PostSendMethod send = endpoint.preparePostSend(Collections.singletonList(request));
        VerbsSide.require(send.execute().free().isSuccess(), send);
        endpoint.complete(WorkCompletion.Opcode.IBV_WC_SEND);
        VerbsSide.require(endpoint.disconnected.await(30, TimeUnit.SECONDS), "the client's end");
        endpoint.close();
        server.close();
        group.close();
        System.out.println("served " + BYTES);
    }
}
