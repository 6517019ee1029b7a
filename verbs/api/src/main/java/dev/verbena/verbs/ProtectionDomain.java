package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.OwnerGate;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What belongs together: queue pairs may use the regions, windows, shared receive queues and address handles of their own
 * protection domain only; see ibv_alloc_pd(3).
 *
 * <p>Threading: any thread.
 */
public final class ProtectionDomain implements AutoCloseable {
    private final Context context;
    private final ProtectionDomainDriver driver;
    private final Lifetime lifetime;
    private final RegionTable regions = new RegionTable();
    private final Set<QueuePair> queuePairs = ConcurrentHashMap.newKeySet();

    ProtectionDomain(Context context, ProtectionDomainDriver driver) {
        this.context = context;
        this.driver = driver;
        this.lifetime = new Lifetime("protection domain on " + context, this, context.lifetime());
    }

    /** The context it was made from. */
    public Context context() {
        return context;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    RegionTable regions() {
        return regions;
    }

    /**
     * Allocates zeroed, page-aligned memory and registers it: the safest memory there is.
     *
     * @param lengthBytes at least 1
     */
    public MemoryRegion allocate(long lengthBytes, int access) {
        return allocate(lengthBytes, access, Pages.NORMAL);
    }

    /**
     * Allocates zeroed, page-aligned memory and registers it. Closing the region frees it.
     *
     * @param lengthBytes at least 1
     * @throws VerbsException ENOMEM, with what to do about the locked-memory limit or huge pages
     */
    public MemoryRegion allocate(long lengthBytes, int access, Pages pages) {
        if (lengthBytes < 1) {
            throw new IllegalArgumentException("length " + lengthBytes + " is less than 1");
        }
        checkAccess(access);
        lifetime.enter();
        try {
            ProtectionDomainDriver.AllocatedRegion allocated = driver.allocate(lengthBytes, access, pages);
            MemorySegment memory = allocated.memory();
            return new MemoryRegion(this, allocated.region(), memory.address(), lengthBytes, access, memory);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Registers memory that the garbage collector manages or that is never freed: a native segment of
     * {@code Arena.ofAuto()} or {@code Arena.global()}. It is held strongly until the region is closed.
     *
     * @throws IllegalArgumentException for heap segments, and for segments of an arena that can be closed: its memory
     *     could be freed under the device. Use {@link #arena}, {@link #allocate}, or {@link #registerUnmanaged}.
     */
    public MemoryRegion register(MemorySegment segment, int access) {
        checkNative(segment);
        if (!ManagedMemory.isManaged(segment)) {
            throw new IllegalArgumentException("the segment's arena can be closed while the device uses its memory;"
                    + " allocate from ProtectionDomain.arena(...) or .allocate(...), or take the responsibility with"
                    + " registerUnmanaged(...)");
        }
        return registerUnmanaged(segment, access);
    }

    /**
     * Registers a direct buffer, from index 0 to its capacity. It is held strongly until the region is closed.
     *
     * @throws IllegalArgumentException for heap and read-only buffers
     */
    public MemoryRegion register(ByteBuffer buffer, int access) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("a heap buffer moves, the device cannot use it; allocate a direct one");
        }
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("a read-only buffer cannot be registered");
        }
        return register(MemorySegment.ofBuffer(buffer.duplicate().clear()), access);
    }

    /**
     * Registers memory whose arena the caller may close: the caller keeps it alive until the region is closed.
     *
     * @throws IllegalArgumentException for heap segments
     */
    public MemoryRegion registerUnmanaged(MemorySegment segment, int access) {
        checkNative(segment);
        return register(segment.address(), segment.byteSize(), segment.address(), access, segment);
    }

    /**
     * Registers an address range that the caller keeps mapped until the region is closed.
     *
     * @param lengthBytes 0 to 2^63 - 1
     */
    public MemoryRegion registerUnmanaged(long address, long lengthBytes, int access) {
        return register(address, lengthBytes, address, access, null);
    }

    private MemoryRegion register(
            long address, long lengthBytes, long iova, int access, @Nullable MemorySegment segment) {
        if (lengthBytes < 0 || Long.compareUnsigned(address + lengthBytes, address) < 0) {
            throw new IllegalArgumentException(
                    String.format("%,d bytes at 0x%x do not fit the address space", lengthBytes, address));
        }
        checkAccess(access);
        if ((access & AccessFlags.REMOTE_ATOMIC) != 0) {
            context.require(Capability.ATOMICS_ON_REGISTERED_MEMORY, "ibv_reg_mr");
        }
        lifetime.enter();
        try {
            MemoryRegionDriver region = driver.register(address, lengthBytes, iova, access);
            return new MemoryRegion(this, region, address, lengthBytes, access, segment);
        } finally {
            lifetime.exit();
        }
    }

    private void checkAccess(int access) {
        AccessFlags.check(access);
        if ((access & AccessFlags.ON_DEMAND) != 0) {
            context.require(Capability.ON_DEMAND_PAGING, "ibv_reg_mr");
        }
        if ((access & AccessFlags.ZERO_BASED) != 0) {
            context.require(Capability.CHOSEN_VIRTUAL_ADDRESS, "ibv_reg_mr");
        }
    }

    private static void checkNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(
                    "heap memory moves, the device cannot use it; allocate a native segment");
        }
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException("a read-only segment cannot be registered");
        }
    }

    /** An arena whose allocations are regions with these rights. */
    public RegisteredArena arena(int access) {
        checkAccess(access);
        return new RegisteredArena(this, access);
    }

    /** ibv_alloc_mw(3). */
    public MemoryWindow allocateMemoryWindow(MemoryWindow.Type type) {
        Objects.requireNonNull(type, "type");
        context.require(
                type == MemoryWindow.Type.TYPE_1 ? Capability.MEMORY_WINDOW_TYPE_1 : Capability.MEMORY_WINDOW_TYPE_2,
                "ibv_alloc_mw");
        lifetime.enter();
        try {
            return new MemoryWindow(this, driver.allocateMemoryWindow(type), type);
        } finally {
            lifetime.exit();
        }
    }

    /** ibv_create_ah(3). */
    public AddressHandle createAddressHandle(AddressVector vector) {
        lifetime.enter();
        try {
            return new AddressHandle(this, driver.createAddressHandle(vector), vector);
        } finally {
            lifetime.exit();
        }
    }

    /** ibv_create_srq(3). */
    public SharedReceiveQueue createSharedReceiveQueue(SharedReceiveQueueConfig config) {
        context.require(Capability.SHARED_RECEIVE_QUEUE, "ibv_create_srq");
        lifetime.enter();
        try {
            return new SharedReceiveQueue(this, driver.createSharedReceiveQueue(config));
        } finally {
            lifetime.exit();
        }
    }

    /** ibv_create_qp(3); the queue pair is in RESET. */
    public QueuePair createQueuePair(QueuePairConfig config) {
        context.require(
                switch (config.type()) {
                    case RC -> Capability.RELIABLE_CONNECTED;
                    case UC -> Capability.UNRELIABLE_CONNECTED;
                    case UD -> Capability.UNRELIABLE_DATAGRAM;
                },
                "ibv_create_qp");
        SharedReceiveQueue srq = config.sharedReceiveQueue();
        checkSame(config.sendQueue().context(), "the send completion queue");
        checkSame(config.receiveQueue().context(), "the receive completion queue");
        if (srq != null && srq.protectionDomain() != this) {
            throw new IllegalArgumentException("the shared receive queue belongs to another protection domain");
        }
        Lifetime[] parents = srq == null
                ? new Lifetime[] {
                    lifetime,
                    config.sendQueue().lifetime(),
                    config.receiveQueue().lifetime()
                }
                : new Lifetime[] {
                    lifetime,
                    config.sendQueue().lifetime(),
                    config.receiveQueue().lifetime(),
                    srq.lifetime()
                };
        int entered = 0;
        try {
            for (Lifetime parent : parents) {
                parent.enter();
                entered++;
            }
            QueuePair qp = new QueuePair(
                    this,
                    config,
                    driver.createQueuePair(
                            config,
                            config.sendQueue().driver(),
                            config.receiveQueue().driver(),
                            srq == null ? null : srq.driver()),
                    parents);
            queuePairs.add(qp);
            return qp;
        } finally {
            while (entered > 0) {
                parents[--entered].exit();
            }
        }
    }

    private void checkSame(Context other, String what) {
        if (other != context) {
            throw new IllegalArgumentException(what + " belongs to another open device");
        }
    }

    void forget(QueuePair qp) {
        queuePairs.remove(qp);
    }

    /** Returns when no post is under way that can still believe in an object closed before the call. */
    void awaitPosts() {
        if (queuePairs.isEmpty()) {
            return;
        }
        OwnerGate.fence();
        for (QueuePair qp : queuePairs) {
            qp.awaitPosts();
        }
    }

    /** Closes everything made from it, then the domain; ibv_dealloc_pd(3). Idempotent. */
    @Override
    public void close() {
        lifetime.close(() -> {}, driver::close);
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
