package dev.verbena.verbs.spi;

import java.util.List;

/**
 * A way to RDMA, found by {@link java.util.ServiceLoader}. Providers never see each other.
 *
 * <p>Errors of the control path are thrown as {@link dev.verbena.verbs.VerbsException}; the caller has checked arguments
 * that need no knowledge of the device, and that the objects are open.
 *
 * <p>Threading: every method of this package's interfaces may be called from any thread; those of one
 * {@link QueuePairDriver}, {@link CompletionQueueDriver} or {@link SharedReceiveQueueDriver} that post, flush or poll
 * are called by one thread at a time.
 */
public interface VerbsProvider {
    /** Its name: {@code rdma-core}, {@code embedded}. */
    String name();

    /** Rank when nobody asked for a provider by name; the usable one with the highest is taken. */
    int priority();

    /** Whether it can be used here, and if not why, in one sentence. Never throws; answers the same again. */
    Availability availability();

    /** The devices; empty when it is not usable. */
    List<DeviceDriver> devices();

    /** Opens a channel of connection-manager events. */
    EventChannelDriver openEventChannel();

    /**
     * Whether a provider can be used.
     *
     * @param usable whether it has a device that can be opened
     * @param reason why not, and how to mend it; what was found when usable
     */
    record Availability(boolean usable, String reason) {}
}
