package dev.verbena.messaging;

import dev.verbena.netty.BlockByteBuf;
import dev.verbena.queuepair.Receives;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A message in the receive buffer that the device put it into. One object per slot, for ever.
 *
 * <p>Threading: as any ByteBuf; released from any thread.
 */
final class ReceivedByteBuf extends BlockByteBuf {
    private final ReceivedMessages messages;
    private final int slot;
    private @Nullable Receiver receiver;
    private int type;

    ReceivedByteBuf(ReceivedMessages messages, int slot) {
        super(Integer.MAX_VALUE);
        this.messages = messages;
        this.slot = slot;
        setRefCnt(0);
    }

    int slot() {
        return slot;
    }

    int type() {
        return type;
    }

    /** A message of a connection, behind its header. */
    void begin(Receiver of, int messageType, int lengthBytes) {
        receiver = of;
        type = messageType;
        Receives receives = messages.receives();
        int inBlock = receives.offset(slot) - (int) receives.block(slot).offset();
        place(messages.allocator(), receives.block(slot), inBlock + Frame.HEADER_BYTES, lengthBytes);
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

    private Receiver receiver() {
        Receiver of = receiver;
        if (of == null) {
            throw new IllegalStateException("a message that never came");
        }
        return of;
    }

    void giveBack() {
        receiver().giveBack(this);
    }

    @Override
    protected void deallocate() {
        receiver().released(this);
    }
}
