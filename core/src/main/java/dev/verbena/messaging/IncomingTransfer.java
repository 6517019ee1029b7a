package dev.verbena.messaging;

import dev.verbena.netty.BlockByteBuf;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.SendRing;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A long message that the peer offers: read in pieces into a buffer of our own.
 *
 * <p>Threading: the loop's thread.
 */
final class IncomingTransfer implements SendRing.Outstanding {
    private final Receiver receiver;
    private final int number;
    private final int type;
    private final int lengthBytes;
    private final long remote;
    private final int rkey;
    private @Nullable BlockByteBuf destination;
    private int requested;
    private int piecesUnderWay;
    private boolean failed;

    IncomingTransfer(Receiver receiver, int number, int type, int lengthBytes, long remote, int rkey) {
        this.receiver = receiver;
        this.number = number;
        this.type = type;
        this.lengthBytes = lengthBytes;
        this.remote = remote;
        this.rkey = rkey;
    }

    int number() {
        return number;
    }

    int type() {
        return type;
    }

    int lengthBytes() {
        return lengthBytes;
    }

    boolean isStarted() {
        return destination != null;
    }

    boolean isRequested() {
        return requested == lengthBytes;
    }

    boolean isComplete() {
        return isStarted() && isRequested() && piecesUnderWay == 0 && !failed;
    }

    /** Begins to read into a buffer, which it owns from now on. */
    void start(ByteBuf buffer) {
        BlockByteBuf block = BlockByteBuf.of(buffer);
        if (block == null) {
            throw new AssertionError("not registered: " + buffer);
        }
        destination = block;
    }

    /** Requests the next piece. */
    void requestPiece(SendRing ring, int pieceMax) {
        BlockByteBuf buffer = destination;
        if (buffer == null) {
            throw new AssertionError("not started");
        }
        int bytes = Math.min(pieceMax, lengthBytes - requested);
        long at = buffer.memoryAddress() + requested;
        long from = remote + requested;
        requested += bytes;
        piecesUnderWay++;
        ring.postRead(at, bytes, buffer.lkey(), from, rkey, this);
    }

    @Override
    public void onDone(@Nullable ConnectionException failure) {
        piecesUnderWay--;
        failed |= failure != null;
        receiver.onPiece(this);
    }

    /** Gives the message away. */
    ByteBuf take() {
        BlockByteBuf buffer = destination;
        if (buffer == null) {
            throw new AssertionError("not started");
        }
        destination = null;
        return buffer.setIndex(0, lengthBytes);
    }

    /** Releases what it has, once the device no longer writes there. */
    void abandon() {
        BlockByteBuf buffer = destination;
        if (buffer != null) {
            destination = null;
            buffer.release();
        }
    }
}
