package dev.verbena.messaging;

import dev.verbena.memory.RegistrationCache;
import dev.verbena.metrics.Counters;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.VerbsException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long messages that a peer offers, in the order of their offers: some are read at a time, the others wait.
 *
 * <p>Threading: the loop's thread, but for {@link #schedule}.
 */
final class IncomingTransfers {
    /** Windows of one message that a peer may have opened and this side not read. */
    static final int REMOTE_WINDOWS_MAX = 8;
    /** The peer is told of the progress at least so often. */
    static final long REPORT_BYTES = LongDestination.WINDOW_BYTES;

    private static final Logger LOG = LoggerFactory.getLogger(IncomingTransfers.class);
    /** Long messages that are read at a time; the others of {@link OutgoingTransfers#TRANSFERS_MAX} wait. */
    static final int READING_MAX = 4;
    /** So long that a READ costs its bytes, so short that other work gets its turn. */
    private static final int PIECE_BYTES = 4 << 20;
    /** Slots of the send ring that READs leave for frames. */
    private static final int SLOTS_KEPT = 16;

    private final ChannelOwner owner;
    private final SendRing ring;
    private final Sender sender;
    private final Receiver receiver;
    private final RegisteredByteBufAllocator allocator;
    private final RegistrationCache cache;
    private final long messageMaxBytes;
    private final Counters counters;
    private final ArrayList<IncomingTransfer> transfers = new ArrayList<>();
    private @Nullable LongMessageHandler handler;
    private int nextNumber;
    private int pieceMax = PIECE_BYTES;
    private int depth = 1;
    private int readsUnderWay;
    /** There was no memory for a message behind the oldest one: until one ends, only the oldest is read. */
    private boolean memoryShort;

    IncomingTransfers(
            ChannelOwner owner,
            SendRing ring,
            Sender sender,
            Receiver receiver,
            RegisteredByteBufAllocator allocator,
            RegistrationCache cache,
            long messageMaxBytes,
            Counters counters) {
        this.owner = owner;
        this.ring = ring;
        this.sender = sender;
        this.receiver = receiver;
        this.allocator = allocator;
        this.cache = cache;
        this.messageMaxBytes = messageMaxBytes;
        this.counters = counters;
    }

    RegisteredByteBufAllocator allocator() {
        return allocator;
    }

    RegistrationCache cache() {
        return cache;
    }

    void schedule() {
        owner.schedule();
    }

    void open(int readDepth, long deviceMaxBytes) {
        depth = Math.max(1, readDepth);
        pieceMax = (int) Math.min(PIECE_BYTES, deviceMaxBytes);
    }

    void handler(LongMessageHandler newHandler) {
        handler = newHandler;
    }

    boolean isEmpty() {
        return transfers.isEmpty();
    }

    // ---------------------------------------------------------------- from the peer; null, or what is wrong

    /** A long message is offered. The transfer, if it is not refused at once, is added to the order of delivery. */
    @Nullable
    String onOffer(ByteBuffer memory, int type, int at) {
        int number = memory.getInt(at);
        long length = memory.getLong(at + 8);
        long window = memory.getLong(at + 24);
        if (transfers.size() >= OutgoingTransfers.TRANSFERS_MAX) {
            return "more than " + OutgoingTransfers.TRANSFERS_MAX + " long messages at a time";
        }
        if (length <= 0) {
            return "the offer of a long message of " + length + " bytes";
        }
        if (number != nextNumber) {
            return "the offer of long message " + number + " after " + (nextNumber - 1);
        }
        IncomingTransfer transfer = new IncomingTransfer(this, number, type, length, depth);
        if (!transfer.addWindow(memory.getLong(at + 16), memory.getInt(at + 4), window)) {
            return "the offer of " + window + " bytes of a long message of " + length + ", where there can be none";
        }
        nextNumber++;
        if (length > messageMaxBytes) {
            done(number, Frame.TOO_LONG);
            return null;
        }
        transfers.add(transfer);
        receiver.inOrder(transfer);
        return null;
    }

    @Nullable
    String onWindow(ByteBuffer memory, int at) {
        int number = memory.getInt(at);
        IncomingTransfer transfer = find(number);
        if (transfer == null) {
            return unknown(number, "a window of");
        }
        IncomingTransfer.State state = transfer.state();
        if ((state == IncomingTransfer.State.OFFERED || state == IncomingTransfer.State.READING)
                && !transfer.addWindow(memory.getLong(at + 8), memory.getInt(at + 4), memory.getLong(at + 16))) {
            return "a window of a long message where there can be none";
        }
        return null;
    }

