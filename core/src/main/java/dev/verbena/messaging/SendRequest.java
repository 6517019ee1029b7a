package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.SendRing;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A message that somebody waits for. Its future completes once: when the device has delivered it, or with the connection's
 * one cause. Cancelling the future withdraws a message that is not posted; posted memory is released by the device's
 * completion only.
 *
 * <p>Threading: the future any thread; the rest the loop's.
 */
final class SendRequest extends LoopFuture<Void> implements SendRing.Outstanding {
    private final int type;
    private @Nullable ByteBuf buffer;

    SendRequest(ByteBuf buffer, int type) {
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
}
