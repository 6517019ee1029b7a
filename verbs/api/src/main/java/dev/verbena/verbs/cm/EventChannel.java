package dev.verbena.verbs.cm;

import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.Waiting;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import dev.verbena.verbs.spi.EventChannelDriver.ConnectionRecord;
import dev.verbena.verbs.spi.VerbsProvider;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where ids tell what happened to them; see rdma_create_event_channel(3). Events are acknowledged as they are read, so no
 * close waits for them.
 *
 * <p>For an id with an attached queue pair the channel does what librdmacm does: on the peer's answer it moves the queue
 * pair to READY_TO_SEND, tells the peer, and reports ESTABLISHED.
 *
 * <p>Threading: any thread; each event is read once.
 */
public final class EventChannel implements AutoCloseable {
    private final VerbsProvider provider;
    private final EventChannelDriver driver;
    private final Lifetime lifetime;
    private final Map<ConnectionIdDriver, ConnectionId> ids = new ConcurrentHashMap<>();

    private EventChannel(VerbsProvider provider) {
        this.provider = provider;
        this.driver = provider.openEventChannel();
        this.lifetime = new Lifetime("event channel of " + provider.name(), this, Lifetime.ROOT);
    }

    /**
     * Opens a channel of a provider.
     *
     * @throws VerbsException when the provider is not usable, with the reason
     */
    public static EventChannel open(VerbsProvider provider) {
        return new EventChannel(provider);
    }

    /** The provider. */
    public VerbsProvider provider() {
        return provider;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    /** Makes an id; rdma_create_id(3). */
    public ConnectionId createId(PortSpace space) {
        lifetime.enter();
        try {
            return remember(new ConnectionId(this, driver.createId(space), space));
        } finally {
            lifetime.exit();
        }
    }

    private ConnectionId remember(ConnectionId id) {
        ids.put(id.driver(), id);
        return id;
    }

    void forget(ConnectionIdDriver id) {
        ids.remove(id);
    }

    /** The next event; null when there is none. Never blocks. */
    public @Nullable ConnectionEvent poll() {
        lifetime.enter();
        try {
            return read();
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Waits for the next event.
     *
     * @return null when the time is over or {@link #wakeUp()} was called
     * @throws InterruptedException within 100 ms of an interrupt
     */
    public @Nullable ConnectionEvent await(Duration timeout) throws InterruptedException {
        return Waiting.await(lifetime, driver, timeout, this::read);
    }

    /** Ends every {@link #await} that is under way. */
    public void wakeUp() {
        driver.wake();
    }

    private @Nullable ConnectionEvent read() {
        while (true) {
            ConnectionRecord event = driver.poll();
            if (event == null) {
                return null;
            }
            ConnectionId listener = event.listenId() == null ? null : ids.get(event.listenId());
            ConnectionId id = ids.get(event.id());
            if (ConnectionEventType.of(event.type()) == ConnectionEventType.CONNECT_REQUEST) {
                if (listener == null) {
                    event.id().close();
                    continue;
                }
                id = remember(new ConnectionId(this, event.id(), listener.portSpace()));
            }
            if (id != null) {
                return id.received(event, listener);
            }
        }
    }

    /** Closes every id of the channel, then the channel. Idempotent. */
    @Override
    public void close() {
        lifetime.close(driver::wake, driver::close);
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
