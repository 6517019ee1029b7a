package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A long message that the peer is to read: its memory stays until the peer is done, or can no longer reach it.
 *
 * <p>Threading: the loop's thread.
 */
final class OutgoingTransfer {
    private final ByteBuf source;
    private final @Nullable SendRequest request;

    OutgoingTransfer(ByteBuf source, @Nullable SendRequest request) {
        this.source = source;
        this.request = request;
    }

    void end(@Nullable ConnectionException failure) {
        source.release();
        if (request != null) {
            request.onDone(failure);
        }
    }
}
