package dev.verbena.connection;

import dev.verbena.memory.LockedMemoryBudget;
import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.memory.RegisteredPool;
import dev.verbena.memory.RegistrationCache;
import dev.verbena.messaging.ReceivedMessages;
import dev.verbena.metrics.Counters;
import dev.verbena.metrics.ManagerMXBean;
import dev.verbena.netty.RegisteredByteBufAllocator;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.SharedReceives;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.EventChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way in: one open device with its memory, event loops, listeners and connections.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: {@link #close()} ends everything made from it, registered memory included. Buffers that are used afterwards
 * throw.
 */
public final class QueuePairManager implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QueuePairManager.class);
    private static final int READ_DEPTH_MAX = 16;
    /** A header and five pieces; more cost every request of the queue. */
    private static final int SEND_ENTRIES = 6;

    private static final ThreadFactory THREADS =
            Thread.ofPlatform().daemon(true).name("verbena-", 0).factory();

    private final QueuePairManagerConfig config;
    private final Device device;
    private final Context context;
    private final ProtectionDomain pd;
    private final LockedMemoryBudget budget;
    private final RegistrationCache registrations;
    private final RegisteredPool local;
    private final RegisteredPool readable;
    private final RegisteredPool shareable;
    /** What loops share for receives: it stays with them, and tells nothing of leaks. */
    private final RegisteredPool received;

    private final RegisteredByteBufAllocator allocator;
    private final List<EventLoop> loops = new ArrayList<>();
    private final Map<EventLoop, ReceivedMessages> messages = new HashMap<>();
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final ConnectionManagerThread cm;
    private final Set<ConnectionCore> connections = ConcurrentHashMap.newKeySet();
    private final Counters ended = new Counters();
    private final int readDepthMax;
    private final int sendEntries;
    private final long messageBytesMax;
    private final ManagerBean bean;
    private volatile boolean closed;

    private QueuePairManager(QueuePairManagerConfig config) {
        this.config = config;
        this.device = choose(config);
        this.context = device.open();
        try {
            DeviceAttributes attributes = context.queryDevice();
            this.readDepthMax = Math.clamp(
                    Math.min(attributes.maxReadAtomicPerQueuePair(), attributes.maxInitiatedReadAtomicPerQueuePair()),
                    1,
                    READ_DEPTH_MAX);
            this.sendEntries = Math.clamp(attributes.maxScatterGather(), 2, SEND_ENTRIES);
            this.messageBytesMax = context.queryPort(1).maxMessageBytes();
            this.pd = context.allocateProtectionDomain();
            this.budget = new LockedMemoryBudget(device.toString(), config.lockedMemoryMaxBytes());
            // Before the pools: what the budget asks for first is what nobody allocated here.
            this.registrations = new RegistrationCache(pd, budget, config.registrationCacheMaxBytes());
            this.local = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE);
            int windows = context.has(Capability.MEMORY_WINDOW_TYPE_2) ? AccessFlags.MEMORY_WINDOW_BIND : 0;
            this.readable = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
            this.shareable = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE | windows);
            this.received = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE);
            this.allocator = new RegisteredByteBufAllocator(local, readable, config.receiveBufferBytes());
            int entries = (int) Math.min(config.entriesPerLoop(), attributes.maxCompletionQueueEntries());
            for (int i = 0; i < config.loops(); i++) {
                SharedReceives shared = shareReceives(attributes);
                EventLoop loop =
                        new EventLoop(context, "verbena-loop-" + i, config.waitingPolicy(), entries, shared, THREADS);
                loops.add(loop);
                if (shared != null) {
                    messages.put(loop, new ReceivedMessages(shared, allocator));
                }
            }
            this.cm = new ConnectionManagerThread(this, EventChannel.open(Verbs.provider(device.provider())), THREADS);
        } catch (RuntimeException e) {
            loops.forEach(EventLoop::close);
            context.close();
            throw e;
        }
        this.bean = new ManagerBean(this);
        bean.register();
        LOG.info("{} of provider {}, {} loop(s), {}", device, device.provider(), loops.size(), config.waitingPolicy());
    }

    private @Nullable SharedReceives shareReceives(DeviceAttributes attributes) {
        int wanted = config.sharedReceives();
        if (wanted == 0) {
            return null;
        }
        int most = attributes.maxSharedReceiveQueueWorkRequests();
        if (wanted > most) {
            throw new VerbsException(
                    "ibv_create_srq",
                    device.toString(),
                    Errno.EINVAL,
                    String.format(
                            "%,d shared receives are wanted, %,d is the most (max_srq_wr): lower"
                                    + " QueuePairManagerConfig.sharedReceives, or add loops",
                            wanted, most));
        }
        return new SharedReceives(pd, received, config.receiveBufferBytes(), wanted);
    }

    private static Device choose(QueuePairManagerConfig config) {
        String name = config.device();
        String provider = config.provider();
        if (provider == null) {
            return name == null ? Verbs.anyDevice() : Verbs.device(name);
        }
        List<Device> devices = Verbs.devices(Verbs.provider(provider));
        for (Device candidate : devices) {
            if (name == null || candidate.name().equals(name)) {
                return candidate;
            }
        }
        throw new VerbsException(
                "ibv_open_device",
                "provider " + provider,
                Errno.ENODEV,
                name == null ? "it has no usable device" : "it has no device " + name + "; it has " + devices);
    }

    /** On an RDMA device if there is one, else embedded; the log says which. */
    public static QueuePairManager open() {
        return open(new QueuePairManagerConfig());
    }

    /**
     * As configured.
     *
     * @throws VerbsException when there is no such device or it refuses
     */
    public static QueuePairManager open(QueuePairManagerConfig config) {
        config.validate();
        return new QueuePairManager(config);
    }

    // ---------------------------------------------------------------- what it has

    /** Its device. */
    public Device device() {
        return device;
    }

    /** Its event loops. */
    public List<EventLoop> loops() {
        return List.copyOf(loops);
    }

    /** Gives buffers in registered memory. */
    public RegisteredByteBufAllocator allocator() {
        return allocator;
    }

    /** Its budget for locked memory. */
    public LockedMemoryBudget budget() {
        return budget;
    }

    /** Its protection domain, for what the manager does not do. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /**
     * Registered memory for one-sided operations; peers may use it only as far as a connection shares it.
     *
     * @throws VerbsException ENOMEM when the budget is spent or the device refuses
     */
    public RegisteredBuffer allocate(long bytes) {
        RegisteredBuffer buffer = new RegisteredBuffer(shareable.take(bytes), bytes);
        buffer.memory().fill((byte) 0);
        return buffer;
    }

    /**
     * Registered memory that peers may read: the source of long messages that need no copy, see
     * {@link Connection#send(int, OwnedMemory, java.util.function.LongConsumer)}.
     *
     * @throws VerbsException ENOMEM when the budget is spent or the device refuses
     */
    public RegisteredBuffer allocateReadable(long bytes) {
        RegisteredBuffer buffer = new RegisteredBuffer(readable.take(bytes), bytes);
        buffer.memory().fill((byte) 0);
        return buffer;
    }

    /** Connections that have not ended. */
    public int connectionCount() {
        return connections.size();
    }

    /**
     * Memory of buffers, messages and connections that is out, in bytes; 0 when nothing leaked and nothing is connected.
     * Receives that loops share count while a message lies in them.
     */
    public long memoryInUseBytes() {
        long kept = registrations.usedBytes();
        for (EventLoop loop : loops) {
            SharedReceives shared = loop.sharedReceives();
            kept += shared == null ? 0 : (long) shared.kept() * shared.slotBytes();
        }
        return local.takenBytes() + readable.takenBytes() + shareable.takenBytes() + kept;
    }

    /** What was counted on all its connections. */
    public Counters counters() {
        Counters sum = new Counters();
        synchronized (ended) {
            sum.add(ended);
        }
        connections.forEach(connection -> sum.add(connection.counters()));
        return sum;
    }

    /** What it counts, as JMX and Micrometer show it. */
    public ManagerMXBean metrics() {
        return bean;
    }

    QueuePairManagerConfig config() {
        return config;
    }

    RegistrationCache registrations() {
        return registrations;
    }

    RegisteredPool localPool() {
        return local;
    }

    /** The messages in the receives that a loop's connections share. */
    ReceivedMessages sharedMessages(EventLoop loop) {
        ReceivedMessages shared = messages.get(loop);
        if (shared == null) {
            throw new IllegalStateException(loop + " has no shared receives");
        }
        return shared;
    }

    int readDepthMax() {
        return readDepthMax;
    }

    int sendEntries() {
        return sendEntries;
    }

    long messageBytesMax() {
        return messageBytesMax;
    }

    EventLoop nextLoop() {
        return loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
    }

    void remember(ConnectionCore connection) {
        connections.add(connection);
    }

    void forget(ConnectionCore connection) {
        connections.remove(connection);
        synchronized (ended) {
            ended.add(connection.counters());
        }
    }

    // ---------------------------------------------------------------- connections

    /**
     * Listens at an address; port 0 picks one.
     *
     * @param handler told of every connection, on its loop's thread, before its first message: set the message handler there
     * @throws VerbsException when the address is not this host's or taken
     */
    public Listener listen(InetSocketAddress address, Consumer<Connection> handler) {
        requireOpen();
        return new Listener(cm, cm.listen(address, handler));
    }

    /** Connects within the configured time. Cancelling the future ends the attempt. */
    public CompletableFuture<Connection> connect(InetSocketAddress address) {
        return connect(null, address, connection -> {});
    }

    /**
     * Connects from an address of one's own.
     *
     * @param source null for the configured one, else the system's choice; with two devices on one host name it
     * @param handler told on the loop's thread before the first message, and before the future completes
     */
    public CompletableFuture<Connection> connect(
            @Nullable InetSocketAddress source, InetSocketAddress address, Consumer<Connection> handler) {
        requireOpen();
        InetAddress usual = config.sourceAddress();
        InetSocketAddress from = source != null || usual == null ? source : new InetSocketAddress(usual, 0);
        return cm.connect(from, address, handler);
    }

    /**
     * Connects, and again when the peer was lost: see {@link Reconnector}, and what it never does.
     *
     * @param handler told of each connection, on its loop's thread, before its first message
     */
    public Reconnector connect(InetSocketAddress address, ReconnectPolicy policy, Consumer<Connection> handler) {
        return connect(null, address, policy, handler);
    }

    /** As the other, from an address of one's own. */
    public Reconnector connect(
            @Nullable InetSocketAddress source,
            InetSocketAddress address,
            ReconnectPolicy policy,
            Consumer<Connection> handler) {
        requireOpen();
        Reconnector reconnector = new Reconnector(this, source, address, policy, handler);
        reconnector.connect();
        return reconnector;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the manager of " + device + " is closed");
        }
    }

    // ---------------------------------------------------------------- the end

    /**
     * Closes every connection in good order, bounded by the close timeout, then everything else. Loops that the application
     * drives are polled meanwhile if the caller owns them. Idempotent.
     */
    @Override
    public void close() {
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException(
                    "a manager cannot be closed on an event loop's own thread, which it waits for: use another thread");
        }
        if (closed) {
            return;
        }
        closed = true;
        bean.unregister();
        List<CompletableFuture<?>> ends = new ArrayList<>();
        connections.forEach(connection -> ends.add(connection.facade().closeAsync()));
        awaitEnds(CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)));
        cm.close();
        // Those that were on their way to be connections.
        List<CompletableFuture<?>> late = new ArrayList<>();
        connections.forEach(connection -> late.add(connection.facade().abort()));
        awaitEnds(CompletableFuture.allOf(late.toArray(CompletableFuture[]::new)));
        loops.forEach(EventLoop::close);
        registrations.close();
        local.close();
        readable.close();
        shareable.close();
        received.close();
        context.close();
    }

    private void awaitEnds(CompletableFuture<Void> all) {
        long deadlineNs =
                System.nanoTime() + config.closeTimeout().plusSeconds(3).toNanos();
        boolean driven = config.waitingPolicy() == WaitingPolicy.APPLICATION;
        try {
            while (!all.isDone() && System.nanoTime() - deadlineNs < 0) {
                if (driven) {
                    drive();
                } else {
                    Void _ = all.get(Math.max(1, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("{} connection(s) have not ended in time", connections.size());
        }
    }

    private void drive() {
        for (EventLoop loop : loops) {
            if (loop.isOwner()) {
                int _ = loop.poll();
            }
        }
        Thread.onSpinWait();
    }

    @Override
    public String toString() {
        return "manager of " + device;
    }
}
