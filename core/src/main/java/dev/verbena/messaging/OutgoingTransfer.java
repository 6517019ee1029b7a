package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A long message that the peer is to read: its memory stays until the peer is done, or can no longer reach it.
 *
 * <p>Threading: the loop's thread, but for {@link #askCancel}.
 */
final class OutgoingTransfer {
    /** Windows that are open at a time, so that the peer need not wait for the next one. */
    private static final int WINDOWS_MAX = 3;

    private final OutgoingTransfers transfers;
    private final int number;
    private final LongSource source;
    private final @Nullable ByteBuf message;
    private final @Nullable SendRequest request;
    private final ArrayDeque<LongSource.Window> windows = new ArrayDeque<>();
    private long fetched;
    private volatile boolean cancelAsked;
    private boolean cancelSent;
    private @Nullable Throwable failure;

    OutgoingTransfer(
            OutgoingTransfers transfers,
            int number,
            LongSource source,
            @Nullable ByteBuf message,
            @Nullable SendRequest request) {
        this.transfers = transfers;
        this.number = number;
        this.source = source;
        this.message = message;
        this.request = request;
    }

    int number() {
        return number;
    }

    long lengthBytes() {
        return source.lengthBytes();
    }

    /** Opens the next window for the peer. */
    LongSource.Window open() {
        LongSource.Window window = source.open();
        windows.add(window);
        return window;
    }

    /** Whether there is more to be opened, and it is time for it. */
    boolean canOpen() {
        return !cancelSent && source.openedBytes() < source.lengthBytes() && windows.size() < WINDOWS_MAX;
    }

    boolean hasWindows() {
        return !windows.isEmpty();
    }

    /** The peer has read so much; false when that cannot be. */
    boolean onFetched(long bytes) {
        if (bytes <= fetched || bytes > source.openedBytes()) {
            return false;
        }
        fetched = bytes;
        LongSource.Window oldest = windows.peek();
        while (oldest != null && oldest.end() <= bytes) {
            windows.remove().close();
            oldest = windows.peek();
        }
        if (request != null) {
            request.progress(bytes);
        }
        return true;
    }

    /** From any thread: the peer shall not go on. */
    void askCancel() {
        cancelAsked = true;
        transfers.cancelAsked();
    }

    /** This side cannot go on. */
    void fail(Throwable why) {
        failure = why;
        cancelAsked = true;
    }

    /** Whether the peer has to be told now. */
    boolean takeCancel() {
        if (!cancelAsked || cancelSent) {
            return false;
        }
        cancelSent = true;
        return true;
    }

    boolean wasCancelled() {
        return cancelSent;
    }

    /** The peer, or the queue pair, does not touch the memory any more. */
    void end(@Nullable ConnectionException why) {
        if (message != null) {
            message.release();
        }
        windows.forEach(LongSource.Window::close);
        windows.clear();
        source.ended();
        if (request == null) {
            return;
        }
        Throwable mine = failure;
        if (why != null && mine != null) {
            request.completeExceptionally(mine);
        } else {
            try {
                if (why == null) {
                    request.progress(source.lengthBytes());
                }
            } finally {
                request.onDone(why);
            }
        }
    }
}
