package dev.verbena.verbs.spi;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.PortAttributes;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An open device. Its events are the asynchronous ones of ibv_get_async_event(3). */
public interface ContextDriver extends EventSource {
    /** What it can do. */
    Set<Capability> capabilities();

    /** Queries the device; ibv_query_device(3). */
    DeviceAttributes queryDevice();

    /** Queries a port, from 1; ibv_query_port(3). */
    PortAttributes queryPort(int port);

    /** The used entries of a port's GID table. */
    List<GidEntry> queryGids(int port);

    /** The partition key at an index; ibv_query_pkey(3). */
    int queryPkey(int port, int index);

    /** ibv_alloc_pd(3). */
    ProtectionDomainDriver allocateProtectionDomain();

    /** ibv_create_comp_channel(3). */
    CompletionChannelDriver createCompletionChannel();

    /** ibv_create_cq(3). */
    CompletionQueueDriver createCompletionQueue(int entries, @Nullable CompletionChannelDriver channel, int vector);

    /** Reads, copies and acknowledges the next asynchronous event; null when there is none. Never blocks. */
    @Nullable
    AsyncRecord pollAsyncEvent();

    /** Number of completion vectors. */
    int completionVectors();

    /**
     * An asynchronous event.
     *
     * @param type the number of {@code enum ibv_event_type}
     * @param element the driver object it is about, null for port and device events, or when that object is gone
     * @param port the port it is about, 0 when it is about something else
     */
    record AsyncRecord(int type, @Nullable Object element, int port) {}
}
