package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.Waiting;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.ContextDriver;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open device; see ibv_open_device(3). Everything else is made from it, directly or not. Closing it closes all of that,
 * newest first.
 *
 * <p>Threading: any thread.
 */
public final class Context implements AutoCloseable {
    private final Device device;
    private final ContextDriver driver;
    private final Lifetime lifetime;
    private final Set<Capability> capabilities;

    /** API objects by their driver, to name the object that an event is about. */
    private final Map<Object, Object> objects = new ConcurrentHashMap<>();

    Context(Device device, ContextDriver driver) {
        this.device = device;
        this.driver = driver;
        this.lifetime = new Lifetime(device.toString(), this, Lifetime.ROOT);
        this.capabilities = Set.copyOf(driver.capabilities());
    }

    /** The device. */
    public Device device() {
        return device;
    }

    /** What it can do. */
    public Set<Capability> capabilities() {
        return capabilities;
    }

    /** Whether it has a capability. */
    public boolean has(Capability capability) {
        return capabilities.contains(capability);
    }

    void require(Capability capability, String verb) {
        if (!has(capability)) {
            throw VerbsException.missing(capability, verb, device.toString());
        }
    }

    /** Limits and identity; ibv_query_device(3). */
    public DeviceAttributes queryDevice() {
        return call(driver::queryDevice);
    }

    /** State of a port, from 1; ibv_query_port(3). */
    public PortAttributes queryPort(int port) {
        return call(() -> driver.queryPort(port));
    }

    /** The used entries of a port's GID table; ibv_query_gid_table(3). */
    public List<GidEntry> queryGids(int port) {
        return call(() -> driver.queryGids(port));
    }

    /** A partition key; ibv_query_pkey(3). */
    public int queryPkey(int port, int index) {
        return call(() -> driver.queryPkey(port, index));
    }

    /**
     * The GID that connections should use: {@link GidChoice} over the port's table.
     *
     * @param local the address that packets shall leave from; null for the best one
     * @throws VerbsException when no entry fits, with the entries there are
     */
    public GidEntry chooseGid(int port, @Nullable InetAddress local) {
        return GidChoice.choose(device.toString(), queryGids(port), local);
    }

    /** ibv_alloc_pd(3). */
    public ProtectionDomain allocateProtectionDomain() {
        return call(() -> new ProtectionDomain(this, driver.allocateProtectionDomain()));
    }

    /** ibv_create_comp_channel(3). */
    public CompletionChannel createCompletionChannel() {
        return call(() -> new CompletionChannel(this, driver.createCompletionChannel()));
    }

    /** A completion queue that is polled; ibv_create_cq(3). */
    public CompletionQueue createCompletionQueue(int entries) {
        return createCompletionQueue(entries, null, 0);
    }

    /**
     * A completion queue; ibv_create_cq(3).
     *
     * @param entries completions it must have room for; more may be granted
     * @param channel where its events go, null for none
     * @param vector which interrupt, 0 to completionVectors - 1
     */
    public CompletionQueue createCompletionQueue(int entries, @Nullable CompletionChannel channel, int vector) {
        Limits.within("entries", entries, 1, Integer.MAX_VALUE);
        Limits.within("vector", vector, 0, Math.max(0, driver.completionVectors() - 1));
        if (channel != null && channel.context() != this) {
            throw new IllegalArgumentException(
                    channel + " belongs to " + channel.context().device());
        }
        return call(() -> {
            if (channel == null) {
                return new CompletionQueue(this, null, driver.createCompletionQueue(entries, null, vector));
            }
            return channel.call(() -> new CompletionQueue(
                    this, channel, driver.createCompletionQueue(entries, channel.driver(), vector)));
        });
    }

    /** Number of interrupts that completion queues can be spread over. */
    public int completionVectors() {
        return driver.completionVectors();
    }

    /** The next asynchronous event; null when there is none. Never blocks. */
    public @Nullable AsyncEvent pollAsyncEvent() {
        return call(this::readAsyncEvent);
    }

    /**
     * Waits for the next asynchronous event.
     *
     * @return null when the time is over or {@link #wakeUp()} was called
     * @throws InterruptedException within 100 ms of an interrupt
     */
    public @Nullable AsyncEvent awaitAsyncEvent(Duration timeout) throws InterruptedException {
        return Waiting.await(lifetime, driver, timeout, this::readAsyncEvent);
    }

    /** Ends every {@link #awaitAsyncEvent} that is under way. */
    public void wakeUp() {
        driver.wake();
    }

    private @Nullable AsyncEvent readAsyncEvent() {
        ContextDriver.AsyncRecord event = driver.pollAsyncEvent();
        if (event == null) {
            return null;
        }
        Object element = event.element() == null ? null : objects.get(event.element());
        return new AsyncEvent(
                AsyncEventType.of(event.type()),
                event.type(),
                element instanceof QueuePair qp ? qp : null,
                element instanceof CompletionQueue cq ? cq : null,
                element instanceof SharedReceiveQueue srq ? srq : null,
                event.port());
    }

    <T> T call(Supplier<T> call) {
        lifetime.enter();
        try {
            return call.get();
        } finally {
            lifetime.exit();
        }
    }

    Lifetime lifetime() {
        return lifetime;
    }

    void remember(Object objectDriver, Object object) {
        objects.put(objectDriver, object);
    }

    void forget(Object objectDriver) {
        objects.remove(objectDriver);
    }

    @Nullable
    CompletionQueue completionQueue(CompletionQueueDriver queue) {
        return (CompletionQueue) objects.get(queue);
    }

    /** Closes everything made from it, then the device. Idempotent. */
    @Override
    public void close() {
        lifetime.close(driver::wake, driver::close);
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
