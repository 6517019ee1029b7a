package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import org.jspecify.annotations.Nullable;

/** Two connected queue pairs on the fake device, each with a completion queue and a region of memory. */
final class Loopback implements AutoCloseable {
    static final int ALL = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL | AccessFlags.MEMORY_WINDOW_BIND;
    static final int BYTES = 64 << 10;

    final Context context = Verbs.open("fake0");
    final ProtectionDomain pd = context.allocateProtectionDomain();
    final CompletionChannel channel = context.createCompletionChannel();
    final CompletionQueue sendQueue = context.createCompletionQueue(1024);
    final CompletionQueue receiveQueue = context.createCompletionQueue(1024, channel, 0);
    final MemoryRegion local = pd.allocate(BYTES, ALL);
    final MemoryRegion remote = pd.allocate(BYTES, ALL);
    final WorkCompletions completions = new WorkCompletions(64);
    final QueuePair near;
    final QueuePair far;

    Loopback(QueuePairType type) {
        this(type, null);
    }

    Loopback(QueuePairType type, @Nullable Integer sharedSlots) {
        QueuePairConfig config = QueuePairConfig.of(type, sendQueue)
                .receiveQueue(receiveQueue)
                .entries(4, 4)
                .inlineBytes(128);
        near = pd.createQueuePair(config);
        far = pd.createQueuePair(
                sharedSlots == null ? config : config.sharedReceiveQueue(sharedQueue(pd, sharedSlots)));
        near.connect(far.localEndpoint());
        far.connect(near.localEndpoint());
    }

    private static SharedReceiveQueue sharedQueue(ProtectionDomain pd, int slots) {
        return pd.createSharedReceiveQueue(new dev.verbena.verbs.SharedReceiveQueueConfig(slots, 4, 0));
    }

    SharedReceiveQueue sharedReceiveQueue() {
        SharedReceiveQueue queue = far.config().sharedReceiveQueue();
        assertThat(queue).isNotNull();
        return queue;
    }

    /** Exactly one successful completion is there. */
    void expect(CompletionQueue queue, long id) {
        assertThat(queue.poll(completions)).isEqualTo(1);
        completions.requireSuccess(0);
        assertThat(completions.id(0)).isEqualTo(id);
    }

    @Override
    public void close() {
        context.close();
    }
}
