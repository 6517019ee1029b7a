package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever a program does wrong, it gets an IOException that says what, and the JVM lives. */
@NullUnmarked
class BadInputTest {
    private static final int WRITE = IbvMr.IBV_ACCESS_LOCAL_WRITE;

    private Wire wire;
    private End near;
    private boolean closed;

    @BeforeEach
    void connect() throws Exception {
        wire = new Wire();
        near = wire.near;
    }

    @AfterEach
    void close() throws IOException {
        if (!closed) {
            wire.close();
        }
    }

    private static void refused(String text, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class).hasMessageContaining(text);
    }

    @Test
    void memoryThatADeviceCannotUseIsRefused() {
        IbvPd pd = near.pd;

        refused("the buffer to register is null", () -> pd.regMr(null, WRITE));
        refused(
                "a heap buffer moves",
                () -> pd.regMr(ByteBuffer.allocate(64), WRITE).execute());
        refused(
                "read-only",
                () -> pd.regMr(ByteBuffer.allocateDirect(64).asReadOnlyBuffer(), WRITE)
                        .execute());
        refused("are not writable memory of this process", () -> pd.regMr(0, 64, WRITE));
        refused("are not writable memory of this process", () -> pd.regMr(0x1000, 64, WRITE));
        refused("are not writable memory of this process", () -> pd.regMr(-4096, 64, WRITE));
        refused("length -1 is negative", () -> pd.regMr(near.mr.getAddr(), -1, WRITE));
        refused(
                "unknown access flags",
                () -> pd.regMr(ByteBuffer.allocateDirect(64), 1 << 30).execute());
        refused(
                "REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE",
                () -> pd.regMr(ByteBuffer.allocateDirect(64), IbvMr.IBV_ACCESS_REMOTE_WRITE)
                        .execute());
    }

    @Test
    void requestsThatMakeNoSenseAreRefused() {
        IbvQP qp = near.qp;
        IbvSendWR tooMany = End.request(1, IbvSendWR.IBV_WR_SEND, near.sge(0, 8));
        tooMany.setNum_sge(2);
        IbvSendWR half = End.request(1, IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, near.sge(0, 4));
        IbvSendWR inlineRead = End.request(1, IbvSendWR.IBV_WR_RDMA_READ, near.sge(0, 8));
        inlineRead.setSend_flags(IbvSendWR.IBV_SEND_INLINE);
        IbvSendWR longInline = End.request(1, IbvSendWR.IBV_WR_SEND, near.sge(0, End.BYTES));
        longInline.setSend_flags(IbvSendWR.IBV_SEND_INLINE);

        refused("the list of send requests is null", () -> qp.postSend(null, null));
        refused("the list of send requests is empty", () -> qp.postSend(List.of(), null));
        refused(
                "element 0 of the list of send requests is null",
                () -> qp.postSend(Arrays.asList((IbvSendWR) null), null));
        refused("the list of receives is null", () -> qp.postRecv(null, null));
        refused("opcode 99", () -> qp.postSend(List.of(End.request(1, 99, near.sge(0, 8))), null));
        refused("num_sge is 2, the list has 1", () -> qp.postSend(List.of(tooMany), null));
        refused("one entry of 8 bytes", () -> qp.postSend(List.of(half), null));
        refused(
                "no payload that could be inline",
                () -> qp.postSend(List.of(inlineRead), null).execute());
        refused(
                "inline bytes, the queue pair takes",
                () -> qp.postSend(List.of(longInline), null).execute());
        refused(
                "length -8",
                () -> qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_SEND, near.sge(0, -8))), null)
                        .execute());
        refused(
                "there is no request 1",
                () -> qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_SEND)), null)
                        .getWrMod(1));
        assertThatThrownBy(() -> qp.postSend(List.of(End.request(7, IbvSendWR.IBV_WR_SEND, near.sge(0, 8))), null)
                        .getWrMod(0)
                        .getSgeMod(1))
                .as("DiSNI declares no IOException there")
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("there is no entry 1, request 7 has 1");
    }

    @Test
    void datagramsThatNoDeviceSendsAreRefusedWhenTheyArePrepared() throws Exception {
        try (Wire datagrams = new Wire(RdmaCm.RDMA_PS_UDP, IbvQP.IBV_QPT_UD, Wire.parameters())) {
            End sender = datagrams.near;
            DatagramDestination to = VerbenaDisni.destination(sender.pd, datagrams.established);
            IbvSendWR write = End.request(1, IbvSendWR.IBV_WR_RDMA_WRITE, sender.sge(0, 8));
            write.getUd().setAh(to.addressHandle());
            IbvSendWR nowhere = End.request(1, IbvSendWR.IBV_WR_SEND, sender.sge(0, 8));

            refused("a datagram is a SEND", () -> sender.qp.postSend(List.of(write), null));
            refused("there is no address handle 0", () -> sender.qp.postSend(List.of(nowhere), null));
        }
    }

    @Test
    void callsThatWereFreedAreRefused() throws IOException {
        SVCPostSend send = near.qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_SEND, near.sge(0, 8))), null);
        SVCPostRecv receive = near.qp.postRecv(List.of(End.receive(1, near.sge(0, 8))), null);
        SVCPollCq poll = near.cq.poll(new IbvWC[1], 1);
        SVCReqNotify notify = near.cq.reqNotification(false);
        SVCRegMr register = near.pd.regMr(ByteBuffer.allocateDirect(64), WRITE);
        IbvMr region = register.execute().getMr();
        SVCDeregMr deregister = region.deregMr();

        register.free();
        deregister.free();
        send.free();
        receive.free();
        poll.free();
        notify.free();

        refused("was freed", send::execute);
        refused("was freed", receive::execute);
        refused("was freed", poll::execute);
        refused("was freed", notify::execute);
        refused("was freed", register::execute);
        refused("was freed", deregister::execute);
        assertThat(region.isOpen()).isTrue();
        region.deregMr().execute().free();
    }

    @Test
    void whatIsClosedIsRefusedByName() throws IOException {
        SVCPostSend send = near.qp.postSend(List.of(End.request(1, IbvSendWR.IBV_WR_SEND, near.sge(0, 8))), null);
        SVCPostRecv receive = near.qp.postRecv(List.of(End.receive(1, near.sge(0, 8))), null);
        SVCPollCq poll = near.cq.poll(new IbvWC[1], 1);

        wire.close();
        closed = true;

        refused("is closed", send::execute);
        refused("is closed", receive::execute);
        refused("is closed", () -> near.qp.postSend(List.of(End.request(1, 2, near.sge(0, 8))), null));
        refused("is closed", () -> near.id.disconnect());
        refused("is closed", () -> near.id.destroyId());
        refused("is closed", () -> near.id.getSource());
        refused("is closed", () -> near.mr.deregMr().execute());
        refused("is closed", () -> near.pd.regMr(ByteBuffer.allocateDirect(8), WRITE));
        refused("is closed", () -> near.channel.getCqEvent(near.cq, 0));
        refused("is closed", () -> near.channel.destroyCompChannel());
        refused("is closed", poll::execute);
        refused("is closed", () -> wire.nearChannel.getCmEvent(0));
        refused("is closed", () -> wire.nearChannel.createId(RdmaCm.RDMA_PS_TCP));
    }

    @Test
    void aQueuePairIsDestroyedOnceWhoeverAsks() throws IOException {
        near.id.destroyQP();

        near.id.destroyQP();
        near.id.destroyEp();

        assertThat(near.qp.isOpen()).isFalse();
        refused("is closed", () -> near.id.destroyQP());
        closed = true;
        wire.far.close();
        wire.listener.destroyId();
        wire.nearChannel.destroyEventChannel();
        wire.farChannel.destroyEventChannel();
    }

    @Test
    void queuesThatCannotBeMadeAreRefused() throws Exception {
        refused("the array for completions is null", () -> near.cq.poll(null, 1));
        refused("2 completions are to go into an array of 1", () -> near.cq.poll(new IbvWC[1], 2));
        refused("entries 0", () -> near.id.getVerbs().createCQ(near.channel, 0, 0));
        refused("vector", () -> near.id.getVerbs().createCQ(near.channel, 8, 9999));
        refused("attributes of the queue pair are null", () -> near.id.createQP(near.pd, null));
        refused("send completion queue is null", () -> near.id.createQP(near.pd, new IbvQPInitAttr()));
        refused("protection domain is null", () -> near.id.createQP(null, End.attributes(near.cq, IbvQP.IBV_QPT_RC)));
        refused("queue pair type 77", () -> near.id.createQP(near.pd, End.attributes(near.cq, (byte) 77)));
        IbvQPInitAttr greedy = End.attributes(near.cq, IbvQP.IBV_QPT_RC);
        greedy.cap().setMax_send_wr(-1);
        refused("sendSlots", () -> near.id.createQP(near.pd, greedy));
        IbvPd foreign = new IbvPd(near.id.getVerbs());
        refused("was not made by Verbena", () -> near.id.createQP(foreign, End.attributes(near.cq, IbvQP.IBV_QPT_RC)));
    }

    @Test
    void wrongAddressesAndPortsAreRefused() throws Exception {
        RdmaEventChannel channel = RdmaEventChannel.createEventChannel();
        RdmaCmId id = channel.createId(RdmaCm.RDMA_PS_TCP);
        SocketAddress taken = wire.listener.getSource();

        refused("the address to bind to is null", () -> id.bindAddr(null));
        refused("EADDRINUSE", () -> id.bindAddr(taken));
        refused("203.0.113.1", () -> id.bindAddr(new InetSocketAddress("203.0.113.1", 1)));
        refused("no host has the name", () -> id.bindAddr(InetSocketAddress.createUnresolved("no.such.host", 1)));
        refused("the destination is null", () -> id.resolveAddr(null, null, 100));
        refused("timeout -1 ms is negative", () -> id.resolveAddr(null, (InetSocketAddress) taken, -1));
        refused("has no device yet", () -> id.connect(Wire.parameters()));
        refused("port space 0x0007", () -> channel.createId((short) 7));
        channel.destroyEventChannel();
    }

    @Test
    void privateDataThatIsNotThereIsRefused() throws Exception {
        RdmaConnParam parameters = Wire.parameters();
        parameters.setPrivate_data(0x1000);
        parameters.setPrivate_data_len((byte) 8);

        refused("8 bytes at 0x1000 are not readable memory", () -> near.id.connect(parameters));
        refused("the connection parameters are null", () -> near.id.connect(null));
    }
}
