package dev.verbena.disni;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostSend;
import com.sun.management.ThreadMXBean;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * What does a prepared DiSNI call cost beside the verbs below it? Expected: at most 1.1 times as much, and no memory.
 *
 * <p>One signaled WRITE of 64 bytes is posted and its completion polled, by turns with the verbs and with DiSNI's calls, in
 * rounds; of each the fastest round counts, since on a shared machine everything else is somebody else's work. Arguments:
 * {@code fake} (the user-space libibverbs of the tests) or {@code connected} (two ends that DiSNI connects), rounds, and
 * operations per round.
 */
final class SvcCostMain {
    private static final int BYTES = 64;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final QueuePair qp;
    private final CompletionQueue queue;
    private final WorkCompletions completions = new WorkCompletions(1);
    private final SVCPostSend post;
    private final SVCPollCq poll;
    private final IbvWC[] results = {new IbvWC()};
    private final long local;
    private final int lkey;
    private final long remote;
    private final int rkey;

    private SvcCostMain(IbvQP qp, IbvSge sge, long remote, int rkey) throws IOException {
        this.qp = ((DisniQueuePair) qp).qp();
        this.queue = ((DisniCompletionQueue) qp.getSend_cq()).queue();
        this.local = sge.getAddr();
        this.lkey = sge.getLkey();
        this.remote = remote;
        this.rkey = rkey;
        IbvSendWR request = End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, sge);
        request.getRdma().setRemote_addr(remote);
        request.getRdma().setRkey(rkey);
        post = qp.postSend(List.of(request), null);
        poll = qp.getSend_cq().poll(results, 1);
    }

    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[1]);
        int operations = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("fake")) {
            onFakeDevice().compare(rounds, operations);
        } else {
            try (Wire wire = new Wire()) {
                new SvcCostMain(wire.near.qp, wire.near.sge(0, BYTES), wire.far.mr.getAddr(), wire.far.mr.getRkey())
                        .compare(rounds, operations);
            }
        }
    }

    /** Two queue pairs on the device that has no connection manager. */
    private static SvcCostMain onFakeDevice() throws Exception {
        VerbenaDisni.install();
        DisniContext context = DisniProvider.context(Verbs.provider("rdma-core"), "fake0");
        IbvPd pd = context.allocPd();
        var cq = context.createCQ(context.createCompChannel(), 64, 0);
        DisniQueuePair near = DisniQueuePair.create(DisniProtectionDomain.of(pd), End.attributes(cq, IbvQP.IBV_QPT_RC));
        DisniQueuePair far = DisniQueuePair.create(DisniProtectionDomain.of(pd), End.attributes(cq, IbvQP.IBV_QPT_RC));
        near.qp().connect(far.qp().localEndpoint());
        far.qp().connect(near.qp().localEndpoint());
        RegisteredBuffer memory = VerbenaDisni.allocate(pd, 4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
        IbvSge sge = new IbvSge();
        sge.setAddr(memory.region().getAddr());
        sge.setLength(BYTES);
        sge.setLkey(memory.region().getLkey());
        return new SvcCostMain(near, sge, sge.getAddr() + 1024, memory.region().getRkey());
    }

    private void compare(int rounds, int operations) throws IOException {
        long thread = Thread.currentThread().threadId();
        long verbsNs = Long.MAX_VALUE;
        long callsNs = Long.MAX_VALUE;
        long bytes = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            byVerbs(operations);
            long middle = System.nanoTime();
            long before = THREADS.getThreadAllocatedBytes(thread);
            long begin = System.nanoTime();
            byCalls(operations);
            long end = System.nanoTime();
            long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
            verbsNs = Math.min(verbsNs, middle - start);
            callsNs = Math.min(callsNs, end - begin);
            bytes = Math.min(bytes, allocated);
        }
        System.out.printf(
                "verbs %.1f ns, DiSNI %.1f ns, ratio %.3f, %d B in %d operations%n",
                (double) verbsNs / operations,
                (double) callsNs / operations,
                (double) callsNs / verbsNs,
                bytes,
                operations);
    }

    private void byVerbs(int operations) {
        for (int i = 0; i < operations; i++) {
            if (qp.postWrite(1, local, BYTES, lkey, remote, rkey, SendFlags.SIGNALED) != 0) {
                throw new AssertionError("refused");
            }
            while (queue.poll(completions) == 0) {
                Thread.onSpinWait();
            }
            if (completions.status(0) != 0 || completions.id(0) != 1) {
                throw new AssertionError(completions.describe(0));
            }
        }
    }

    private void byCalls(int operations) throws IOException {
        for (int i = 0; i < operations; i++) {
            post.execute();
            while (poll.execute().getPolls() == 0) {
                Thread.onSpinWait();
            }
            if (results[0].getStatus() != 0 || results[0].getWr_id() != 1) {
                throw new AssertionError(results[0].getStatus());
            }
        }
    }
}
