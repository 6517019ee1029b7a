package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.CompletionChannelDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The open embedded device. */
final class EmbeddedContext implements ContextDriver {
    static final int MTU_BYTES = 4096;
    static final long MESSAGE_BYTES_MAX = 1L << 30;
    static final int WORK_REQUESTS_MAX = 1 << 15;
    static final int ENTRIES_MAX = 32;
    static final int INLINE_MAX = 1024;
    static final int COMPLETIONS_MAX = 1 << 22;
    /** Receives of a shared queue that one queue pair may hold. */
    static final int SHARED_WINDOW = 64;

    private static final int READ_DEPTH_MAX = 255;
    private static final int DEFAULT_PKEY = 0xffff;
    private static final Set<Capability> CAPABILITIES = Collections.unmodifiableSet(EnumSet.of(
            Capability.RELIABLE_CONNECTED,
            Capability.UNRELIABLE_CONNECTED,
            Capability.UNRELIABLE_DATAGRAM,
            Capability.REMOTE_ATOMICS,
            Capability.ATOMICS_WITH_CPU,
            Capability.MULTICAST,
            Capability.SHARED_RECEIVE_QUEUE,
            Capability.RESIZE_SHARED_RECEIVE_QUEUE,
            Capability.MEMORY_WINDOW_TYPE_1,
            Capability.MEMORY_WINDOW_TYPE_2,
            Capability.MEMORY_WINDOW_BOUNDS,
            Capability.RESIZE_COMPLETION_QUEUE,
            Capability.CHOSEN_VIRTUAL_ADDRESS,
            Capability.SEND_QUEUE_ERROR_STATE,
            Capability.LAST_WQE_REACHED,
            Capability.MAX_MESSAGE_ENFORCED,
            Capability.RESUMES_AFTER_DRAINING,
            Capability.OWN_QUEUE_KEY,
            Capability.EXACT_ERROR_STATUS,
            Capability.SEND_SLOTS_FREED_BY_POLLING));

    private final int device;
    private final Node node;
    private final List<GidEntry> gids;
    private final Signal<AsyncRecord> events = new Signal<>();

    EmbeddedContext(int device) {
        this.device = device;
        this.node = Node.acquire(device);
        this.gids = Addresses.gids(device);
    }

    Node node() {
        return node;
    }

    String name() {
        return EmbeddedDevice.name(device);
    }

    @Override
    public Set<Capability> capabilities() {
        return CAPABILITIES;
    }

    @Override
    public DeviceAttributes queryDevice() {
        return new DeviceAttributes(
                "1",
                EmbeddedDevice.guid(device),
                EmbeddedDevice.guid(device),
                Long.MAX_VALUE,
                SharedMemory.PAGE_BYTES,
                0,
                0,
                Layout.VERSION,
                Layout.QUEUE_PAIRS_MAX,
                WORK_REQUESTS_MAX,
                0,
                ENTRIES_MAX,
                ENTRIES_MAX,
                1 << 16,
                COMPLETIONS_MAX,
                Layout.REGIONS_MAX - 1,
                1 << 20,
                READ_DEPTH_MAX,
                READ_DEPTH_MAX * Layout.QUEUE_PAIRS_MAX,
                READ_DEPTH_MAX,
                DeviceAttributes.AtomicCapability.GLOBAL,
                Layout.REGIONS_MAX - 1,
                Layout.MEMBERS_MAX,
                Layout.MEMBERS_MAX,
                1 << 20,
                1 << 16,
                WORK_REQUESTS_MAX,
                ENTRIES_MAX,
                1,
                0,
                1);
    }

    private void checkPort(String verb, int port) {
        if (port != 1) {
            throw new VerbsException(verb, "device " + name(), Errno.EINVAL, "its only port is 1, not " + port);
        }
    }

    @Override
    public PortAttributes queryPort(int port) {
        checkPort("ibv_query_port", port);
        return new PortAttributes(
                1,
                PortAttributes.State.ACTIVE,
                Mtu.MTU_4096,
                Mtu.MTU_4096,
                gids.size(),
                0,
                MESSAGE_BYTES_MAX,
                0,
                0,
                0,
                PortAttributes.LinkLayer.MEMORY,
                1,
                0,
                0,
                5);
    }

    @Override
    public List<GidEntry> queryGids(int port) {
        checkPort("ibv_query_gid", port);
        return gids;
    }

    @Override
    public int queryPkey(int port, int index) {
        checkPort("ibv_query_pkey", port);
        if (index != 0) {
            throw new VerbsException("ibv_query_pkey", "device " + name(), Errno.EINVAL, "the table has one key");
        }
        return DEFAULT_PKEY;
    }

    /** Whether a way begins at a port and a GID of this device. */
    boolean hasGid(AddressVector vector) {
        return vector.port() == 1 && vector.sourceGidIndex() >= 0 && vector.sourceGidIndex() < gids.size();
    }

    @Override
    public ProtectionDomainDriver allocateProtectionDomain() {
        return new EmbeddedProtectionDomain(this);
    }

    @Override
    public CompletionChannelDriver createCompletionChannel() {
        return new EmbeddedCompletionChannel();
    }

    @Override
    public CompletionQueueDriver createCompletionQueue(
            int entries, @Nullable CompletionChannelDriver channel, int vector) {
        if (entries > COMPLETIONS_MAX) {
            throw new VerbsException(
                    "ibv_create_cq", "device " + name(), Errno.EINVAL, "max_cqe is " + COMPLETIONS_MAX);
        }
        return new EmbeddedCompletionQueue(this, entries, (EmbeddedCompletionChannel) channel);
    }

    // ---------------------------------------------------------------- events

    /** Raises an asynchronous event about an object. */
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    void raise(AsyncEventType type, Object element) {
        events.add(new AsyncRecord(type.ordinal(), element, 0));
    }

    /** The object is closed: nobody needs to hear of it any more. */
    @SuppressWarnings("ReferenceEquality") // drivers are compared by identity
    void forget(Object element) {
        events.removeIf(event -> event.element() == element);
    }

    @Override
    public @Nullable AsyncRecord pollAsyncEvent() {
        return events.poll();
    }

    @Override
    public int completionVectors() {
        return 1;
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
        node.release();
    }
}
