package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.SendRing;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A message that somebody waits for. Its future completes once: when the device has delivered it, or with the connection's
 * one cause. Cancelling the future withdraws a message that is not posted, and asks the peer to stop reading a long one;
 * posted memory is released by the device's completion, or the peer's word, only.
 *
 * <p>Threading: the future any thread; the rest the loop's.
 */
class SendRequest extends LoopFuture<Void> implements SendRing.Outstanding {
    private final int type;
    private @Nullable ByteBuf buffer;
    private volatile @Nullable OutgoingTransfer transfer;

    SendRequest(@Nullable ByteBuf buffer, int type) {
        this.buffer = buffer;
        this.type = type;
    }

    int type() {
        return type;
    }

    /** Takes the message out, to be posted. */
    ByteBuf takeBuffer() {
        ByteBuf taken = buffer;
        if (taken == null) {
            throw new IllegalStateException("the message was taken already");
        }
        buffer = null;
        return taken;
    }

    /** Keeps a buffer until the request is done. */
    void keep(ByteBuf kept) {
        buffer = kept;
    }

    /** The peer was offered it. */
    void underWay(OutgoingTransfer offered) {
        transfer = offered;
        if (isCancelled()) {
            offered.askCancel();
        }
    }

    /** Asks the peer to stop, if it was offered the message. */
    final void stopPeer() {
        OutgoingTransfer offered = transfer;
        if (offered != null) {
            offered.askCancel();
        }
    }

    /** The peer has so much of it. */
    void progress(long bytes) {}

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        if (cancelled) {
            stopPeer();
        }
        return cancelled;
    }

    @Override
    @SuppressWarnings("NullAway") // a Void is null
    public void onDone(@Nullable ConnectionException failure) {
        ByteBuf held = buffer;
        if (held != null) {
            buffer = null;
            held.release();
        }
        if (failure == null) {
            complete(null);
        } else {
            completeExceptionally(failure);
        }
    }

    /**
     * A message in memory that stays the program's: here the end of the future means that the memory is free, so a cancel
     * of what is under way ends it only when the peer has let go.
     */
    static final class OfMemory extends SendRequest {
        private final OwnedMemory memory;
        private final LongConsumer progress;
        private final AtomicBoolean decided = new AtomicBoolean();
        private volatile boolean cancelAsked;

        OfMemory(OwnedMemory memory, int type, LongConsumer progress) {
            super(null, type);
            this.memory = memory;
            this.progress = progress;
        }

        OwnedMemory memory() {
            return memory;
        }

        /** It is to be posted now; false when it was withdrawn. */
        boolean take() {
            return decided.compareAndSet(false, true);
        }

        @Override
        void underWay(OutgoingTransfer offered) {
            super.underWay(offered);
            if (cancelAsked) {
                offered.askCancel();
            }
        }

        @Override
        void progress(long bytes) {
            progress.accept(bytes);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            if (decided.compareAndSet(false, true)) {
                return super.cancel(mayInterruptIfRunning);
            }
            cancelAsked = true;
            stopPeer();
            return isCancelled();
        }

        @Override
        public void onDone(@Nullable ConnectionException failure) {
            if (cancelAsked && failure != null && failure.reason() == ConnectionException.Reason.REJECTED) {
                CancellationException cancelled = new CancellationException(failure.getMessage());
                completeExceptionally(cancelled);
            } else {
                super.onDone(failure);
            }
        }
    }
}
