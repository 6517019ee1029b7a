package com.ibm.net.rdma.jverbs.verbs;

import java.io.IOException;

/**
 * The Verbena objects under those of jVerbs: for programs that move from one to the other step by step, and for what jVerbs
 * has no words for. Not a part of IBM's API.
 *
 * <p>Threading: any thread.
 */
public final class Verbena {
    private Verbena() {}

    /** The open device under a context. */
    public static dev.verbena.verbs.Context of(VerbsContext context) {
        return context.context();
    }

    /** The protection domain under one of jVerbs. */
    public static dev.verbena.verbs.ProtectionDomain of(ProtectionDomain pd) {
        return pd.pd();
    }

    /** The region under one of jVerbs. */
    public static dev.verbena.verbs.MemoryRegion of(MemoryRegion region) {
        return region.region();
    }

    /** The channel under one of jVerbs. */
    public static dev.verbena.verbs.CompletionChannel of(CompletionChannel channel) {
        return channel.channel();
    }

    /** The queue under one of jVerbs. */
    public static dev.verbena.verbs.CompletionQueue of(CompletionQueue queue) {
        return queue.queue();
    }

    /** The queue pair under one of jVerbs. */
    public static dev.verbena.verbs.QueuePair of(QueuePair queuePair) {
        return queuePair.qp();
    }

    /** This process' context of a device, opened by the first call. */
    public static VerbsContext context(dev.verbena.verbs.Device device) throws IOException {
        return VerbsContext.of(device);
    }

    /** A queue pair in RESET, attached to no connection id. */
    public static QueuePair queuePair(ProtectionDomain pd, QueuePairInitAttribute attribute) throws IOException {
        return new QueuePair(pd, attribute);
    }

    /** Destroys a queue pair; nothing when it is destroyed. */
    public static void destroy(QueuePair queuePair) {
        queuePair.destroy();
    }
}
