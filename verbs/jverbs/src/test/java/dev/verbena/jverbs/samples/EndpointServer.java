package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.endpoints.RdmaActiveEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaServerEndpoint;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.net.InetSocketAddress;

/** {@code EndpointServer ADDRESS PORT CLIENTS}: answers one message of each client, by active endpoints. */
public final class EndpointServer {
    private EndpointServer() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        RdmaActiveEndpointGroup<ActiveEndpoint> group = new RdmaActiveEndpointGroup<>(10_000);
        group.init((id, serverSide) -> new ActiveEndpoint(group, id, serverSide));
        RdmaServerEndpoint<ActiveEndpoint> server = group.createServerEndpoint();
        server.bind(new InetSocketAddress(args[0], Integer.parseInt(args[1])), 10);
        System.out.println("listening " + server.getConnectionId().getSourcePort());

        int clients = Integer.parseInt(args[2]);
        for (int client = 0; client < clients; client++) {
            ActiveEndpoint endpoint = server.accept();
            endpoint.await(WorkCompletion.Opcode.IBV_WC_RECV);
            Pattern.check(endpoint.in, 0, ActiveEndpoint.BYTES, client, "the client's message");
            Pattern.fill(endpoint.out, 0, ActiveEndpoint.BYTES, client + 100);
            endpoint.postReceive();
            endpoint.postSend();
            endpoint.await(WorkCompletion.Opcode.IBV_WC_SEND);
            // The receive that no message came for tells that the client has gone.
            VerbsSide.require(
                    endpoint.next().getStatus() == WorkCompletion.Status.IBV_WC_WR_FLUSH_ERR, "flushed receive");
            endpoint.free();
            endpoint.close();
        }
        server.close();
        group.close();
        System.out.println("served " + clients);
    }
}
