package dev.verbena.messaging;

import dev.verbena.metrics.Counters;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.ReceiveRing;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.VerbsException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Queue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The incoming direction of a connection: frames are checked, messages delivered in order, long ones read, receives posted
 * again and their credits owed. Part of the core; applications use {@code Connection}.
 *
 * <p>Threading: the loop's thread, but for {@link #released}. Hot path: {@link #onFrame}, {@link #flush}.
 */
public final class Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);
    /** Long messages that are read at a time; the others of {@link Sender#TRANSFERS_MAX} wait. */
    private static final int READING_MAX = 4;
    /** So long that a READ costs its bytes, so short that other work gets its turn. */
    private static final int PIECE_BYTES = 4 << 20;
    /** Slots of the send ring that READs leave for frames. */
    private static final int SLOTS_KEPT = 16;

    private final ChannelOwner owner;
    private final ReceiveRing ring;
    private final SendRing sends;
    private final Credits credits;
    private final Sender sender;
    private final RegisteredByteBufAllocator allocator;
    private final Counters counters;
    private final ByteBuffer memory;
    private final ReceivedByteBuf[] buffers;
    private final Queue<ReceivedByteBuf> releasedElsewhere;
    private final long messageMaxBytes;

    /** Messages that cannot be delivered yet, in the peer's order: a {@link ReceivedByteBuf} or a transfer. */
    private final ArrayDeque<Object> order = new ArrayDeque<>();

    private final ArrayDeque<IncomingTransfer> transfers = new ArrayDeque<>();
    private @Nullable MessageHandler handler;
    private int pieceMax = PIECE_BYTES;
    private int readDepth = 1;
    private int readsUnderWay;
    private long frames;
    private int dataToRepost;
    private int controlToRepost;
    private boolean delivering;
    private boolean ended;
    /** Messages that were delivered, or wait for it, and are not released. */
    private int inHands;

    /** A direction whose receives are not posted yet. */
    public Receiver(
            ChannelOwner owner,
            ReceiveRing ring,
            SendRing sends,
            Credits credits,
            Sender sender,
            RegisteredByteBufAllocator allocator,
            long messageMaxBytes,
            Counters counters) {
        this.owner = owner;
        this.ring = ring;
        this.sends = sends;
        this.credits = credits;
        this.sender = sender;
        this.allocator = allocator;
        this.memory = ring.memory();
        this.messageMaxBytes = Math.min(messageMaxBytes, Integer.MAX_VALUE);
        this.counters = counters;
        this.buffers = new ReceivedByteBuf[ring.slots()];
        for (int slot = 0; slot < buffers.length; slot++) {
            buffers[slot] = new ReceivedByteBuf(this, slot);
        }
        this.releasedElsewhere = new MpscVarHandleArrayQueue<>(ring.slots());
    }

    RegisteredByteBufAllocator allocator() {
        return allocator;
    }

    ReceiveRing ring() {
        return ring;
    }

    /**
     * What the connection allows.
     *
     * @param depth READs at a time
     * @param deviceMaxBytes longest READ
     */
    public void open(int depth, long deviceMaxBytes) {
        readDepth = Math.max(1, depth);
        pieceMax = (int) Math.min(PIECE_BYTES, deviceMaxBytes);
    }

    /** Sets the handler and delivers what has waited for it. */
    public void handler(MessageHandler newHandler) {
        handler = newHandler;
        deliverWaiting();
    }

    /** Frames that came. */
    public long frames() {
        return frames;
    }

    // ---------------------------------------------------------------- frames

    /** A receive has completed well. */
    public void onFrame(int slot, int bytes) {
        int at = ring.offset(slot);
        if (!Frame.isValid(memory, at, bytes)) {
            protocolError(describe(at, bytes));
            return;
        }
        frames++;
        int kind = Frame.kind(memory, at);
        boolean data = Frame.isData(kind);
        if (!credits.arrived(data)) {
            protocolError("a frame of kind " + kind + " for which the peer had no credit");
            return;
        }
        int dataCredits = Frame.dataCredits(memory, at);
        int controlCredits = Frame.controlCredits(memory, at);
        if ((dataCredits | controlCredits) != 0 && !credits.returned(dataCredits, controlCredits)) {
            protocolError("more credits than this side ever granted: " + dataCredits + " and " + controlCredits);
            return;
        }
        owner.touch();
        if (kind == Frame.DATA) {
            ReceivedByteBuf message = buffers[slot];
            inHands++;
            message.begin(Frame.type(memory, at), bytes - Frame.HEADER_BYTES);
            MessageHandler to = handler;
            if (to != null && order.isEmpty() && !delivering) {
                deliver(to, message, message.type());
            } else {
                order.add(message);
            }
        } else if (kind == Frame.OFFER) {
            onOffer(at);
            recycle(slot, true);
        } else {
            onControl(kind, at + Frame.HEADER_BYTES, bytes - Frame.HEADER_BYTES);
            recycle(slot, false);
        }
    }

    /** A WRITE with immediate took a receive, and with it a data credit. */
    public boolean onImmediate(int slot) {
        if (!credits.arrived(true)) {
            protocolError("a write with immediate for which the peer had no credit");
            return false;
        }
        recycle(slot, true);
        owner.touch();
        return true;
    }

    private void protocolError(String what) {
        owner.fail(new ConnectionException(Reason.PROTOCOL, "the peer sent " + what));
    }

    private String describe(int at, int bytes) {
        if (bytes < Frame.HEADER_BYTES) {
            return "a frame of " + bytes + " bytes, shorter than a header";
        }
        return String.format(
                Locale.ROOT,
                "a frame of %d bytes with a header that makes no sense: %016x %016x",
                bytes,
                memory.getLong(at),
                memory.getLong(at + 8));
    }

    private void onControl(int kind, int at, int bytes) {
        switch (kind) {
            case Frame.CREDIT -> {}
            case Frame.DONE -> {
                if (!sender.onDone(memory.getInt(at), memory.getInt(at + 4))) {
                    protocolError("the end of a transfer that is not under way");
                }
            }
            case Frame.CLOSE -> owner.peerClosed();
            default -> {
                if (!owner.onControl(kind, memory, at, bytes)) {
                    protocolError("a control frame of kind " + kind + " that makes no sense now");
                }
            }
        }
    }

    // ---------------------------------------------------------------- delivery

    private void deliver(MessageHandler to, ByteBuf message, int type) {
        counters.messagesReceived++;
        counters.bytesReceived += message.readableBytes();
        delivering = true;
        try {
            to.onMessage(type, message);
        } catch (RuntimeException | AssertionError e) {
            LOG.warn("a message handler threw, its connection ends", e);
            owner.fail(new ConnectionException(Reason.HANDLER, "the message handler threw " + e, e));
        } finally {
            delivering = false;
            message.release();
        }
    }

    private void deliverWaiting() {
        MessageHandler to = handler;
        while (to != null && !ended && !delivering && !order.isEmpty()) {
            if (order.peek() instanceof IncomingTransfer transfer) {
                if (!transfer.isComplete()) {
                    return;
                }
                order.remove();
                deliver(to, transfer.take(), transfer.type());
            } else {
                ReceivedByteBuf message = (ReceivedByteBuf) order.remove();
                deliver(to, message, message.type());
            }
            to = handler;
        }
    }

    // ---------------------------------------------------------------- long messages

    private void onOffer(int at) {
        int body = at + Frame.HEADER_BYTES;
        int number = memory.getInt(body);
        long length = memory.getLong(body + 8);
        if (transfers.size() >= Sender.TRANSFERS_MAX) {
            protocolError("more than " + Sender.TRANSFERS_MAX + " long messages at a time");
        } else if (length <= 0) {
            protocolError("the offer of a long message of " + length + " bytes");
        } else if (length > messageMaxBytes) {
            done(number, Frame.TOO_LONG);
        } else {
            IncomingTransfer transfer = new IncomingTransfer(
                    this,
                    number,
                    Frame.type(memory, at),
                    (int) length,
                    memory.getLong(body + 16),
                    memory.getInt(body + 4));
            transfers.add(transfer);
            order.add(transfer);
        }
    }

    private void done(int number, int status) {
        sender.control(
                Frame.DONE,
                ByteBuffer.allocate(Frame.DONE_BODY_BYTES)
                        .putInt(number)
                        .putInt(status)
                        .array());
    }

    private void advanceTransfers() {
        int reading = 0;
        var all = transfers.iterator();
        while (all.hasNext() && reading++ < READING_MAX) {
            IncomingTransfer transfer = all.next();
            if (!transfer.isStarted() && !start(transfer)) {
                all.remove();
                order.remove(transfer);
                continue;
            }
            while (!transfer.isRequested() && readsUnderWay < readDepth && sends.free() > SLOTS_KEPT) {
                readsUnderWay++;
                transfer.requestPiece(sends, pieceMax);
            }
        }
    }

    private boolean start(IncomingTransfer transfer) {
        try {
            transfer.start(allocator.readableBuffer(transfer.lengthBytes()));
            return true;
        } catch (VerbsException e) {
            LOG.warn("a message of {} bytes is refused: {}", transfer.lengthBytes(), e.getMessage());
            done(transfer.number(), Frame.NO_MEMORY);
            return false;
        }
    }

    void onPiece(IncomingTransfer transfer) {
        readsUnderWay--;
        owner.touch();
        if (transfer.isComplete()) {
            transfers.remove(transfer);
            counters.transfers++;
            done(transfer.number(), Frame.TAKEN);
            deliverWaiting();
        }
    }

    // ---------------------------------------------------------------- receives

    private void recycle(int slot, boolean data) {
        ring.repost(slot);
        if (data) {
            dataToRepost++;
        } else {
            controlToRepost++;
        }
    }

    /** A message was released, by whichever thread. */
    void released(ReceivedByteBuf message) {
        if (owner.isLoopThread()) {
            giveBack(message);
            owner.touch();
        } else {
            releasedElsewhere.offer(message);
            owner.schedule();
        }
    }

    private void giveBack(ReceivedByteBuf message) {
        inHands--;
        if (!ended) {
            recycle(message.slot(), true);
        } else if (inHands == 0) {
            ring.block().release();
        }
    }

    /** Takes back what other threads released. */
    public void reclaim() {
        for (ReceivedByteBuf message = releasedElsewhere.poll(); message != null; message = releasedElsewhere.poll()) {
            giveBack(message);
        }
        owner.touch();
    }

    /** The end of a turn: receives are posted again, their credits owed, and READs requested. */
    public void flush() {
        if (ended) {
            return;
        }
        int data = dataToRepost;
        int control = controlToRepost;
        if ((data | control) != 0) {
            dataToRepost = 0;
            controlToRepost = 0;
            ring.flush();
            credits.reposted(data, control);
            counters.reposts += data + control;
        }
        if (!transfers.isEmpty()) {
            advanceTransfers();
        }
        if (!order.isEmpty()) {
            deliverWaiting();
        }
    }

    /**
     * The connection has ended and the device no longer writes: what was not delivered is dropped, and the memory goes back
     * to its pool with the last message that the program has retained.
     */
    public void end() {
        deliverWaiting();
        for (Object waiting : order) {
            if (waiting instanceof IncomingTransfer transfer) {
                transfer.abandon();
            } else {
                ((ReceivedByteBuf) waiting).release();
            }
        }
        order.clear();
        transfers.clear();
        ended = true;
        if (inHands == 0) {
            ring.block().release();
        }
    }

    /** Whether messages wait because no handler was set. */
    public boolean isWaitingForHandler() {
        return handler == null && !order.isEmpty();
    }
}
