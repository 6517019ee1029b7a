package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import dev.verbena.jverbs.Waits;
import java.io.IOException;

/**
 * Where completion queues tell that they have something.
 *
 * <p>Threading: any thread; each event is read once.
 */
public final class CompletionChannel {
    private final VerbsContext context;
    private final dev.verbena.verbs.CompletionChannel channel;

    CompletionChannel(VerbsContext context, dev.verbena.verbs.CompletionChannel channel) {
        this.context = context;
        this.channel = channel;
    }

    dev.verbena.verbs.CompletionChannel channel() {
        return channel;
    }

    void destroy() {
        channel.close();
    }

    /** The device it belongs to. */
    public VerbsContext getContext() {
        return context;
    }

    /**
     * Waits for an event of a queue that was asked for one by {@link CompletionQueue#requestNotifyCQ}.
     *
     * @param timeout milliseconds; 0 looks once, -1 waits until there is one
     * @return whether there was one
     * @throws java.io.InterruptedIOException on an interrupt, which stays set
     * @throws IOException when the channel is destroyed, also while it is waited for
     */
    public boolean getCQEvent(int timeout) throws IllegalArgumentException, IOException {
        return Waits.await(timeout, channel::await) != null;
    }

    /** Acknowledges events; nothing is left to do, they are acknowledged as they are read. */
    public void ackCQEvents(CompletionQueue queue, int count) throws IllegalArgumentException, IOException {
        Failures.present(queue, "completion queue");
        if (count < 0) {
            throw new IllegalArgumentException("count " + count + " is negative");
        }
    }

    @Override
    public String toString() {
        return channel.toString();
    }
}
