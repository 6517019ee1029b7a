package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.endpoints.RdmaActiveEndpointGroup;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.net.InetSocketAddress;

/** {@code EndpointClient SOURCE ADDRESS PORT CLIENTS}: one message and its answer, by one active endpoint after the other. */
public final class EndpointClient {
    private EndpointClient() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        RdmaActiveEndpointGroup<ActiveEndpoint> group = new RdmaActiveEndpointGroup<>(10_000);
        group.init((id, serverSide) -> new ActiveEndpoint(group, id, serverSide));
        InetSocketAddress source = new InetSocketAddress(args[0], 0);
        InetSocketAddress server = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
        int clients = Integer.parseInt(args[3]);
        for (int client = 0; client < clients; client++) {
            ActiveEndpoint endpoint = group.createEndpoint();
            endpoint.connect(source, server, 10_000);
            Pattern.fill(endpoint.out, 0, ActiveEndpoint.BYTES, client);
            endpoint.postSend();
            endpoint.await(WorkCompletion.Opcode.IBV_WC_SEND);
            endpoint.await(WorkCompletion.Opcode.IBV_WC_RECV);
            Pattern.check(endpoint.in, 0, ActiveEndpoint.BYTES, client + 100, "the answer");
            endpoint.free();
            endpoint.close();
        }
        group.close();
        System.out.println("answered " + clients);
    }
}
