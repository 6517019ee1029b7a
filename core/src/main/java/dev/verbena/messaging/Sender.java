package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegistrationCache;
import dev.verbena.metrics.Counters;
import dev.verbena.netty.BlockByteBuf;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.Receives;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.ScatterGatherList;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jctools.queues.varhandle.MpscChunkedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The outgoing direction of a connection: messages and control frames become send requests as credits and slots allow.
 * Part of the core; applications use {@code Connection}.
 *
 * <p>Short messages are copied behind their header and the buffer is released at once. Longer ones are gathered from
 * header and buffer, or the parts of a composite one, which are kept until the device is done. What does not fit the peer's receive buffers is offered, and
 * the peer reads it.
 *
 * <p>Threading: {@link #send}, {@link #trySend} any thread; the rest the loop's. Hot path: {@link #trySend},
 * {@link #tryClaim}.
 */
public final class Sender {
    /** Slots that data leaves for control frames and READs. */
    private static final int SLOTS_KEPT = 32;

    private static final int SUBMISSIONS_MAX = 1 << 14;
    /** So many at a time, so that an idle connection does not have room for all of them. */
    private static final int SUBMISSIONS_CHUNK = 64;

    private static final int PENDING_MAX = 1 << 16;
    /** More than the shares that there can be, each given and taken back. */
    private static final int CONTROLS_MAX = 1 << 18;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record ControlFrame(int kind, byte[] body) {}

    private final ChannelOwner owner;
    private final SendRing ring;
    private final Receives receives;
    private final Credits credits;
    private final RegisteredByteBufAllocator allocator;
    private final Counters counters;
    private final ByteBuffer memory;
    /** The same, for copies: its limit moves. */
    private final ByteBuffer window;

    private final MemorySegment segment;
    private final int slotMax;
    private final ScatterGatherList list;
    private final Gathering gathering;
    private final ArrayDeque<SendRequest> pending = new ArrayDeque<>();
    private final Queue<Object> submissions = new MpscChunkedVarHandleArrayQueue<>(SUBMISSIONS_CHUNK, SUBMISSIONS_MAX);
    private final ArrayDeque<ControlFrame> controls = new ArrayDeque<>();
    private final OutgoingTransfers transfers;
    private final LongSource.Ways ways;

    /** What is copied behind its header: it fits a slot here and a receive there. */
    private int copyMax;

    private int eagerMax;
    private boolean claimed;
    private boolean handedOverWaits;
    private @Nullable Runnable afterClaim;
    private volatile boolean open;
    private volatile @Nullable ConnectionException ended;

    /** A direction that is not open yet. */
    public Sender(
            ChannelOwner owner,
            SendRing ring,
            ReceiveWindow window,
            RegisteredByteBufAllocator allocator,
            RegistrationCache cache,
            int registerMinBytes,
            ProtectionDomain pd,
            MemorySegment ringMemory,
            Counters counters) {
        this.owner = owner;
        this.ring = ring;
        this.receives = window.receives();
        this.credits = window.credits();
        this.allocator = allocator;
        this.ways = new LongSource.Ways(pd, allocator, cache, registerMinBytes);
        this.transfers = new OutgoingTransfers(owner, this);
        this.list = new ScatterGatherList(ring.entriesMax());
        this.gathering = new Gathering(ways, ring.entriesMax() - 1, counters);
        this.segment = ringMemory;
        this.memory = ring.memory();
        this.window = memory.duplicate();
        this.slotMax = ring.slotBytes() - Frame.HEADER_BYTES;
        this.copyMax = slotMax;
        this.counters = counters;
    }

    /** The peer is known: it takes frames up to a length. */
    public void open(int frameMaxBytes) {
        eagerMax = frameMaxBytes - Frame.HEADER_BYTES;
        copyMax = Math.min(slotMax, eagerMax);
        open = true;
        owner.touch();
    }

    /** Takes no more messages; what was taken is still sent. */
    public void stop() {
        open = false;
    }

    /** Whether nothing waits to be posted, or to be read by the peer. */
    public boolean isDrained() {
        return pending.isEmpty() && submissions.isEmpty() && controls.isEmpty() && transfers.isEmpty();
    }

    /** Whether messages wait for the peer's credits. */
    public boolean isHeldBack() {
        return !credits.canSendData() && !(pending.isEmpty() && submissions.isEmpty());
    }

    /** Long messages that the peer has not answered. */
    public int offersUnderWay() {
        return transfers.size();
    }

    // ---------------------------------------------------------------- for the application

    /** Longest message that can be claimed. */
    public int claimMax() {
        return copyMax;
    }

    /** Sends, or answers a {@link SendResult} and leaves the buffer with the caller. */
    public int trySend(ByteBuf message, int type) {
        if (!open) {
            return SendResult.CLOSED;
        }
        if (!owner.isLoopThread()) {
            return submit(type == 0 ? message : new SendRequest(message, type));
        }
        if (!pending.isEmpty() || !canPost()) {
            counters.sendStalls++;
            return SendResult.BACK_PRESSURED;
        }
        post(message, type, null);
        return SendResult.SENT;
    }

    /**
     * Sends memory of the program, which is free again when the future completes. What is short is copied at once.
     *
     * @param progress told on the loop's thread how much of a long message the peer has
     */
    public CompletableFuture<Void> send(OwnedMemory memory, int type, LongConsumer progress) {
        long length = memory.lengthBytes();
        if (length < ways.registerMinBytes()) {
            ByteBuf copy = allocator.directBuffer((int) Math.max(1, length));
            MemorySegment.copy(memory.memory(), 0, MemorySegment.ofBuffer(copy.nioBuffer(0, (int) length)), 0, length);
            return send(copy.writerIndex((int) length), type);
        }
        return send(new SendRequest.OfMemory(memory, type, progress));
    }

    private int submit(Object message) {
        if (!submissions.offer(message)) {
            return SendResult.BACK_PRESSURED;
        }
        owner.schedule();
        ConnectionException end = ended;
        if (end != null) {
            failSubmissions(end);
        }
        return SendResult.SENT;
    }

    /** Sends; takes the buffer always. */
    public CompletableFuture<Void> send(ByteBuf message, int type) {
        return send(new SendRequest(message, type));
    }

    private CompletableFuture<Void> send(SendRequest request) {
        if (!open) {
            ConnectionException end = ended;
            request.onDone(end != null ? end : owner.whyClosed());
        } else if (!owner.isLoopThread()) {
            if (submit(request) != SendResult.SENT) {
                request.onDone(tooManyWaiting());
            }
        } else if (!claimed && pending.isEmpty() && canPost()) {
            postRequest(request);
        } else if (pending.size() < PENDING_MAX) {
            counters.sendStalls++;
            pending.add(request);
        } else {
            request.onDone(tooManyWaiting());
        }
        return request;
    }

    private static ConnectionException tooManyWaiting() {
        return new ConnectionException(
                Reason.BACK_PRESSURE,
                "too many messages are waiting to be sent on this connection; wait for their futures, or use trySend");
    }

    /** Claims the next slot for a message of a length. */
    public int tryClaim(int lengthBytes, int type, Claim claim) {
        if (!owner.isLoopThread()) {
            throw new IllegalStateException(
                    "claims are for the loop's thread; from another one, send a buffer of the allocator");
        }
        if (lengthBytes < 0 || lengthBytes > copyMax) {
            return SendResult.TOO_LONG;
        }
        if (!open) {
            return SendResult.CLOSED;
        }
        if (!pending.isEmpty() || !canPost()) {
            counters.sendStalls++;
            return SendResult.BACK_PRESSURED;
        }
        claimed = true;
        int at = ring.slotOffset() + Frame.HEADER_BYTES;
        claim.begin(this, segment, at, lengthBytes, type);
        return at;
    }

    /** Takes data credits for WRITEs with immediate, each of which takes one of the peer's receives: all, or none. */
    public boolean tryTakeDataCredits(int count) {
        if (!canPost() || credits.data() < count) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            credits.useData();
        }
        return true;
    }

    /** Data credits that there can be at most. */
    public int peerWindow() {
        return credits.peerWindow();
    }

    /** Whether a slot is claimed: then no other request may take it. */
    public boolean isClaimed() {
        return claimed;
    }

    void commitClaim(int lengthBytes, int type) {
        claimEnded();
        if (ended != null) {
            return;
        }
        credits.useData();
        counters.messagesSent++;
        counters.bytesSent += lengthBytes;
        writeHeader(Frame.DATA, type, lengthBytes);
        ring.postSlot(Frame.HEADER_BYTES + lengthBytes, null);
    }

    void abortClaim() {
        claimEnded();
    }

    private void claimEnded() {
        claimed = false;
        // Whatever waited for it, and what was staged before it, goes out at the end of the turn.
        owner.touch();
        Runnable waiting = afterClaim;
        if (waiting != null) {
            afterClaim = null;
            waiting.run();
        }
    }

    /** Runs it when no claim is open: now, or when the program is done with the memory that it claimed. */
    public void whenUnclaimed(Runnable task) {
        if (claimed) {
            afterClaim = task;
        } else {
            task.run();
        }
    }

    // ---------------------------------------------------------------- posting

    private boolean canPost() {
        if (claimed) {
            throw new IllegalStateException("a claim is open: commit or abort it first");
        }
        return credits.canSendData() && ring.free() > SLOTS_KEPT && !transfers.isFull();
    }

    private void writeHeader(int kind, int type, int lengthBytes) {
        Frame.write(
                memory, ring.slotOffset(), kind, credits.takeOwedControl(), credits.takeOwedData(), type, lengthBytes);
        if (!receives.covers(credits.granted())) {
            throw new IllegalStateException(credits.granted() + " credits are granted, " + receives.describe());
        }
    }

    private void post(ByteBuf message, int type, @Nullable SendRequest request) {
        int length = message.readableBytes();
        if (length <= copyMax) {
            postCopied(message, length, type, request);
        } else if (length <= eagerMax) {
            postGathered(message, length, type, request);
        } else {
            LongSource source = new LongSource(message, ways);
            offer(source, message, type, request);
            counters.copies += source.copies() ? 1 : 0;
        }
        counters.messagesSent++;
        counters.bytesSent += length;
    }

    private void postCopied(ByteBuf message, int length, int type, @Nullable SendRequest request) {
        int at = ring.slotOffset() + Frame.HEADER_BYTES;
        message.getBytes(message.readerIndex(), window.clear().position(at).limit(at + length));
        credits.useData();
        writeHeader(Frame.DATA, type, length);
        // Not before the header: whoever is told of an exception still has the message.
        message.release();
        ring.postSlot(Frame.HEADER_BYTES + length, request);
    }

    private void postGathered(ByteBuf message, int length, int type, @Nullable SendRequest request) {
        BlockByteBuf block = message.hasMemoryAddress() ? BlockByteBuf.of(message) : null;
        list.clear().add(ring.slotAddress(), Frame.HEADER_BYTES, ring.lkey());
        Object owner;
        if (block != null && ways.isOurs(block.block().region())) {
            list.add(message.memoryAddress() + message.readerIndex(), length, block.lkey());
            owner = message;
            if (request != null) {
                request.keep(message);
                owner = request;
            }
        } else {
            owner = gathering.gather(message, list, request);
        }
        credits.useData();
        writeHeader(Frame.DATA, type, length);
        ring.postList(list, owner);
    }

    private void offer(LongSource source, @Nullable ByteBuf message, int type, @Nullable SendRequest request) {
        int at = ring.slotOffset();
        int bodyAt = at + Frame.HEADER_BYTES;
        transfers.begin(
                source, message, request, window.clear().position(bodyAt).limit(bodyAt + Frame.OFFER_BODY_BYTES));
        credits.useData();
        writeHeader(Frame.OFFER, type, Frame.OFFER_BODY_BYTES);
        ring.postSlot(Frame.HEADER_BYTES + Frame.OFFER_BODY_BYTES, null);
    }

    private void postRequest(SendRequest request) {
        if (request instanceof SendRequest.OfMemory ofMemory) {
            postMemory(ofMemory);
            return;
        }
        ByteBuf message = request.takeBuffer();
        if (request.isDone()) {
            // Withdrawn.
            message.release();
            return;
        }
        try {
            post(message, request.type(), request);
        } catch (RuntimeException e) {
            message.release();
            request.completeExceptionally(e);
        }
    }

    private void postMemory(SendRequest.OfMemory request) {
        if (!request.take()) {
            // Withdrawn.
            return;
        }
        try {
            LongSource source = new LongSource(request.memory(), ways);
            offer(source, null, request.type(), request);
            counters.messagesSent++;
            counters.bytesSent += source.lengthBytes();
        } catch (RuntimeException e) {
            request.completeExceptionally(e);
        }
    }

    // ---------------------------------------------------------------- the end of a turn

    /** Sends what waits, as far as credits and slots allow, then returns credits if the peer needs them. */
    public void pump() {
        if (claimed || ended != null) {
            return;
        }
        pumpControls();
        while (canPost()) {
            Object next = pending.poll();
            if (next == null) {
                next = submissions.poll();
            }
            if (next == null) {
                break;
            }
            if (next instanceof SendRequest request) {
                postRequest(request);
            } else {
                postSubmitted((ByteBuf) next);
            }
        }
        boolean waiting = !submissions.isEmpty();
        if (waiting && !handedOverWaits) {
            // What other threads handed over counts once, however much it is: they do not see it wait.
            counters.sendStalls++;
        }
        handedOverWaits = waiting;
        if (!transfers.isEmpty()) {
            transfers.advance();
            pumpControls();
        }
        if (credits.owesHalf()) {
            returnCredits();
        }
    }

    private void postSubmitted(ByteBuf message) {
        try {
            post(message, 0, null);
        } catch (RuntimeException e) {
            // It was taken by trySend, so nobody else can be told.
            message.release();
            owner.fail(new ConnectionException(Reason.DEVICE, "a message could not be posted: " + e.getMessage(), e));
        }
    }

    private void pumpControls() {
        while (!controls.isEmpty() && credits.canSendControl() && ring.free() > 0) {
            ControlFrame frame = controls.remove();
            credits.useControl();
            writeHeader(frame.kind, 0, frame.body.length);
            memory.put(ring.slotOffset() + Frame.HEADER_BYTES, frame.body);
            ring.postSlot(Frame.HEADER_BYTES + frame.body.length, null);
        }
    }

    /** Returns credits in a frame of their own, if there are any to return and the peer has room for it. */
    public void returnCredits() {
        if (ended == null && !claimed && credits.canSendReturn() && ring.free() > 0) {
            credits.useControl();
            counters.creditFrames++;
            writeHeader(Frame.CREDIT, 0, 0);
            ring.postSlot(Frame.HEADER_BYTES, null);
        }
    }

    /** Sends a control frame as soon as there is a control credit. */
    public void control(int kind, byte[] body) {
        if (body.length > slotMax) {
            throw new IllegalArgumentException(body.length + " bytes of a control frame");
        }
        if (ended == null) {
            controls.add(new ControlFrame(kind, body));
            owner.touch();
            if (controls.size() > CONTROLS_MAX) {
                owner.fail(new ConnectionException(
                        Reason.PROTOCOL, CONTROLS_MAX + " control frames wait: the peer returns no control credits"));
            }
        }
    }

    /** The peer wants data credits back: it gets those that are not needed. */
    void giveBack(int wanted) {
        // An open claim has not taken its credit yet.
        int given = credits.giveBack(wanted, claimed ? 1 : 0);
        control(
                Frame.RETURNED,
                ByteBuffer.allocate(Frame.RECLAIM_BODY_BYTES).putInt(given).array());
    }

    /** Something has to be done at the end of this turn. */
    void touch() {
        owner.touch();
    }

    /** Says goodbye, after everything else; the owner is told when it has arrived. */
    public boolean tryGoodbye(SendRing.Outstanding arrived) {
        if (!credits.canSendControl() || ring.free() == 0) {
            return false;
        }
        credits.useControl();
        writeHeader(Frame.CLOSE, 0, 0);
        ring.postSlot(Frame.HEADER_BYTES, arrived);
        return true;
    }

    // ---------------------------------------------------------------- from the peer

    /** The peer has read an offered message, or does not want it; false when there is no such offer. */
    boolean onDone(int number, int status) {
        return transfers.onDone(number, status);
    }

    /** The peer has read so much of an offered message; false when that cannot be. */
    boolean onFetched(int number, long bytes) {
        return transfers.onFetched(number, bytes);
    }

    /** The connection has ended and the queue pair no longer touches memory: everything that waits gets the cause. */
    public void end(ConnectionException cause) {
        open = false;
        ended = cause;
        controls.clear();
        pending.forEach(request -> request.onDone(cause));
        pending.clear();
        transfers.end(cause);
        failSubmissions(cause);
    }

    private void failSubmissions(ConnectionException cause) {
        synchronized (submissions) {
            for (Object next = submissions.poll(); next != null; next = submissions.poll()) {
                if (next instanceof SendRequest request) {
                    request.onDone(cause);
                } else {
                    ((ByteBuf) next).release();
                }
            }
        }
    }
}
