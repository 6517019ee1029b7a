package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open device. A process opens each device once, when the first connection id is bound to it, and keeps it to its end.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: what is destroyed takes what was made from it along, newest first, so that no order of destruction fails.
 */
public final class VerbsContext {
    private static final Logger LOG = LoggerFactory.getLogger(VerbsContext.class);

    private record Key(String provider, String device) {}

    private static final Map<Key, VerbsContext> OPEN = new HashMap<>();

    private final Context context;
    private final AtomicBoolean toldOfAtomics = new AtomicBoolean();

    private VerbsContext(Context context) {
        this.context = context;
    }

    static VerbsContext of(dev.verbena.verbs.Device device) throws IOException {
        Key key = new Key(device.provider(), device.name());
        synchronized (OPEN) {
            VerbsContext open = OPEN.get(key);
            if (open == null) {
                open = new VerbsContext(Failures.call(device::open));
                OPEN.put(key, open);
            }
            return open;
        }
    }

    /**
     * The rights that memory can be registered with. No request of jVerbs is an atomic one, yet programs ask for every right: a
     * device without atomics on memory of others is asked for the rest, and a line in the log says so once.
     */
    int grantable(int access) {
        if ((access & AccessFlags.REMOTE_ATOMIC) == 0 || context.has(Capability.ATOMICS_ON_REGISTERED_MEMORY)) {
            return access;
        }
        if (toldOfAtomics.compareAndSet(false, true)) {
            LOG.info("{} has no atomics on registered memory: registered without IBV_ACCESS_REMOTE_ATOMIC", this);
        }
        return access & ~AccessFlags.REMOTE_ATOMIC;
    }

    Context context() {
        return context;
    }

    /** Makes a protection domain. */
    public ProtectionDomain allocProtectionDomain() throws IOException {
        return new ProtectionDomain(this, Failures.call(context::allocateProtectionDomain));
    }

    /** Ends a protection domain and its queue pairs and regions; nothing when it is ended. */
    public void deallocProtectionDomain(ProtectionDomain pd) throws IllegalArgumentException, IOException {
        Failures.present(pd, "protection domain").destroy();
    }

    /** Makes a channel on which completion queues tell that they have something. */
    public CompletionChannel createCompletionChannel() throws IOException {
        return new CompletionChannel(this, Failures.call(context::createCompletionChannel));
    }

    /** Ends a channel, its completion queues and every wait on it; nothing when it is ended. */
    public void destroyCompletionChannel(CompletionChannel channel) throws IllegalArgumentException, IOException {
        Failures.present(channel, "completion channel").destroy();
    }

    /**
     * Makes a completion queue.
     *
     * @param channel where its events go; null for a queue that is only polled
     * @param maxEventEntries completions that it must have room for
     * @param completionVector which interrupt, from 0
     */
    public CompletionQueue createCompletionQueue(
            @Nullable CompletionChannel channel, int maxEventEntries, int completionVector)
            throws IllegalArgumentException, IOException {
        return new CompletionQueue(
                this,
                channel,
                Failures.call(() -> context.createCompletionQueue(
                        maxEventEntries, channel == null ? null : channel.channel(), completionVector)));
    }

    /** Ends a completion queue and the queue pairs that use it; nothing when it is ended. */
    public void destroyCompletionQueue(CompletionQueue queue) throws IllegalArgumentException, IOException {
        Failures.present(queue, "completion queue").destroy();
    }

    /** How many interrupts completion queues can be spread over. */
    public int getCompletionVectors() {
        return context.completionVectors();
    }

    /** The device it was opened from. */
    public Device getDevice() {
        return new Device(context.device());
    }

    /** Limits and identity of the device. */
    public DeviceAttribute queryDevice() throws IOException {
        return new DeviceAttribute(Failures.call(context::queryDevice));
    }

    /** State of a port, from 1. */
    public PortAttribute queryPort(int port) throws IOException {
        return new PortAttribute(Failures.call(() -> context.queryPort(port)));
    }

    @Override
    public String toString() {
        return context.toString();
    }
}
