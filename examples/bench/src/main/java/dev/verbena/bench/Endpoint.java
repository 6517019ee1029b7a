package dev.verbena.bench;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;

/**
 * One side of a measurement: reliable queue pairs on one completion queue, memory that only messages use, and memory that
 * the peer may read and write.
 *
 * <p>Threading: one thread.
 */
final class Endpoint implements AutoCloseable {
    private static final int COMPLETIONS_PER_POLL = 64;
    private static final int SHARED =
            AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC;

    final Context context;
    final ProtectionDomain domain;
    final CompletionQueue cq;
    final MemoryRegion messages;
    final MemoryRegion shared;
    final QueuePair[] qps;
    /** For messages that do not fit the receives of the others. */
    final QueuePair large;

    private final int slots;
    final WorkCompletions completions = new WorkCompletions(COMPLETIONS_PER_POLL);

    /**
     * @param slots of each queue of each queue pair
     * @param messageBytes private memory
     * @param sharedBytes memory that the peer reaches
     */
    Endpoint(String device, int queuePairs, int slots, long messageBytes, long sharedBytes) {
        this.slots = slots;
        context = Verbs.open(device);
        domain = context.allocateProtectionDomain();
        cq = context.createCompletionQueue(2 * (slots * queuePairs + Bandwidth.BUFFERS));
        messages = domain.allocate(messageBytes, AccessFlags.LOCAL_WRITE);
        shared = domain.allocate(sharedBytes, SHARED);
        large = domain.createQueuePair(
                QueuePairConfig.reliable(cq).sendSlots(Bandwidth.BUFFERS).receiveSlots(Bandwidth.BUFFERS));
        qps = new QueuePair[queuePairs];
        for (int i = 0; i < queuePairs; i++) {
            qps[i] = domain.createQueuePair(
                    QueuePairConfig.reliable(cq).sendSlots(slots).receiveSlots(slots));
        }
    }

    /** Polls until something has finished; answers how many. Busy, and without an end: the parent kills who hangs. */
    int await() {
        while (true) {
            int polled = cq.poll(completions);
            if (polled > 0) {
                return polled;
            }
            Thread.onSpinWait();
        }
    }

    /** Receives that are posted per queue pair before a measurement begins. */
    int receivesAhead() {
        return slots;
    }

    /** Takes what is left over. */
    void drain() {
        while (cq.poll(completions) > 0) {
            Thread.onSpinWait();
        }
    }

    /** Waits for one completion, which must be a success. */
    void awaitOne() {
        int polled = await();
        completions.requireSuccess(0);
        if (polled != 1) {
            throw new IllegalStateException(polled + " completions where one was expected");
        }
    }

    /** The post went through, or the benchmark is wrong. */
    static void taken(int result) {
        if (result != 0) {
            throw new IllegalStateException("a request was refused: " + result);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
