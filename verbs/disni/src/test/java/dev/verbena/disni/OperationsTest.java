package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the examples of DiSNI do not do: writes, immediates, atomics, inline, lists, datagrams, failures. */
@SuppressWarnings("EnumOrdinal") // the numbers of DiSNI's enums are those of C
class OperationsTest {
    private static final int RECV = IbvWC.IbvWcOpcode.IBV_WC_RECV.getOpcode();
    private static final int RECV_WITH_IMM = IbvWC.IbvWcOpcode.IBV_WC_RECV_RDMA_WITH_IMM.getOpcode();
    private static final int FLUSHED = IbvWC.IbvWcStatus.IBV_WC_WR_FLUSH_ERR.ordinal();
    private static final int WITH_IMM = 2;
    private static final int LIST_ROUNDS = 1000;

    private Wire wire;
    private End near;
    private End far;

    @BeforeEach
    void connect() throws Exception {
        wire = new Wire();
        near = wire.near;
        far = wire.far;
    }

    @AfterEach
    void close() throws IOException {
        wire.close();
    }

    @Test
    void aWritePlacesItsBytesInThePeersMemory() throws IOException {
        near.fill(0, 100, 7);

        near.post(End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 1000, near.sge(0, 100)));

        assertThat(near.success(1).getOpcode()).isEqualTo(IbvWC.IbvWcOpcode.IBV_WC_RDMA_WRITE.getOpcode());
        assertThat(far.bytes(1000, 100)).containsOnly(7);
        assertThat(far.buffer.get(999)).isZero();
        assertThat(far.buffer.get(1100)).isZero();
    }

    @Test
    void aWriteWithImmediateTellsThePeerANumber() throws IOException {
        near.fill(0, 8, 3);
        far.post(End.receive(50));
        IbvSendWR request = End.request(2, IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM, far, 16, near.sge(0, 8));
        request.setImm_data(0x12345678);

        near.post(request);

        near.success(2);
        IbvWC received = far.success(50);
        assertThat(received.getOpcode()).isEqualTo(RECV_WITH_IMM);
        assertThat(received.getImm_data()).isEqualTo(0x12345678);
        assertThat(received.getWc_flags() & WITH_IMM).isEqualTo(WITH_IMM);
        assertThat(far.bytes(16, 8)).containsOnly(3);
    }

    @Test
    void aSendCarriesANumberToo() throws IOException {
        near.buffer.putLong(0, 42);
        far.post(End.receive(-3, far.sge(64, 64)));
        IbvSendWR request = End.request(-4, IbvSendWR.IBV_WR_SEND_WITH_IMM, near.sge(0, 8));
        request.setImm_data(-2);

        near.post(request);

        near.success(-4);
        IbvWC received = far.success(-3);
        assertThat(received.getOpcode()).isEqualTo(RECV);
        assertThat(received.getImm_data()).isEqualTo(-2);
        assertThat(received.getByte_len()).isEqualTo(8);
        assertThat(far.buffer.getLong(64)).isEqualTo(42);
    }

    private IbvSendWR atomic(int opcode, long compareOrAdd, long swap) {
        IbvSendWR request = End.request(9, opcode, near.sge(8, 8));
        request.getAtomic().setRemote_addr(far.mr.getAddr() + 128);
        request.getAtomic().setRkey(far.mr.getRkey());
        request.getAtomic().setCompare_add(compareOrAdd);
        request.getAtomic().setSwap(swap);
        return request;
    }

    @Test
    void atomicsChangeThePeersMemoryAndAnswerWhatWasThere() throws IOException {
        far.buffer.putLong(128, 40);

        near.post(atomic(IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, 2, 0));

        near.success(9);
        assertThat(near.buffer.getLong(8)).isEqualTo(40);
        assertThat(far.buffer.getLong(128)).isEqualTo(42);

        near.post(atomic(IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, 42, -1));

        near.success(9);
        assertThat(near.buffer.getLong(8)).isEqualTo(42);
        assertThat(far.buffer.getLong(128)).isEqualTo(-1);

        near.post(atomic(IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, 42, 5));

        near.success(9);
        assertThat(near.buffer.getLong(8)).isEqualTo(-1);
        assertThat(far.buffer.getLong(128)).isEqualTo(-1);
    }

    @Test
    void anInlinePayloadIsCopiedWhenItIsPosted() throws IOException {
        far.post(End.receive(1, far.sge(0, 64)));
        near.fill(0, End.INLINE, 1);
        IbvSendWR request = End.request(2, IbvSendWR.IBV_WR_SEND, near.sge(0, End.INLINE));
        request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED | IbvSendWR.IBV_SEND_INLINE);

        near.post(request);
        near.fill(0, End.INLINE, 2);

        near.success(2);
        assertThat(far.success(1).getByte_len()).isEqualTo(End.INLINE);
        assertThat(far.bytes(0, End.INLINE)).containsOnly(1);
    }

    @Test
    void aRequestGathersFromThreePlacesAndAReceiveScattersToTwo() throws IOException {
        near.fill(0, 10, 1);
        near.fill(100, 20, 2);
        near.fill(200, 30, 3);
        far.post(End.receive(1, far.sge(0, 15), far.sge(1000, 100)));

        near.post(End.request(2, IbvSendWR.IBV_WR_SEND, near.sge(0, 10), near.sge(100, 20), near.sge(200, 30)));

        near.success(2);
        assertThat(far.success(1).getByte_len()).isEqualTo(60);
        assertThat(far.bytes(0, 10)).containsOnly(1);
        assertThat(far.bytes(10, 5)).containsOnly(2);
        assertThat(far.bytes(1000, 15)).containsOnly(2);
        assertThat(far.bytes(1015, 30)).containsOnly(3);

        near.post(End.request(3, IbvSendWR.IBV_WR_RDMA_READ, far, 1000, near.sge(500, 15), near.sge(600, 30)));

        near.success(3);
        assertThat(near.bytes(500, 15)).containsOnly(2);
        assertThat(near.bytes(600, 30)).containsOnly(3);
    }

    @Test
    void aListIsPostedByOneExecutionInItsOrder() throws IOException {
        far.post(End.receive(1, far.sge(0, 8)), End.receive(2, far.sge(8, 8)), End.receive(3, far.sge(16, 8)));
        List<IbvSendWR> requests = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            near.buffer.putLong(8 * i, 100 + i);
            requests.add(End.request(i, IbvSendWR.IBV_WR_SEND, near.sge(8 * i, 8)));
        }

        near.qp.postSend(requests, null).execute().free();

        for (int i = 0; i < 3; i++) {
            near.success(i);
            far.success(i + 1);
            assertThat(far.buffer.getLong(8 * i)).isEqualTo(100 + i);
        }
    }

    @Test
    void aSingleRequestBetweenListsIsPostedToo() throws IOException {
        near.post(
                End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8)),
                End.request(2, IbvSendWR.IBV_WR_RDMA_WRITE, far, 8, near.sge(0, 8)));
        near.fill(0, 8, 9);

        near.post(End.request(3, IbvSendWR.IBV_WR_RDMA_WRITE, far, 16, near.sge(0, 8)));

        near.success(1);
        near.success(2);
        near.success(3);
        assertThat(far.bytes(16, 8)).containsOnly(9);
    }

    /** Not of another thread either, which posts single ones all the time. */
    @Test
    void noOtherRequestGetsInBetweenThoseOfAList() throws Exception {
        Semaphore room = new Semaphore(4);
        AtomicBoolean stop = new AtomicBoolean();
        SVCPostSend single =
                near.qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8))), null);
        FutureTask<Integer> singles = new FutureTask<>(() -> {
            int posted = 0;
            while (!stop.get()) {
                if (room.tryAcquire(1, TimeUnit.MILLISECONDS)) {
                    single.execute();
                    posted++;
                }
            }
            return posted;
        });
        Thread.ofPlatform().start(singles);
        SVCPostSend list = near.qp.postSend(
                List.of(
                        End.request(100, IbvSendWR.IBV_WR_RDMA_WRITE, far, 8, near.sge(0, 8)),
                        End.request(101, IbvSendWR.IBV_WR_RDMA_WRITE, far, 16, near.sge(0, 8))),
                null);

        for (int round = 0; round < LIST_ROUNDS; round++) {
            list.execute();
            while (near.completion().getWr_id() != 100) {
                room.release();
            }
            assertThat(near.completion().getWr_id())
                    .as("after 100 in round %d", round)
                    .isEqualTo(101);
        }

        stop.set(true);
        assertThat(singles.get(20, TimeUnit.SECONDS)).isGreaterThan(LIST_ROUNDS / 10);
    }

    @Test
    void whatTheReceiveQueueHasNoRoomForIsNamed() throws IOException {
        List<IbvRecvWR> receives = new ArrayList<>();
        for (int i = 0; i < 4 * End.SLOTS; i++) {
            receives.add(End.receive(i, far.sge(0, 8)));
        }
        List<IbvRecvWR> bad = new ArrayList<>();

        assertThatThrownBy(() -> far.qp.postRecv(receives, bad).execute())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ibv_post_recv on qp")
                .hasMessageContaining("of " + receives.size() + " requests")
                .hasMessageContaining("poll completions first");
        assertThat(bad).isNotEmpty();
        assertThat(receives.size() - bad.size()).isGreaterThanOrEqualTo(End.SLOTS);
        assertThat(bad.getLast()).isSameAs(receives.getLast());
    }

    @Test
    void aPreparedRequestIsPatchedInPlace() throws IOException {
        near.fill(0, 8, 1);
        near.fill(8, 16, 2);
        SVCPostSend prepared =
                near.qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8))), null);
        prepared.execute();
        near.success(1);

        SVCPostSend.SendWRMod request = prepared.getWrMod(0);
        request.setWr_id(77);
        request.getSgeMod(0).setAddr(near.mr.getAddr() + 8);
        request.getSgeMod(0).setLength(16);
        request.getRdmaMod().setRemote_addr(far.mr.getAddr() + 512);
        prepared.execute();

        near.success(77);
        assertThat(far.bytes(0, 8)).containsOnly(1);
        assertThat(far.bytes(512, 16)).containsOnly(2);
        assertThat(request.getOpcode()).isEqualTo(IbvSendWR.IBV_WR_RDMA_WRITE);
        assertThat(request.getNum_sge()).isEqualTo(1);
        assertThat(request.getSgeMod(0).getLength()).isEqualTo(16);

        request.setSend_flags(0);
        request.getSgeMod(0).setLkey(near.mr.getLkey());
        request.getRdmaMod().setRkey(far.mr.getRkey());
        request.getRdmaMod().setRemote_addr(far.mr.getAddr() + 1024);
        prepared.execute();
        prepared.free();
        near.post(End.request(78, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8)));

        near.success(78);
        assertThat(far.bytes(1024, 16)).containsOnly(2);
    }

    @Test
    void whatTheProgramChangesInItsOwnRequestLaterChangesNothing() throws IOException {
        IbvSge entry = near.sge(0, 8);
        near.fill(0, 8, 5);
        IbvSendWR request = End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, entry);
        SVCPostSend prepared = near.qp.postSend(List.of(request), null);

        entry.setAddr(0);
        request.setOpcode(99);
        prepared.execute();

        near.success(1);
        assertThat(far.bytes(0, 8)).containsOnly(5);
    }

    @Test
    void receivesAreFlushedAsReceivesWhenTheConnectionEnds() throws IOException {
        near.post(End.receive(21, near.sge(0, 8)), End.receive(-22, near.sge(8, 8)));

        far.id.disconnect();
        Wire.event(wire.nearChannel, EventType.RDMA_CM_EVENT_DISCONNECTED);

        for (long id : new long[] {21, -22}) {
            IbvWC flushed = near.completion();
            assertThat(flushed.getStatus()).isEqualTo(FLUSHED);
            assertThat(flushed.getWr_id()).isEqualTo(id);
            assertThat(flushed.getOpcode() & RECV).isEqualTo(RECV);
            assertThat(flushed.getQp_num()).isEqualTo(near.qp.getQp_num());
        }
        assertThat(near.isQuiet()).isTrue();
        assertThat(near.qp.getState()).isEqualTo(IbvQP.IBV_QPS_ERR);
    }

    @Test
    void aFailureNamesItsRequestItsReasonAndItsQueuePair() throws IOException {
        IbvSendWR request = End.request(5, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8));
        request.getRdma().setRkey(far.mr.getRkey() ^ 0x5a00);

        near.post(request);

        IbvWC failed = near.completion();
        assertThat(failed.getStatus()).isEqualTo(IbvWC.IbvWcStatus.IBV_WC_REM_ACCESS_ERR.ordinal());
        assertThat(failed.getWr_id()).isEqualTo(5);
        assertThat(failed.getQp_num()).isEqualTo(near.qp.getQp_num());
        assertThat(failed.getOpcode() & RECV).isZero();
    }

    @Test
    void manyReadsMayBeUnderWay() throws IOException {
        for (int i = 0; i < End.SLOTS; i++) {
            far.buffer.putInt(4 * i, i);
        }

        for (int i = 0; i < End.SLOTS; i++) {
            near.post(End.request(i, IbvSendWR.IBV_WR_RDMA_READ, far, 4 * i, near.sge(4 * i, 4)));
        }

        for (int i = 0; i < End.SLOTS; i++) {
            near.success(i);
            assertThat(near.buffer.getInt(4 * i)).isEqualTo(i);
        }
    }

    @Test
    void anEventComesForACompletionAndOnlyForOne() throws IOException {
        near.cq.reqNotification(false).execute().free();
        assertThat(near.channel.getCqEvent(near.cq, 0)).isFalse();

        near.post(End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, far, 0, near.sge(0, 8)));

        assertThat(near.channel.getCqEvent(near.cq, Wire.PATIENCE_MS)).isTrue();
        near.cq.ackEvents(1000);
        near.success(1);
        assertThat(near.channel.getCqEvent(near.cq, 50)).isFalse();
    }

    @Test
    void aDirectBufferLivesAsLongAsItsRegion() throws IOException {
        long address = registerAndForget();

        for (int i = 0; i < 3; i++) {
            System.gc();
        }

        // A buffer of the same size would take the place of one that was freed.
        List<ByteBuffer> others = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            others.add(ByteBuffer.allocateDirect(1 << 20));
        }
        assertThat(others).noneMatch(buffer -> MemorySegment.ofBuffer(buffer).address() == address);
    }

    private long registerAndForget() throws IOException {
        return near.pd
                .regMr(
                        ByteBuffer.allocateDirect(1 << 20),
                        End.ALL & ~com.ibm.disni.verbs.IbvMr.IBV_ACCESS_REMOTE_ATOMIC)
                .execute()
                .free()
                .getMr()
                .getAddr();
    }

    @Test
    void privateDataReachesThePassiveSide() throws Exception {
        byte[] text = "who are you".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer data = ByteBuffer.allocateDirect(text.length).put(0, text);
        RdmaConnParam parameters = Wire.parameters();
        parameters.setPrivate_data(MemorySegment.ofBuffer(data).address());
        parameters.setPrivate_data_len((byte) text.length);

        try (Wire other = new Wire(RdmaCm.RDMA_PS_TCP, IbvQP.IBV_QPT_RC, parameters)) {
            RdmaConnParam told = other.request.getConn();

            assertThat(told.getPrivate_data_len()).isGreaterThanOrEqualTo((byte) text.length);
            assertThat(told.getRetry_count()).isEqualTo((byte) 6);
            assertThat(new String(read(told), StandardCharsets.US_ASCII)).startsWith("who are you");
        }
    }

    @SuppressWarnings("restricted")
    private static byte[] read(RdmaConnParam told) {
        return MemorySegment.ofAddress(told.getPrivate_data())
                .reinterpret(Byte.toUnsignedInt(told.getPrivate_data_len()))
                .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }

    @Test
    void aDatagramFindsItsWay() throws Exception {
        try (Wire datagrams = new Wire(RdmaCm.RDMA_PS_UDP, IbvQP.IBV_QPT_UD, Wire.parameters())) {
            End sender = datagrams.near;
            End receiver = datagrams.far;
            DatagramDestination to = VerbenaDisni.destination(sender.pd, datagrams.established);
            receiver.post(End.receive(1, receiver.sge(0, 40 + 16)));
            sender.buffer.putLong(0, 4711);
            IbvSendWR request = End.request(2, IbvSendWR.IBV_WR_SEND, sender.sge(0, 8), sender.sge(8, 8));
            request.getUd().setAh(to.addressHandle());
            request.getUd().setRemote_qpn(to.queuePairNumber());
            request.getUd().setRemote_qkey(to.queueKey());

            sender.post(request);

            sender.success(2);
            assertThat(receiver.success(1).getByte_len()).isEqualTo(40 + 16);
            assertThat(receiver.buffer.getLong(40)).isEqualTo(4711);
        }
    }
}
