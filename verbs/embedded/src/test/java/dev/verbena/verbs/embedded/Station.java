package dev.verbena.verbs.embedded;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A process' connections under load: they share a completion queue, and some of them a shared receive queue. */
final class Station implements AutoCloseable {
    private static final int COMPLETIONS = 4096;
    private static final int SHARED_SLOTS = 64;

    private final ProtectionDomain pd;
    private final CompletionChannel channel;
    private final CompletionQueue cq;
    private final SharedReceiveQueue srq;
    private final Receives shared;
    private final WorkCompletions completions = new WorkCompletions(32);
    private final Map<Integer, Load> loads = new HashMap<>();

    Station(Context context) {
        pd = context.allocateProtectionDomain();
        channel = context.createCompletionChannel();
        cq = context.createCompletionQueue(COMPLETIONS, channel, 0);
        srq = pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(SHARED_SLOTS));
        shared = Receives.of(pd, srq);
        shared.postAll();
    }

    ProtectionDomain pd() {
        return pd;
    }

    /** A connection's end, with receives of its own or shared ones. */
    Load open(boolean sharedReceives, long seed) {
        QueuePairConfig config = QueuePairConfig.reliable(cq).sendSlots(Load.SEND_SLOTS);
        QueuePair qp = pd.createQueuePair(
                sharedReceives ? config.sharedReceiveQueue(srq) : config.receiveSlots(Load.RECEIVE_SLOTS));
        Receives receives = sharedReceives ? shared : Receives.of(pd, qp, Load.RECEIVE_SLOTS);
        Load load = new Load(pd, qp, receives, !sharedReceives, seed);
        loads.put(qp.number(), load);
        return load;
    }

    int poll() {
        int polled = cq.poll(completions);
        for (int index = 0; index < polled; index++) {
            Load load = loads.get(completions.queuePairNumber(index));
            if (load == null) {
                throw new AssertionError("a completion of a closed queue pair: " + completions.describe(index));
            }
            load.onCompletion(completions, index);
        }
        return polled;
    }

    /** Waits until something has completed, or some time is over. */
    void await(Duration time) throws InterruptedException {
        cq.requestNotify(false);
        if (poll() == 0) {
            channel.await(time);
        }
    }

    void close(Load load) {
        loads.remove(load.qp().number());
        load.close();
    }

    /** Whether every receive of the shared queue is posted: none went with a peer. */
    boolean sharedReceivesAreComplete() {
        return shared.open() == shared.slots();
    }

    @Override
    public void close() {
        srq.close();
        shared.close();
        cq.close();
        channel.close();
        pd.close();
    }
}
