package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The long messages that a peer is to read, in the order of their offers.
 *
 * <p>Threading: the loop's thread, but for {@link #cancelAsked}.
 */
final class OutgoingTransfers {
    /** Long messages under way at most. */
    static final int TRANSFERS_MAX = 16;

    private final ChannelOwner owner;
    private final Sender sender;
    private final Map<Integer, OutgoingTransfer> transfers = new LinkedHashMap<>();
    private int nextNumber;
    private volatile boolean cancelAsked;
    private boolean mayOpen;

    OutgoingTransfers(ChannelOwner owner, Sender sender) {
        this.owner = owner;
        this.sender = sender;
    }

    boolean isFull() {
        return transfers.size() >= TRANSFERS_MAX;
    }

    int size() {
        return transfers.size();
    }

    boolean isEmpty() {
        return transfers.isEmpty();
    }

    /**
     * Begins a transfer, and writes its offer.
     *
     * @param message released at its end; still the caller's when this throws
     * @param body what the offer is put into
     */
    void begin(LongSource source, @Nullable ByteBuf message, @Nullable SendRequest request, ByteBuffer body) {
        OutgoingTransfer transfer = new OutgoingTransfer(this, nextNumber, source, message, request);
        LongSource.Window window = transfer.open();
        transfers.put(nextNumber++, transfer);
        body.putInt(transfer.number())
                .putInt(window.rkey())
                .putLong(source.lengthBytes())
                .putLong(window.address())
                .putLong(window.lengthBytes());
        if (request != null) {
            request.underWay(transfer);
        }
        mayOpen |= transfer.canOpen();
    }

    /** Somebody, on whichever thread, wants a transfer to end. */
    void cancelAsked() {
        cancelAsked = true;
        owner.schedule();
    }

    /** Opens windows for the messages that the peer reads now, and tells it of cancels. */
    void advance() {
        if (cancelAsked) {
            cancelAsked = false;
            transfers.values().forEach(this::cancel);
        }
        if (!mayOpen) {
            return;
        }
        mayOpen = false;
        int reading = 0;
        for (OutgoingTransfer transfer : transfers.values()) {
            if (reading++ == IncomingTransfers.READING_MAX) {
                break;
            }
            while (transfer.canOpen() && open(transfer)) {
                // until the peer has enough
            }
        }
    }

    private boolean open(OutgoingTransfer transfer) {
        LongSource.Window window;
        try {
            window = transfer.open();
        } catch (RuntimeException e) {
            if (!transfer.hasWindows()) {
                // None will come back, so nothing gets better.
                transfer.fail(e);
                cancel(transfer);
            }
            return false;
        }
        sender.control(
                Frame.WINDOW,
                ByteBuffer.allocate(Frame.WINDOW_BODY_BYTES)
                        .putInt(transfer.number())
                        .putInt(window.rkey())
                        .putLong(window.address())
                        .putLong(window.lengthBytes())
                        .array());
        return true;
    }

    private void cancel(OutgoingTransfer transfer) {
        if (transfer.takeCancel()) {
            sender.control(
                    Frame.CANCEL,
                    ByteBuffer.allocate(Frame.CANCEL_BODY_BYTES)
                            .putInt(transfer.number())
                            .array());
        }
    }

    /** The peer has read so much of a message; false when that cannot be. */
    boolean onFetched(int number, long bytes) {
        OutgoingTransfer transfer = transfers.get(number);
        if (transfer == null || !transfer.onFetched(bytes)) {
            return false;
        }
        mayOpen = true;
        owner.touch();
        return true;
    }

    /** The peer has read a message, or does not want it; false when there is no such offer. */
    boolean onDone(int number, int status) {
        OutgoingTransfer transfer = transfers.remove(number);
        if (transfer == null) {
            return false;
        }
        transfer.end(status == Frame.TAKEN ? null : refused(transfer, status));
        mayOpen = true;
        owner.touch();
        return true;
    }

    private static ConnectionException refused(OutgoingTransfer transfer, int status) {
        return new ConnectionException(
                Reason.REJECTED,
                transfer.wasCancelled() && status == Frame.CANCELLED
                        ? "the message was cancelled before the peer had all of it"
                        : "the peer did not take the message: " + Frame.refusal(status));
    }

    /** The connection has ended and the queue pair no longer serves the peer. */
    void end(ConnectionException cause) {
        transfers.values().forEach(transfer -> transfer.end(cause));
        transfers.clear();
    }
}
