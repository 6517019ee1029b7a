package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.RequestNotifyCQMethod;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.Verbena;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Methods that are prepared once and executed again and again. */
@Timeout(30)
final class PreparedMethodsTest {
    @BeforeAll
    static void onEmbedded() {
        System.setProperty(Providers.PROPERTY, "embedded");
    }

    /** Executes until there is a completion, of the one element that is polled. */
    private static void awaitOne(PollCQMethod poll) {
        while (poll.execute().getPolls() == 0) {
            assertThat(poll.isSuccess()).isTrue();
            Thread.onSpinWait();
        }
    }

    @Test
    void executingThemAgainAllocatesNothing() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            PostReceiveMethod receive =
                    pair.server().qp.preparePostReceive(List.of(pair.server().receive(1, 0, 64)));
            PostSendMethod send =
                    pair.client().qp.preparePostSend(List.of(pair.client().send(2, 0, 64)));
            RequestNotifyCQMethod notify = pair.client().queue.requestNotifyCQ(false);
            WorkCompletion sent = new WorkCompletion();
            WorkCompletion received = new WorkCompletion();
            PollCQMethod sends = pair.client().queue.pollCQ(new WorkCompletion[] {sent}, 1);
            PollCQMethod receives = pair.server().queue.pollCQ(new WorkCompletion[] {received}, 1);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long self = Thread.currentThread().threadId();

            int rounds = 10_000;
            long bytes = Long.MAX_VALUE;
            // The JDK's own part of a call into the kernel allocates until it is compiled well: until a run has none.
            for (int run = 0; run < 60 && bytes != 0; run++) {
                long before = threads.getThreadAllocatedBytes(self);
                for (int round = 0; round < rounds; round++) {
                    receive.execute();
                    send.execute();
                    while (receives.execute().getPolls() == 0) {
                        Thread.onSpinWait();
                    }
                    while (sends.execute().getPolls() == 0) {
                        Thread.onSpinWait();
                    }
                }
                bytes = threads.getThreadAllocatedBytes(self) - before;
            }

            assertThat(receive.isSuccess() && send.isSuccess()).isTrue();
            assertThat(sent.getStatus()).isEqualTo(WorkCompletion.Status.IBV_WC_SUCCESS);
            assertThat(received.getByteLength()).isEqualTo(64);
            assertThat(notify.execute().isSuccess()).isTrue();
            assertThat(bytes).as("bytes allocated by %d rounds", rounds).isZero();
        }
    }

    @Test
    void aMethodKeepsWhatItWasPreparedWith() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            InProcess client = pair.client();
            InProcess server = pair.server();
            client.buffer.put(0, (byte) 1).put(100, (byte) 2);
            SendWorkRequest request = client.send(11, 0, 1);
            PostSendMethod first = client.qp.preparePostSend(List.of(request));
            request.setWorkRequestId(12);
            request.setSgeList(client.element(100, 1));
            PostSendMethod second = client.qp.preparePostSend(List.of(request));
            server.qp
                    .preparePostReceive(List.of(server.receive(1, 0, 1), server.receive(2, 1, 1)))
                    .execute();

            first.execute();
            second.execute();

            WorkCompletion done = new WorkCompletion();
            PollCQMethod sends = client.queue.pollCQ(new WorkCompletion[] {done}, 1);
            awaitOne(sends);
            assertThat(done.getWorkRequestId()).isEqualTo(11);
            awaitOne(sends);
            assertThat(done.getWorkRequestId()).isEqualTo(12);
            PollCQMethod receives = server.queue.pollCQ(new WorkCompletion[] {done}, 1);
            awaitOne(receives);
            WorkCompletion kept = done.clone();
            awaitOne(receives);
            assertThat(kept.getWorkRequestId()).isEqualTo(1);
            assertThat(done.getWorkRequestId()).isEqualTo(2);
            assertThat(server.buffer.get(0)).isEqualTo((byte) 1);
            assertThat(server.buffer.get(1)).isEqualTo((byte) 2);
        }
    }

    @Test
    void aFullQueueIsNoSuccessAndSaysHowFarItCame() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            InProcess client = pair.client();
            int slots = Verbena.of(client.qp).receiveSlots();
            List<ReceiveWorkRequest> requests = new ArrayList<>();
            for (int number = 0; number <= slots; number++) {
                requests.add(client.receive(number, 0, 8));
            }
            PostReceiveMethod receive = client.qp.preparePostReceive(requests);

            assertThat(receive.execute().isSuccess()).isFalse();

            assertThat(receive.toString()).contains("(" + slots + " posted)", "RECEIVE_QUEUE_FULL");
        }
    }

    @Test
    void aListThatWasRefusedInPartIsPostedOnWhereItStopped() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            InProcess client = pair.client();
            int slots = Verbena.of(client.qp).sendSlots();
            List<SendWorkRequest> requests = new ArrayList<>();
            for (int number = 0; number < slots + 3; number++) {
                requests.add(client.write(number, pair.server()));
            }
            PostSendMethod send = client.qp.preparePostSend(requests);
            WorkCompletion done = new WorkCompletion();
            PollCQMethod poll = client.queue.pollCQ(new WorkCompletion[] {done}, 1);

            // Given that the queue was full, and has room again
            assertThat(send.execute().isSuccess()).isFalse();
            for (int number = 0; number < slots; number++) {
                awaitOne(poll);
                assertThat(done.getWorkRequestId()).isEqualTo(number);
            }

            // When it is executed again, then only the rest is posted
            assertThat(send.execute().isSuccess()).isTrue();
            for (int number = slots; number < slots + 3; number++) {
                awaitOne(poll);
                assertThat(done.getWorkRequestId()).isEqualTo(number);
            }
            assertThat(poll.execute().getPolls()).isZero();

            // And after that all of it
            assertThat(send.execute().isSuccess()).isFalse();
            awaitOne(poll);
            assertThat(done.getWorkRequestId()).isZero();
        }
    }

    @Test
    void aFreedMethodDoesNothingAndKeepsItsResult() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            InProcess client = pair.client();
            PostReceiveMethod receive = client.qp.preparePostReceive(List.of(client.receive(1, 0, 8)));
            assertThat(receive.isSuccess()).isFalse();

            receive.execute().free().execute();

            assertThat(receive.isSuccess()).isTrue();
            assertThat(receive.isValid()).isFalse();
            assertThat(posted(client)).isEqualTo(1);
        }
    }

    /** Receives that are flushed by a disconnect. */
    private static int posted(InProcess side) throws IOException {
        side.id.disconnect();
        WorkCompletion[] list = new WorkCompletion[10];
        for (int index = 0; index < list.length; index++) {
            list[index] = new WorkCompletion();
        }
        PollCQMethod poll = side.queue.pollCQ(list, list.length);
        awaitOne(poll);
        assertThat(list[0].getStatus()).isEqualTo(WorkCompletion.Status.IBV_WC_WR_FLUSH_ERR);
        return poll.getPolls();
    }
}
