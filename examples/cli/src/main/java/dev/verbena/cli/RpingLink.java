package dev.verbena.cli;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * One end of an rping(1) connection: its queue pair, its memory, and the few things both ends do.
 *
 * <p>Threading: one thread.
 */
final class RpingLink implements AutoCloseable {
    private static final int SEND_SLOTS = 16;
    private static final int RECEIVE_SLOTS = 2;

    private final RcEndpoint link;
    private final Completions completions;
    private final Duration timeout;
    private final MemoryRegion incoming;
    private final MemoryRegion outgoing;
    private final MemoryRegion data;
    private int sendsPending;

    /**
     * Makes it on a device.
     *
     * @param dataBytes of the memory that READs and WRITEs use
     */
    RpingLink(
            VerbsProvider provider, String device, int dataBytes, Completions.Connection connection, Duration timeout) {
        this.timeout = timeout;
        this.link = new RcEndpoint(provider, device, SEND_SLOTS, RECEIVE_SLOTS);
        try {
            completions = link.awaited(connection);
            incoming = link.pd().allocate(RECEIVE_SLOTS * RpingInfo.WIRE_BYTES, AccessFlags.LOCAL_WRITE);
            outgoing = link.pd().allocate(RpingInfo.WIRE_BYTES, AccessFlags.LOCAL_READ);
            data = shared(dataBytes);
        } catch (RuntimeException e) {
            link.close();
            throw e;
        }
    }

    /** More memory that the peer may read and write. */
    MemoryRegion shared(int bytes) {
        return link.pd().allocate(bytes, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_WRITE);
    }

    RcEndpoint endpoint() {
        return link;
    }

    MemorySegment data() {
        return data.memory();
    }

    MemoryRegion dataRegion() {
        return data;
    }

    /** Posts the receives; the queue pair is in INIT. */
    void postReceives() {
        for (int slot = 0; slot < RECEIVE_SLOTS; slot++) {
            postReceive(slot);
        }
    }

    private void postReceive(int slot) {
        link.posted(
                "ibv_post_recv",
                link.qp()
                        .postReceive(
                                slot,
                                incoming.address() + (long) slot * RpingInfo.WIRE_BYTES,
                                RpingInfo.WIRE_BYTES,
                                incoming.lkey()));
    }

    /** Tells the peer where memory lies. */
    void send(RpingInfo info, String what) throws InterruptedException {
        drain(what);
        info.write(outgoing.memory(), 0);
        sent(
                "ibv_post_send SEND",
                link.qp().postSend(0, outgoing.address(), RpingInfo.WIRE_BYTES, outgoing.lkey(), SendFlags.SIGNALED));
    }

    /** Waits for the peer's message. */
    RpingInfo receive(String what) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        int index = completions.next(deadline, what);
        while (!completions.batch().isReceive(index)) {
            sendsPending--;
            index = completions.next(deadline, what);
        }
        int length = completions.batch().lengthBytes(index);
        if (length != RpingInfo.WIRE_BYTES || completions.batch().opcode(index) != CompletionOpcode.RECV) {
            throw new Failure(
                    Failure.Code.FAILED,
                    what + ": the peer sent " + length + " bytes, rping sends " + RpingInfo.WIRE_BYTES);
        }
        int slot = (int) completions.batch().id(index);
        RpingInfo info = RpingInfo.read(incoming.memory(), (long) slot * RpingInfo.WIRE_BYTES);
        postReceive(slot);
        return info;
    }

    /** READs the peer's memory into {@link #data()}. */
    void read(RpingInfo from) throws InterruptedException {
        sent(
                "ibv_post_send RDMA_READ",
                link.qp()
                        .postRead(
                                0,
                                data.address(),
                                from.lengthBytes(),
                                data.lkey(),
                                from.address(),
                                from.rkey(),
                                SendFlags.SIGNALED));
        drain("the READ of the client's memory");
    }

    /** WRITEs the first bytes of {@link #data()} to the peer's memory. */
    void write(RpingInfo to, int bytes) throws InterruptedException {
        sent(
                "ibv_post_send RDMA_WRITE",
                link.qp()
                        .postWrite(0, data.address(), bytes, data.lkey(), to.address(), to.rkey(), SendFlags.SIGNALED));
        drain("the WRITE to the client's memory");
    }

    private void sent(String what, int result) {
        link.posted(what, result);
        sendsPending++;
    }

    private void drain(String what) throws InterruptedException {
        if (sendsPending == 0) {
            return;
        }
        Deadline deadline = Deadline.in(timeout);
        while (sendsPending > 0) {
            if (completions.batch().isReceive(completions.next(deadline, what))) {
                throw new Failure(Failure.Code.FAILED, what + ": the peer spoke out of turn");
            }
            sendsPending--;
        }
    }

    @Override
    public void close() {
        link.close();
    }
}