    @Nullable
    String onCancel(ByteBuffer memory, int at) {
        int number = memory.getInt(at);
        IncomingTransfer transfer = find(number);
        if (transfer == null) {
            return unknown(number, "the withdrawal of");
        }
        transfer.end(Frame.CANCELLED, new ConnectionException(Reason.REJECTED, "the peer cancelled the message"));
        closeIfStopped(transfer);
        return null;
    }

    /** Of a message that has ended here the word may have crossed ours. */
    private @Nullable String unknown(int number, String what) {
        return number - nextNumber < 0 && number >= 0 ? null : what + " a long message that was never offered";
    }

    private @Nullable IncomingTransfer find(int number) {
        for (IncomingTransfer transfer : transfers) {
            if (transfer.number() == number) {
                return transfer;
            }
        }
        return null;
    }

    private void done(int number, int status) {
        sender.control(
                Frame.DONE,
                ByteBuffer.allocate(Frame.DONE_BODY_BYTES)
                        .putInt(number)
                        .putInt(status)
                        .array());
    }

    // ---------------------------------------------------------------- reading

    /** Requests what can be requested now. */
    void advance() {
        // Backwards: those that end are removed. The oldest are read first, since they are delivered first.
        for (int i = transfers.size() - 1; i >= 0; i--) {
            IncomingTransfer transfer = transfers.get(i);
            if (transfer.isCancelAsked()) {
                transfer.end(
                        Frame.REFUSED,
                        new ConnectionException(Reason.CLOSED, "the message was cancelled on this side"));
                closeIfStopped(transfer);
            }
        }
        for (int i = 0; i < Math.min(memoryShort ? 1 : READING_MAX, transfers.size()); i++) {
            IncomingTransfer transfer = transfers.get(i);
            if (transfer.state() == IncomingTransfer.State.OFFERED) {
                begin(transfer);
            }
            read(transfer, i == 0);
            if (closeIfStopped(transfer)) {
                i--;
            }
        }
    }

    private void begin(IncomingTransfer transfer) {
        LongMessageHandler asked = handler;
        if (asked != null) {
            try {
                transfer.ask(asked);
            } catch (RuntimeException | AssertionError e) {
                LOG.warn("a handler of long messages threw, {} is refused", transfer.message(), e);
                transfer.end(
                        Frame.REFUSED,
                        new ConnectionException(Reason.HANDLER, "the handler of long messages threw " + e, e));
            }
        }
        if (transfer.state() == IncomingTransfer.State.OFFERED
                && !transfer.isSupplied()
                && transfer.lengthBytes() > Integer.MAX_VALUE) {
            // A buffer ends at 2 GiB; longer ones need a handler that supplies the memory.
            transfer.end(Frame.TOO_LONG, null);
        }
        transfer.start();
    }

    private void read(IncomingTransfer transfer, boolean oldest) {
        try {
            while (readsUnderWay < depth
                    && !owner.isEnding()
                    && ring.free() > SLOTS_KEPT
                    && transfer.tryRequest(ring, pieceMax)) {
                readsUnderWay++;
            }
        } catch (RuntimeException e) {
            if (!oldest && e instanceof VerbsException) {
                // An older one ends, and gives memory back or leaves it to the program.
                memoryShort = true;
                return;
            }
            LOG.warn("{} is refused: {}", transfer.message(), e.getMessage());
            transfer.end(Frame.NO_MEMORY, new ConnectionException(Reason.REJECTED, String.valueOf(e.getMessage()), e));
        }
    }

    /** A piece has come back, well or not. */
    void onPiece(IncomingTransfer transfer, boolean well, boolean windowPassed) {
        readsUnderWay--;
        owner.touch();
        if (!well || closeIfStopped(transfer)) {
            // Not well: the connection ends, and with it all transfers.
            return;
        }
        if (transfer.takeReport(windowPassed)) {
            sender.control(
                    Frame.FETCHED,
                    ByteBuffer.allocate(Frame.FETCHED_BODY_BYTES)
                            .putInt(transfer.number())
                            .putLong(transfer.fetchedBytes())
                            .array());
        }
        if (transfer.isSupplied()) {
            receiver.progress(transfer);
        }
        if (transfer.state() == IncomingTransfer.State.COMPLETE) {
            remove(transfer);
            counters.transfers++;
            done(transfer.number(), Frame.TAKEN);
            receiver.deliverWaiting();
        }
    }

    private void remove(IncomingTransfer transfer) {
        transfers.remove(transfer);
        memoryShort = false;
    }

    private boolean closeIfStopped(IncomingTransfer transfer) {
        if (!transfer.hasStopped()) {
            return false;
        }
        remove(transfer);
        done(transfer.number(), transfer.status());
        receiver.outOfOrder(transfer);
        return true;
    }

    /** The connection has ended. */
    void end() {
        transfers.clear();
    }
}
