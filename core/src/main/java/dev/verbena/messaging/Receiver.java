package dev.verbena.messaging;

import dev.verbena.memory.RegistrationCache;
import dev.verbena.metrics.Counters;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.Receives;
import dev.verbena.queuepair.SendRing;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Locale;
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
    private final ChannelOwner owner;
    private final ReceiveWindow window;
    private final Receives receives;
    private final ReceivedMessages messages;
    private final Credits credits;
    private final Sender sender;
    private final Counters counters;
    private final IncomingTransfers transfers;

    /** Messages that cannot be delivered yet, in the peer's order: a {@link ReceivedByteBuf} or a transfer. */
    private final ArrayDeque<Object> order = new ArrayDeque<>();

    private @Nullable MessageHandler handler;
    private long frames;
    private boolean delivering;
    private boolean ended;

    /** A direction whose receives are not posted yet. */
    public Receiver(
            ChannelOwner owner,
            ReceiveWindow window,
            ReceivedMessages messages,
            SendRing sends,
            Sender sender,
            RegisteredByteBufAllocator allocator,
            RegistrationCache cache,
            long messageMaxBytes,
            Counters counters) {
        this.owner = owner;
        this.window = window;
        this.receives = window.receives();
        this.messages = messages;
        this.credits = window.credits();
        this.sender = sender;
        this.transfers = new IncomingTransfers(owner, sends, sender, this, allocator, cache, messageMaxBytes, counters);
        this.counters = counters;
    }

    /**
     * What the connection allows.
     *
     * @param depth READs at a time
     * @param deviceMaxBytes longest READ
     */
    public void open(int depth, long deviceMaxBytes) {
        transfers.open(depth, deviceMaxBytes);
    }

    /** Sets who says where long messages go. */
    public void longHandler(LongMessageHandler newHandler) {
        transfers.handler(newHandler);
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
        ByteBuffer memory = receives.memory(slot);
        int at = receives.offset(slot);
        if (!Frame.isValid(memory, at, bytes)) {
            protocolError(describe(memory, at, bytes));
            return;
        }
        frames++;
        int kind = Frame.kind(memory, at);
        boolean data = Frame.isData(kind);
        if (!window.arrived(data)) {
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
            ReceivedByteBuf message = messages.at(slot);
            window.kept(slot);
            message.begin(this, Frame.type(memory, at), bytes - Frame.HEADER_BYTES);
            MessageHandler to = handler;
            if (to != null && order.isEmpty() && !delivering) {
                deliver(to, message, message.type());
            } else {
                order.add(message);
            }
        } else if (kind == Frame.OFFER) {
            check(transfers.onOffer(memory, Frame.type(memory, at), at + Frame.HEADER_BYTES));
            window.read(slot, true);
            owner.touch();
        } else {
            onControl(kind, memory, at + Frame.HEADER_BYTES, bytes - Frame.HEADER_BYTES);
            window.read(slot, false);
        }
    }

    /** A WRITE with immediate took a receive, and with it a data credit. */
    public boolean onImmediate(int slot) {
        if (!window.arrived(true)) {
            protocolError("a write with immediate for which the peer had no credit");
            return false;
        }
        window.read(slot, true);
        owner.touch();
        return true;
    }

    private void check(@Nullable String wrong) {
        if (wrong != null) {
            protocolError(wrong);
        }
    }

    private void protocolError(String what) {
        owner.fail(new ConnectionException(Reason.PROTOCOL, "the peer sent " + what));
    }

    private static String describe(ByteBuffer memory, int at, int bytes) {
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

    private void onControl(int kind, ByteBuffer memory, int at, int bytes) {
        switch (kind) {
            case Frame.CREDIT -> {}
            case Frame.DONE -> {
                if (!sender.onDone(memory.getInt(at), memory.getInt(at + 4))) {
                    protocolError("the end of a transfer that is not under way");
                }
            }
            case Frame.FETCHED -> {
                if (!sender.onFetched(memory.getInt(at), memory.getLong(at + 4))) {
                    protocolError("progress of a transfer that cannot be");
                }
            }
            case Frame.WINDOW -> check(transfers.onWindow(memory, at));
            case Frame.CANCEL -> check(transfers.onCancel(memory, at));
            case Frame.CLOSE -> owner.peerClosed();
            case Frame.RECLAIM -> sender.giveBack(memory.getInt(at));
            case Frame.RETURNED -> {
                if (!window.givenBack(memory.getInt(at))) {
                    protocolError("data credits that it was not asked for");
                }
            }
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

    void deliverWaiting() {
        while (!ended && !delivering && !order.isEmpty()) {
            Object next = order.element();
            MessageHandler to = handler;
            if (next instanceof IncomingTransfer transfer) {
                if (transfer.state() != IncomingTransfer.State.COMPLETE || (to == null && !transfer.isSupplied())) {
                    return;
                }
                order.remove();
                if (transfer.isSupplied()) {
                    counters.messagesReceived++;
                    counters.bytesReceived += transfer.lengthBytes();
                    tellEnd(transfer, null);
                } else if (to != null) {
                    deliver(to, transfer.take(), transfer.type());
                }
            } else if (to == null) {
                return;
            } else {
                ReceivedByteBuf message = (ReceivedByteBuf) order.remove();
                deliver(to, message, message.type());
            }
        }
    }

    // ---------------------------------------------------------------- long messages

    /** A long message takes its place behind what came before. */
    void inOrder(IncomingTransfer transfer) {
        order.add(transfer);
    }

    /** A long message does not come. */
    void outOfOrder(IncomingTransfer transfer) {
        order.remove(transfer);
        tellEnd(transfer, transfer.failure());
        owner.touch();
    }

    /** More of a message is in the program's memory. */
    void progress(IncomingTransfer transfer) {
        LongMessageCallback told = transfer.told();
        if (told != null) {
            call(() -> told.onProgress(transfer.message()));
        }
    }

    private void tellEnd(IncomingTransfer transfer, @Nullable ConnectionException failure) {
        LongMessageCallback told = transfer.close();
        if (told != null) {
            call(() -> told.onDone(transfer.message(), failure));
        }
    }

    private void call(Runnable callback) {
        boolean nested = delivering;
        delivering = true;
        try {
            callback.run();
        } catch (RuntimeException | AssertionError e) {
            LOG.warn("a callback of a long message threw, its connection ends", e);
            owner.fail(new ConnectionException(Reason.HANDLER, "the callback of a long message threw " + e, e));
        } finally {
            delivering = nested;
        }
    }

    // ---------------------------------------------------------------- receives

    /** A message was released, by whichever thread. */
    void released(ReceivedByteBuf message) {
        if (owner.isLoopThread()) {
            giveBack(message);
        } else {
            messages.releasedElsewhere(message);
            owner.schedule();
        }
    }

    void giveBack(ReceivedByteBuf message) {
        window.released(message.slot());
        owner.touch();
    }

    /** Takes back what other threads released. */
    public void reclaim() {
        messages.reclaim();
        owner.touch();
    }

    /** The end of a turn: receives are posted again, their credits owed, and READs requested. */
    public void flush() {
        if (ended) {
            return;
        }
        counters.reposts += window.flush();
        if (!transfers.isEmpty()) {
            transfers.advance();
        }
        if (!order.isEmpty()) {
            deliverWaiting();
        }
    }

    /** Some milliseconds have passed. */
    public void tick() {
        window.tick(sender);
    }

    /**
     * The connection has ended and the device no longer writes: what was not delivered is dropped. Messages that the program
     * has retained stay valid.
     */
    public void end(ConnectionException cause) {
        deliverWaiting();
        for (Object waiting : order) {
            if (waiting instanceof IncomingTransfer transfer) {
                tellEnd(transfer, cause);
            } else {
                ((ReceivedByteBuf) waiting).release();
            }
        }
        order.clear();
        transfers.end();
        ended = true;
        window.end();
    }

    /** Whether messages wait because no handler was set. */
    public boolean isWaitingForHandler() {
        return handler == null && !order.isEmpty();
    }
}
