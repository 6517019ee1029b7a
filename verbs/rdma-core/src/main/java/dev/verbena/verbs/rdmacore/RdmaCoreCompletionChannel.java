package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.rdmacore.ffi.IbvCompChannel;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.spi.CompletionChannelDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A channel of completion events. An event is acknowledged as soon as it is read, so no destroy waits for it. */
final class RdmaCoreCompletionChannel implements CompletionChannelDriver {
    private final RdmaCoreContext context;
    private final String object;
    private final long channel;
    private final Descriptor events;

    RdmaCoreCompletionChannel(RdmaCoreContext context, long channel) {
        this.context = context;
        this.object = "completion channel of " + context.name();
        this.channel = channel;
        try {
            this.events = new Descriptor(IbvCompChannel.fd(channel), object);
        } catch (RuntimeException unusable) {
            int _ = Ibverbs.ibv_destroy_comp_channel(channel);
            throw unusable;
        }
    }

    long address() {
        return channel;
    }

    @Override
    public @Nullable CompletionQueueDriver poll() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(2L * Long.BYTES, Long.BYTES);
            long cq = pair.address();
            while (true) {
                int result = Ibverbs.ibv_get_cq_event(channel, cq, cq + Long.BYTES);
                if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
                    return null;
                }
                Failure.check("ibv_get_cq_event", object, result, "");
                // Looked up before it is acknowledged: until then the queue cannot be destroyed.
                Object queue = context.element(Memory.getLong(cq));
                Ibverbs.ibv_ack_cq_events(Memory.getLong(cq), 1);
                if (queue instanceof RdmaCoreCompletionQueue known) {
                    return known;
                }
            }
        }
    }

    @Override
    public void awaitReady(long timeoutNs) throws InterruptedException {
        events.await(timeoutNs);
    }

    @Override
    public void wake() {
        events.wake();
    }

    @Override
    public void close() {
        events.wake();
        int result = Ibverbs.ibv_destroy_comp_channel(channel);
        Failure.check("ibv_destroy_comp_channel", object, result, Failure.ofClose(result));
    }
}
