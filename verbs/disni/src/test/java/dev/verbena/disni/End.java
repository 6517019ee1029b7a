package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCPollCq;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.LinkedList;
import java.util.List;

/** One side of a connection, with what DiSNI's programs make for it, and memory that both sides may use. */
@SuppressWarnings("JdkObsolete") // DiSNI asks for a LinkedList
final class End implements AutoCloseable {
    static final int BYTES = 4096;
    static final int INLINE = 64;
    static final int SLOTS = 16;
    static final int ALL = IbvMr.IBV_ACCESS_LOCAL_WRITE
            | IbvMr.IBV_ACCESS_REMOTE_WRITE
            | IbvMr.IBV_ACCESS_REMOTE_READ
            | IbvMr.IBV_ACCESS_REMOTE_ATOMIC;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    final RdmaCmId id;
    final IbvPd pd;
    final IbvCompChannel channel;
    final IbvCQ cq;
    final IbvQP qp;
    final ByteBuffer buffer;
    final IbvMr mr;
    private final IbvWC[] one = {new IbvWC()};
    private final SVCPollCq poll;

    /** For an id that has a device. */
    End(RdmaCmId id, byte type) throws Exception {
        this.id = id;
        IbvContext context = id.getVerbs();
        pd = context.allocPd();
        channel = context.createCompChannel();
        cq = context.createCQ(channel, 128, 0);
        qp = id.createQP(pd, attributes(cq, type));
        RegisteredBuffer memory = VerbenaDisni.allocate(pd, BYTES, ALL);
        buffer = memory.buffer().order(ByteOrder.nativeOrder());
        mr = memory.region();
        poll = cq.poll(one, 1);
    }

    static IbvQPInitAttr attributes(IbvCQ cq, byte type) {
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.cap().setMax_send_wr(SLOTS);
        attributes.cap().setMax_recv_wr(SLOTS);
        attributes.cap().setMax_send_sge(3);
        attributes.cap().setMax_recv_sge(2);
        attributes.cap().setMax_inline_data(INLINE);
        attributes.setQp_type(type);
        attributes.setSend_cq(cq);
        attributes.setRecv_cq(cq);
        return attributes;
    }

    /** A part of the memory. */
    IbvSge sge(int offset, int length) {
        IbvSge sge = new IbvSge();
        sge.setAddr(mr.getAddr() + offset);
        sge.setLength(length);
        sge.setLkey(mr.getLkey());
        return sge;
    }

    static IbvSendWR request(long id, int opcode, IbvSge... entries) {
        IbvSendWR request = new IbvSendWR();
        request.setWr_id(id);
        request.setOpcode(opcode);
        request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
        request.setSg_list(new LinkedList<>(List.of(entries)));
        return request;
    }

    /** A request on the memory of the other side. */
    static IbvSendWR request(long id, int opcode, End far, int remoteOffset, IbvSge... entries) {
        IbvSendWR request = request(id, opcode, entries);
        request.getRdma().setRemote_addr(far.mr.getAddr() + remoteOffset);
        request.getRdma().setRkey(far.mr.getRkey());
        return request;
    }

    static IbvRecvWR receive(long id, IbvSge... entries) {
        IbvRecvWR receive = new IbvRecvWR();
        receive.setWr_id(id);
        receive.setSg_list(new LinkedList<>(List.of(entries)));
        receive.setNum_sge(entries.length);
        return receive;
    }

    void post(IbvSendWR... requests) throws IOException {
        qp.postSend(List.of(requests), null).execute().free();
    }

    void post(IbvRecvWR... receives) throws IOException {
        qp.postRecv(List.of(receives), null).execute().free();
    }

    /** The next completion. */
    IbvWC completion() throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (poll.execute().getPolls() == 0) {
            assertThat(System.nanoTime()).as("no completion").isLessThan(end);
            Thread.onSpinWait();
        }
        return one[0].clone();
    }

    /** The next completion, a success. */
    IbvWC success(long id) throws IOException {
        IbvWC completion = completion();
        assertThat(completion.getStatus()).isZero();
        assertThat(completion.getWr_id()).isEqualTo(id);
        assertThat(completion.getQp_num()).isEqualTo(qp.getQp_num());
        return completion;
    }

    boolean isQuiet() throws IOException {
        return poll.execute().getPolls() == 0;
    }

    void fill(int offset, int length, int value) {
        for (int i = 0; i < length; i++) {
            buffer.put(offset + i, (byte) value);
        }
    }

    byte[] bytes(int offset, int length) {
        byte[] bytes = new byte[length];
        buffer.get(offset, bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        id.destroyEp();
        channel.destroyCompChannel();
        if (mr.isOpen()) {
            mr.deregMr().execute().free();
        }
        try {
            pd.deallocPd();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
