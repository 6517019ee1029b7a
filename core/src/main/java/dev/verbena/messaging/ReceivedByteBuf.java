package dev.verbena.messaging;

import dev.verbena.netty.BlockByteBuf;
import io.netty.buffer.ByteBuf;

/**
 * A message in the receive buffer that the device put it into. One object per slot, for ever.
 *
 * <p>Threading: as any ByteBuf; released from any thread.
 */
final class ReceivedByteBuf extends BlockByteBuf {
    private final Receiver receiver;
    private final int slot;
    private int type;

    ReceivedByteBuf(Receiver receiver, int slot) {
        super(Integer.MAX_VALUE);
        this.receiver = receiver;
        this.slot = slot;
        setRefCnt(0);
    }

    int slot() {
        return slot;
    }

    int type() {
        return type;
    }

    void begin(int messageType, int lengthBytes) {
        type = messageType;
        place(
                receiver.allocator(),
                receiver.ring().block(),
                slot * receiver.ring().slotBytes() + Frame.HEADER_BYTES,
                lengthBytes);
        maxCapacity(lengthBytes);
        resetRefCnt();
        setIndex(0, lengthBytes);
    }

    /** Shorter is possible; longer is not, the next message lies behind it. */
    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        length(newCapacity);
        trimIndicesToCapacity(newCapacity);
        return this;
    }

    @Override
    protected void deallocate() {
        receiver.released(this);
    }
}
