package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.endpoints.RdmaPassiveEndpointGroup;
import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import dev.verbena.jverbs.samples.VerbsServer;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A peer that is killed. */
@Timeout(60)
final class KilledPeerTest {
    @BeforeAll
    static void onEmbedded() {
        System.setProperty(Providers.PROPERTY, "embedded");
    }

    @Test
    void itsEndIsAnEventAndFlushesWhatIsPosted() throws Exception {
        try (SampleJvm server = new SampleJvm(VerbsServer.class, "127.0.0.1", "0")) {
            int port = Integer.parseInt(server.awaitLine("listening"));
            EventChannel events = EventChannel.createEventChannel();
            InProcess client = new InProcess(events, InProcess.resolve(events, port));
            PostReceiveMethod receive = client.qp.preparePostReceive(List.of(client.receive(5, 0, 64)));
            assertThat(receive.execute().isSuccess()).isTrue();
            client.id.connect(new ConnectionParameter());
            InProcess.expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);

            server.kill();

            InProcess.expect(events, EventType.RDMA_CM_EVENT_DISCONNECTED);
            WorkCompletion flushed = new WorkCompletion();
            PollCQMethod poll = client.queue.pollCQ(new WorkCompletion[] {flushed}, 1);
            awaitFlushed(poll, flushed, 5);
            // In ERROR a queue takes requests and flushes them.
            assertThat(client.qp
                            .preparePostSend(List.of(client.send(6, 0, 8)))
                            .execute()
                            .isSuccess())
                    .isTrue();
            awaitFlushed(poll, flushed, 6);
            client.close();
        }
    }

    private static void awaitFlushed(PollCQMethod poll, WorkCompletion completion, long number) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> poll.execute().getPolls() == 1);
        assertThat(completion.getWorkRequestId()).isEqualTo(number);
        assertThat(completion.getStatus()).isEqualTo(WorkCompletion.Status.IBV_WC_WR_FLUSH_ERR);
    }

    @Test
    void anEndpointHearsOfItAndItsGroupGoesOn() throws Exception {
        RdmaPassiveEndpointGroup<CyclesTest.Endpoint> group = new RdmaPassiveEndpointGroup<>(10_000, 10, 2, 20);
        group.init((id, serverSide) -> new CyclesTest.Endpoint(group, id, serverSide));
        try (SampleJvm first = new SampleJvm(VerbsServer.class, "127.0.0.1", "0");
                SampleJvm second = new SampleJvm(VerbsServer.class, "127.0.0.1", "0")) {
            CyclesTest.Endpoint killed = group.createEndpoint();
            killed.connect(InProcess.address(Integer.parseInt(first.awaitLine("listening"))), 10_000);

            first.kill();

            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !killed.isConnected());
            killed.close();
            CyclesTest.Endpoint next = group.createEndpoint();
            next.connect(InProcess.address(Integer.parseInt(second.awaitLine("listening"))), 10_000);
            assertThat(next.isConnected()).isTrue();
        }
        group.close();
    }
}
