package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Calls that are prepared once and executed again and again allocate nothing: every operation, with one entry and several, a
 * list, receives, polls of one and of many, requests for an event. A registration makes an object each time, because DiSNI hands
 * one out.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ExecutingAgainTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = 2_000;
    /** What the JDK allocates in its own part of a call is gone when that is compiled well. */
    private static final int RUNS_MAX = 200;

    private static final int MESSAGE_BYTES = 24;
    private static final int REGISTRATION_BYTES_MAX = 4096;

    private Wire wire;
    private End near;
    private End far;

    @BeforeAll
    void connect() throws Exception {
        wire = new Wire();
        near = wire.near;
        far = wire.far;
    }

    @AfterAll
    void close() throws IOException {
        wire.close();
    }

    private interface Round {
        void run() throws IOException;
    }

    /** The least that a run of many rounds has allocated, in bytes. */
    private static long leastAllocated(int rounds, int runs, Round round) throws IOException {
        long self = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < runs && least != 0; run++) {
            long before = THREADS.getThreadAllocatedBytes(self);
            for (int i = 0; i < rounds; i++) {
                round.run();
            }
            least = Math.min(least, THREADS.getThreadAllocatedBytes(self) - before);
        }
        return least;
    }

    private static void assertNothingAllocated(String what, Round round) throws IOException {
        assertThat(leastAllocated(ROUNDS, RUNS_MAX, round))
                .as("bytes allocated by %d times %s", ROUNDS, what)
                .isZero();
    }

    /** A request that the peer may have to post a receive for. */
    record Operation(String name, int opcode, int entries, int flags, boolean received) {
        @Override
        public String toString() {
            return name + " with " + entries + (flags == IbvSendWR.IBV_SEND_SIGNALED ? " entries" : " entries, inline");
        }
    }

    static Stream<Operation> operations() {
        int signaled = IbvSendWR.IBV_SEND_SIGNALED;
        int inline = signaled | IbvSendWR.IBV_SEND_INLINE;
        List<Operation> operations = new ArrayList<>();
        for (int entries : new int[] {1, 2, 3}) {
            for (int flags : new int[] {signaled, inline}) {
                operations.add(new Operation("SEND", IbvSendWR.IBV_WR_SEND, entries, flags, true));
                operations.add(new Operation("SEND_WITH_IMM", IbvSendWR.IBV_WR_SEND_WITH_IMM, entries, flags, true));
                operations.add(new Operation("RDMA_WRITE", IbvSendWR.IBV_WR_RDMA_WRITE, entries, flags, false));
                operations.add(new Operation(
                        "RDMA_WRITE_WITH_IMM", IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM, entries, flags, true));
            }
            operations.add(new Operation("RDMA_READ", IbvSendWR.IBV_WR_RDMA_READ, entries, signaled, false));
        }
        operations.add(new Operation("ATOMIC_CMP_AND_SWP", IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, 1, signaled, false));
        operations.add(
                new Operation("ATOMIC_FETCH_AND_ADD", IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, 1, signaled, false));
        return operations.stream();
    }

    private IbvSendWR request(Operation operation) {
        boolean atomic = operation.opcode() >= IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP;
        IbvSge[] entries = new IbvSge[operation.entries()];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = near.sge(64 * i, atomic ? Long.BYTES : MESSAGE_BYTES / entries.length);
        }
        IbvSendWR request = End.request(1, operation.opcode(), far, 512, entries);
        request.setSend_flags(operation.flags());
        request.getAtomic().setRemote_addr(far.mr.getAddr() + 512);
        request.getAtomic().setRkey(far.mr.getRkey());
        request.getAtomic().setCompare_add(1);
        return request;
    }

    @ParameterizedTest
    @MethodSource("operations")
    void postingAndPollingAllocateNothing(Operation operation) throws IOException {
        SVCPostSend post = near.qp.postSend(List.of(request(operation)), null);
        SVCPostRecv receive = far.qp.postRecv(List.of(End.receive(2, far.sge(0, 16), far.sge(64, 64))), null);
        IbvWC[] sent = {new IbvWC()};
        IbvWC[] received = {new IbvWC()};
        SVCPollCq sends = near.cq.poll(sent, 1);
        SVCPollCq receives = far.cq.poll(received, 1);

        assertNothingAllocated(operation.toString(), () -> {
            if (operation.received()) {
                receive.execute();
            }
            post.execute();
            awaitOne(sends, sent);
            if (operation.received()) {
                awaitOne(receives, received);
            }
        });
    }

    private static void awaitOne(SVCPollCq poll, IbvWC[] results) throws IOException {
        while (poll.execute().getPolls() == 0) {
            Thread.onSpinWait();
        }
        if (results[0].getStatus() != 0) {
            throw new AssertionError("status " + results[0].getStatus());
        }
    }

    @Test
    void listsOfRequestsAndManyCompletionsAllocateNothing() throws IOException {
        List<IbvSendWR> requests = new ArrayList<>();
        List<IbvRecvWR> receives = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            requests.add(End.request(i, IbvSendWR.IBV_WR_SEND, near.sge(0, 8)));
            receives.add(End.receive(i, far.sge(8 * i, 8)));
        }
        SVCPostSend post = near.qp.postSend(requests, null);
        SVCPostRecv receive = far.qp.postRecv(receives, null);
        SVCReqNotify notify = near.cq.reqNotification(false);
        SVCPollCq[] polls = {near.cq.poll(completions(8), 8), far.cq.poll(completions(8), 8)};

        assertNothingAllocated("four of each", () -> {
            receive.execute();
            notify.execute();
            post.execute();
            for (SVCPollCq poll : polls) {
                int polled = 0;
                while (polled < 4) {
                    polled += poll.execute().getPolls();
                }
            }
        });
    }

    private static IbvWC[] completions(int count) {
        IbvWC[] completions = new IbvWC[count];
        for (int i = 0; i < count; i++) {
            completions[i] = new IbvWC();
        }
        return completions;
    }

    @Test
    void patchingARequestAllocatesNothing() throws IOException {
        SVCPostSend post =
                near.qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8))), null);
        IbvWC[] sent = {new IbvWC()};
        SVCPollCq sends = near.cq.poll(sent, 1);

        assertNothingAllocated("patch, post and poll", () -> {
            SVCPostSend.SendWRMod request = post.getWrMod(0);
            request.setWr_id(request.getWr_id() + 1);
            request.getSgeMod(0).setAddr(near.mr.getAddr() + 8);
            request.getRdmaMod().setRemote_addr(far.mr.getAddr() + 16);
            post.execute();
            awaitOne(sends, sent);
        });
    }

    @Test
    void aRegistrationAllocatesTheObjectsThatDisniHandsOut() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64);
        SVCRegMr register = near.pd.regMr(buffer, End.ALL & ~com.ibm.disni.verbs.IbvMr.IBV_ACCESS_REMOTE_ATOMIC);
        int rounds = 100;

        long bytes = leastAllocated(rounds, 20, () -> {
            register.execute();
            register.getMr().deregMr().execute().free();
        });

        assertThat(bytes / rounds).as("bytes per registration").isBetween(1L, (long) REGISTRATION_BYTES_MAX);
    }
}
