package dev.verbena.cli;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.verbena.cli.DemoProtocol.Hello;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The memory and the messages of one half of the demo. Whoever writes an outgoing buffer calls {@link #drain} first: what
 * was sent from it has left by then.
 *
 * <p>Threading: one thread.
 */
final class DemoSide {
    static final int SEND_SLOTS = 16;
    static final int RECEIVE_SLOTS = 16;

    private static final int CONTROL_SLOT_BYTES = 64;

    private final RcEndpoint link;
    private final Completions completions;
    private final Duration timeout;
    private final int bytes;
    private final TestPattern pattern;
    private final TestPattern small = new TestPattern(DemoProtocol.SMALL_BYTES);
    private final TestPattern large = new TestPattern(DemoProtocol.BULK_BYTES);
    private final long slotBytes;
    private final MemoryRegion incoming;
    private final MemoryRegion outgoing;
    private final MemoryRegion window;
    private final MemoryRegion bulk;
    private Hello peer = new Hello(1, 0, 0);
    private int sendsPending;

    /**
     * A message that arrived.
     *
     * @param slot where it lies
     * @param lengthBytes its length
     * @param isWrite whether it announces a WRITE
     * @param hasImmediate whether it has immediate data
     * @param immediate the immediate data
     */
    record Received(int slot, int lengthBytes, boolean isWrite, boolean hasImmediate, int immediate) {}

    /** Allocates and registers all memory, and posts the receives: the queue pair is in INIT. */
    DemoSide(RcEndpoint link, Completions completions, int bytes, Duration timeout) {
        this.link = link;
        this.completions = completions;
        this.bytes = bytes;
        this.timeout = timeout;
        this.pattern = new TestPattern(bytes);
        this.slotBytes = (Math.max(bytes, DemoProtocol.CONTROL_BYTES) + 63L) & -64L;
        this.incoming = link.pd().allocate(RECEIVE_SLOTS * slotBytes, AccessFlags.LOCAL_WRITE);
        // The control message, the result of an atomic, then the payload.
        this.outgoing = link.pd().allocate(2 * CONTROL_SLOT_BYTES + slotBytes, AccessFlags.LOCAL_WRITE);
        this.window = link.pd()
                .allocate(
                        DemoProtocol.bulkOffset(bytes) + DemoProtocol.BULK_BYTES,
                        AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
        this.bulk = link.pd().allocate(DemoProtocol.BULK_BYTES, AccessFlags.LOCAL_WRITE);
        for (int slot = 0; slot < RECEIVE_SLOTS; slot++) {
            postReceive(slot);
        }
    }

    Hello hello() {
        return new Hello(bytes, window.address(), window.rkey());
    }

    void peer(Hello hello) {
        if (hello.bytes() != bytes) {
            throw new Failure(
                    Failure.Code.FAILED, "the peer speaks of " + hello.bytes() + " bytes instead of " + bytes);
        }
        peer = hello;
    }

    void postReceive(int slot) {
        link.posted(
                "ibv_post_recv",
                link.qp().postReceive(slot, incoming.address() + slot * slotBytes, (int) slotBytes, incoming.lkey()));
    }

    /** Waits for a message. */
    Received receive(String what, Duration wait) throws InterruptedException {
        Deadline deadline = Deadline.in(wait);
        Received received = step(what, deadline);
        while (received == null) {
            received = step(what, deadline);
        }
        return received;
    }

    /** Waits for one completion: a message, or null for a request of this side. */
    @Nullable
    Received step(String what) throws InterruptedException {
        return step(what, Deadline.in(timeout));
    }

    private @Nullable Received step(String what, Deadline deadline) throws InterruptedException {
        int index = completions.next(deadline, what);
        WorkCompletions batch = completions.batch();
        if (!batch.isReceive(index)) {
            sendsPending--;
            return null;
        }
        return new Received(
                (int) batch.id(index),
                batch.lengthBytes(index),
                batch.opcode(index) == CompletionOpcode.RECV_RDMA_WITH_IMM,
                (batch.flags(index) & WorkCompletions.WITH_IMMEDIATE) != 0,
                batch.immediate(index));
    }

    /** Whether another request can be posted. */
    boolean hasFreeSend() {
        return sendsPending < SEND_SLOTS;
    }

    Received receive(String what) throws InterruptedException {
        return receive(what, timeout);
    }

    /** Waits until every request has completed. */
    void drain(String what) throws InterruptedException {
        if (sendsPending == 0) {
            return;
        }
        Deadline deadline = Deadline.in(timeout);
        while (sendsPending > 0) {
            int index = completions.next(deadline, what);
            if (completions.batch().isReceive(index)) {
                throw new Failure(Failure.Code.FAILED, "the peer spoke out of turn during " + what);
            }
            sendsPending--;
        }
    }

    private void sent(String what, int result) {
        link.posted(what, result);
        sendsPending++;
    }

    private QueuePair qp() {
        return link.qp();
    }

    private long payloadAddress() {
        return outgoing.address() + 2 * CONTROL_SLOT_BYTES;
    }

    private long resultAddress() {
        return outgoing.address() + CONTROL_SLOT_BYTES;
    }

    private long remoteWord() {
        return peer.windowAddress() + DemoProtocol.wordOffset(bytes);
    }

    // ---------------------------------------------------------------- payloads

    /** Prepares the payload of a number. */
    void fillPayload(int number) {
        pattern.fill(outgoing.memory(), 2 * CONTROL_SLOT_BYTES, number);
    }

    /** Sets what a READ is to replace. */
    void clearPayload() {
        outgoing.memory().asSlice(2 * CONTROL_SLOT_BYTES, bytes).fill((byte) 0);
    }

    /** The first byte of the payload that is not the number's, -1 when all are. */
    long payloadMismatch(int number) {
        return pattern.mismatch(outgoing.memory(), 2 * CONTROL_SLOT_BYTES, number);
    }

    long receivedMismatch(Received received, int number) {
        return received.lengthBytes() == bytes
                ? pattern.mismatch(incoming.memory(), received.slot() * slotBytes, number)
                : 0;
    }

    void sendPayload() {
        sent("ibv_post_send SEND", qp().postSend(0, payloadAddress(), bytes, outgoing.lkey(), SendFlags.SIGNALED));
    }

    void writePayload() {
        sent(
                "ibv_post_send RDMA_WRITE",
                qp().postWrite(
                                0,
                                payloadAddress(),
                                bytes,
                                outgoing.lkey(),
                                peer.windowAddress(),
                                peer.windowKey(),
                                SendFlags.SIGNALED));
    }

    void writePayloadWithImmediate(int immediate) {
        sent(
                "ibv_post_send RDMA_WRITE_WITH_IMM",
                qp().postWriteWithImmediate(
                                0,
                                payloadAddress(),
                                bytes,
                                outgoing.lkey(),
                                peer.windowAddress(),
                                peer.windowKey(),
                                immediate,
                                SendFlags.SIGNALED));
    }

    void readPayload() {
        sent(
                "ibv_post_send RDMA_READ",
                qp().postRead(
                                0,
                                payloadAddress(),
                                bytes,
                                outgoing.lkey(),
                                peer.windowAddress(),
                                peer.windowKey(),
                                SendFlags.SIGNALED));
    }

    // ---------------------------------------------------------------- the window

    void fillWindow(int number) {
        pattern.fill(window.memory(), 0, number);
    }

    void clearWindow() {
        window.memory().asSlice(0, bytes).fill((byte) 0);
    }

    long windowMismatch(int number) {
        return pattern.mismatch(window.memory(), 0, number);
    }

    void word(long value) {
        window.memory().set(JAVA_LONG, DemoProtocol.wordOffset(bytes), value);
    }

    long word() {
        return window.memory().get(JAVA_LONG, DemoProtocol.wordOffset(bytes));
    }

    // ---------------------------------------------------------------- streams

    void fillBulk(int number) {
        large.fill(bulk.memory(), 0, number);
    }

    void clearBulk() {
        bulk.memory().fill((byte) 0);
    }

    /** The first of so many bytes that is not the number's, -1 when all are. */
    long bulkMismatch(int number, long lengthBytes) {
        return large.mismatch(bulk.memory(), 0, number, lengthBytes);
    }

    void fillWindowBulk(int number) {
        large.fill(window.memory(), DemoProtocol.bulkOffset(bytes), number);
    }

    /** The same in the window, which is cleared. */
    long windowBulkMismatch(int number, long lengthBytes) {
        long offset = DemoProtocol.bulkOffset(bytes);
        long mismatch = large.mismatch(window.memory(), offset, number, lengthBytes);
        window.memory().asSlice(offset, DemoProtocol.BULK_BYTES).fill((byte) 0);
        return mismatch;
    }

    private static long bulkPlace(int lengthBytes, long count) {
        return count * lengthBytes % DemoProtocol.BULK_BYTES;
    }

    void writeBulk(int lengthBytes, long count) {
        long place = bulkPlace(lengthBytes, count);
        sent(
                "ibv_post_send RDMA_WRITE",
                qp().postWrite(
                                0,
                                bulk.address() + place,
                                lengthBytes,
                                bulk.lkey(),
                                peer.windowAddress() + DemoProtocol.bulkOffset(bytes) + place,
                                peer.windowKey(),
                                SendFlags.SIGNALED));
    }

    void readBulk(int lengthBytes, long count) {
        long place = bulkPlace(lengthBytes, count);
        sent(
                "ibv_post_send RDMA_READ",
                qp().postRead(
                                0,
                                bulk.address() + place,
                                lengthBytes,
                                bulk.lkey(),
                                peer.windowAddress() + DemoProtocol.bulkOffset(bytes) + place,
                                peer.windowKey(),
                                SendFlags.SIGNALED));
    }

    /** Sends the small message of a number; the one that had its place has completed. */
    void sendSmall(long number) {
        long place = number % SEND_SLOTS * DemoProtocol.SMALL_BYTES;
        small.fill(bulk.memory(), place, (int) number);
        sent(
                "ibv_post_send SEND",
                qp().postSend(0, bulk.address() + place, DemoProtocol.SMALL_BYTES, bulk.lkey(), SendFlags.SIGNALED));
    }

    boolean isSmall(Received received, long number) {
        return received.lengthBytes() == DemoProtocol.SMALL_BYTES
                && small.mismatch(incoming.memory(), received.slot() * slotBytes, (int) number) < 0;
    }

    /** Tells that the receives of some small messages are posted again. */
    void sendCredit() {
        sent(
                "ibv_post_send SEND_WITH_IMM",
                qp().postSendWithImmediate(
                                0,
                                outgoing.address(),
                                DemoProtocol.CONTROL_BYTES,
                                outgoing.lkey(),
                                DemoProtocol.Request.STREAM.number(),
                                SendFlags.SIGNALED));
    }

    // ---------------------------------------------------------------- atomics

    void compareAndSwap(long expected, long wanted) {
        sent(
                "ibv_post_send ATOMIC_CMP_AND_SWP",
                qp().postCompareAndSwap(
                                0,
                                resultAddress(),
                                outgoing.lkey(),
                                remoteWord(),
                                peer.windowKey(),
                                expected,
                                wanted,
                                SendFlags.SIGNALED));
    }

    void fetchAndAdd(long add) {
        sent(
                "ibv_post_send ATOMIC_FETCH_AND_ADD",
                qp().postFetchAndAdd(
                                0,
                                resultAddress(),
                                outgoing.lkey(),
                                remoteWord(),
                                peer.windowKey(),
                                add,
                                SendFlags.SIGNALED));
    }

    /** What an atomic found. */
    long result() {
        return outgoing.memory().get(JAVA_LONG, CONTROL_SLOT_BYTES);
    }

    // ---------------------------------------------------------------- control

    /** Sends a request, or the answer to one. */
    void sendControl(int number, long first, long second) throws InterruptedException {
        drain("a control message");
        MemorySegment memory = outgoing.memory();
        memory.set(JAVA_LONG, 0, first);
        memory.set(JAVA_LONG, Long.BYTES, second);
        sent(
                "ibv_post_send SEND_WITH_IMM",
                qp().postSendWithImmediate(
                                0,
                                outgoing.address(),
                                DemoProtocol.CONTROL_BYTES,
                                outgoing.lkey(),
                                number,
                                SendFlags.SIGNALED));
    }

    /** A value of a control message. */
    long controlValue(Received received) {
        return incoming.memory().get(JAVA_LONG, received.slot() * slotBytes);
    }

    /** Asks the other side for something and waits for the answer. */
    long ask(DemoProtocol.Request request, long argument) throws InterruptedException {
        sendControl(request.number(), argument, 0);
        Received answer = receive("the answer to " + request);
        if (answer.isWrite() || !answer.hasImmediate() || answer.immediate() != request.number()) {
            throw new Failure(Failure.Code.FAILED, "the answer to " + request + " is no such answer");
        }
        long value = controlValue(answer);
        postReceive(answer.slot());
        return value;
    }
}
