package dev.verbena.messaging;

import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.Receives;
import java.util.Arrays;
import java.util.Queue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The messages in the slots of some receives, one object per slot for ever, and those that other threads have released.
 *
 * <p>Threading: the loop's thread, but for {@link #releasedElsewhere}. Hot path.
 */
public final class ReceivedMessages {
    private static final int GROWTH = 16;

    private final Receives receives;
    private final RegisteredByteBufAllocator allocator;
    private final Queue<ReceivedByteBuf> released;
    private @Nullable ReceivedByteBuf[] bySlot = new ReceivedByteBuf[GROWTH];

    /** No message yet. */
    public ReceivedMessages(Receives receives, RegisteredByteBufAllocator allocator) {
        this.receives = receives;
        this.allocator = allocator;
        this.released = new MpscVarHandleArrayQueue<>(receives.slotsMax());
    }

    RegisteredByteBufAllocator allocator() {
        return allocator;
    }

    Receives receives() {
        return receives;
    }

    ReceivedByteBuf at(int slot) {
        @Nullable ReceivedByteBuf[] all = bySlot;
        ReceivedByteBuf message = slot < all.length ? all[slot] : null;
        return message != null ? message : make(slot);
    }

    private ReceivedByteBuf make(int slot) {
        if (slot >= bySlot.length) {
            bySlot = Arrays.copyOf(bySlot, Math.max(slot + 1, 2 * bySlot.length));
        }
        ReceivedByteBuf message = new ReceivedByteBuf(this, slot);
        bySlot[slot] = message;
        return message;
    }

    /** A message was released by another thread. */
    void releasedElsewhere(ReceivedByteBuf message) {
        released.offer(message);
    }

    /** Takes back what other threads released, of whichever connection. */
    void reclaim() {
        for (ReceivedByteBuf message = released.poll(); message != null; message = released.poll()) {
            message.giveBack();
        }
    }
}
