package dev.verbena.cli;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.spi.VerbsProvider;

/**
 * What one end of a reliable connection is made of.
 *
 * <p>Threading: one thread; {@link #close()} from any.
 */
final class RcEndpoint implements AutoCloseable {
    private final Context context;
    private final ProtectionDomain pd;
    private final CompletionChannel channel;
    private final CompletionQueue cq;
    private final QueuePair qp;

    /** Makes everything on a device, up to a queue pair in RESET. */
    RcEndpoint(VerbsProvider provider, String device, int sendSlots, int receiveSlots) {
        context = DeviceChoice.device(provider, device).open();
        try {
            pd = context.allocateProtectionDomain();
            channel = context.createCompletionChannel();
            cq = context.createCompletionQueue(sendSlots + receiveSlots, channel, 0);
            qp = pd.createQueuePair(
                    QueuePairConfig.reliable(cq).sendSlots(sendSlots).receiveSlots(receiveSlots));
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
    }

    Context context() {
        return context;
    }

    ProtectionDomain pd() {
        return pd;
    }

    QueuePair qp() {
        return qp;
    }

    /** Its completions, polled for a while before sleeping. */
    Completions polled(Completions.Connection connection) {
        return new Completions(cq, channel, true, connection);
    }

    /** Its completions, waited for asleep. */
    Completions awaited(Completions.Connection connection) {
        return new Completions(cq, channel, false, connection);
    }

    /** Throws unless a post was taken. */
    void posted(String what, int result) {
        if (result < 0) {
            throw new Failure(Failure.Code.FAILED, what + " on " + qp + ": " + Refusal.name(result));
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
