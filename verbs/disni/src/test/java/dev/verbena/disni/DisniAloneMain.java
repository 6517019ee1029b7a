package dev.verbena.disni;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostSend;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedList;

/**
 * Which library does a post and a poll of DiSNI cost less on: Verbena, or DiSNI's own? Expected: Verbena is not slower.
 *
 * <p>Knows DiSNI's API only, so that it runs on either: {@code ADDRESS PORT ROUNDS OPERATIONS}. Both ends are in this process; one
 * signaled WRITE of 64 bytes is posted and its completion polled; of the rounds the fastest counts.
 */
@SuppressWarnings({"EnumOrdinal", "JdkObsolete"}) // the numbers are those of C; DiSNI asks for a LinkedList
final class DisniAloneMain {
    private static final int BYTES = 64;
    private static final int PATIENCE_MS = 20_000;

    private DisniAloneMain() {}

    private record End(RdmaCmId id, IbvCQ queue, IbvQP qp, ByteBuffer buffer, IbvMr region) {
        static End of(RdmaCmId id) throws Exception {
            IbvContext context = id.getVerbs();
            IbvPd pd = context.allocPd();
            IbvCQ queue = context.createCQ(context.createCompChannel(), 64, 0);
            IbvQPInitAttr attributes = new IbvQPInitAttr();
            attributes.cap().setMax_send_wr(16);
            attributes.cap().setMax_recv_wr(16);
            attributes.cap().setMax_send_sge(1);
            attributes.cap().setMax_recv_sge(1);
            attributes.setQp_type(IbvQP.IBV_QPT_RC);
            attributes.setSend_cq(queue);
            attributes.setRecv_cq(queue);
            IbvQP qp = id.createQP(pd, attributes);
            ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
            int access = IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ;
            IbvMr region = pd.regMr(buffer, access).execute().free().getMr();
            return new End(id, queue, qp, buffer, region);
        }
    }

    public static void main(String[] arguments) throws Exception {
        InetSocketAddress address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        int rounds = Integer.parseInt(arguments[2]);
        int operations = Integer.parseInt(arguments[3]);
        RdmaEventChannel farChannel = RdmaEventChannel.createEventChannel();
        RdmaCmId listener = farChannel.createId(RdmaCm.RDMA_PS_TCP);
        listener.bindAddr(address);
        listener.listen(1);
        RdmaEventChannel nearChannel = RdmaEventChannel.createEventChannel();
        RdmaCmId id = nearChannel.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, address, PATIENCE_MS);
        await(nearChannel, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(PATIENCE_MS);
        await(nearChannel, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        End near = End.of(id);
        id.connect(parameters());
        End far = End.of(
                await(farChannel, EventType.RDMA_CM_EVENT_CONNECT_REQUEST).getConnIdPriv());
        far.id().accept(parameters());
        await(nearChannel, EventType.RDMA_CM_EVENT_ESTABLISHED);

        near.buffer().put(0, (byte) 7);
        double nanoseconds = measure(near, far, rounds, operations);
        if (far.buffer().get(0) != 7) {
            throw new AssertionError("nothing was written");
        }
        System.out.printf("post and poll %.1f ns%n", nanoseconds);
        // DiSNI's own library has threads that nobody ends.
        System.exit(0);
    }

    private static RdmaConnParam parameters() throws Exception {
        RdmaConnParam parameters = new RdmaConnParam();
        parameters.setRetry_count((byte) 6);
        parameters.setRnr_retry_count((byte) 6);
        return parameters;
    }

    private static RdmaCmEvent await(RdmaEventChannel channel, EventType type) throws Exception {
        RdmaCmEvent event = channel.getCmEvent(PATIENCE_MS);
        if (event == null || event.getEvent() != type.ordinal()) {
            throw new AssertionError("instead of " + type + ": " + (event == null ? "nothing" : event.getEvent()));
        }
        event.ackEvent();
        return event;
    }

    private static double measure(End near, End far, int rounds, int operations) throws Exception {
        IbvSge entry = new IbvSge();
        entry.setAddr(near.region().getAddr());
        entry.setLength(BYTES);
        entry.setLkey(near.region().getLkey());
        IbvSendWR request = new IbvSendWR();
        request.setWr_id(1);
        request.setOpcode(IbvSendWR.IBV_WR_RDMA_WRITE);
        request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
        LinkedList<IbvSge> entries = new LinkedList<>();
        entries.add(entry);
        request.setSg_list(entries);
        request.getRdma().setRemote_addr(far.region().getAddr());
        request.getRdma().setRkey(far.region().getRkey());
        LinkedList<IbvSendWR> requests = new LinkedList<>();
        requests.add(request);
        SVCPostSend post = near.qp().postSend(requests, null);
        IbvWC[] results = {new IbvWC()};
        SVCPollCq poll = near.queue().poll(results, 1);
        long fastestNs = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < operations; i++) {
                post.execute();
                while (poll.execute().getPolls() == 0) {
                    Thread.onSpinWait();
                }
                if (results[0].getStatus() != 0) {
                    throw new AssertionError("status " + results[0].getStatus());
                }
            }
            fastestNs = Math.min(fastestNs, System.nanoTime() - start);
        }
        return (double) fastestNs / operations;
    }
}
