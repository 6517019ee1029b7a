package com.ibm.net.rdma.jverbs.cm;

import dev.verbena.jverbs.Failures;
import dev.verbena.jverbs.Providers;
import dev.verbena.jverbs.Waits;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where connection ids tell what happened to them.
 *
 * <p>Threading: any thread; each event is read once.
 *
 * <p>Ownership: destroying the channel ends waits on it and nothing else. Its ids live on, with their connections, until each
 * is destroyed.
 */
public final class EventChannel {
    private final dev.verbena.verbs.cm.EventChannel channel;
    private final Map<dev.verbena.verbs.cm.ConnectionId, ConnectionId> ids = new ConcurrentHashMap<>();
    private volatile boolean destroyed;

    private EventChannel(dev.verbena.verbs.cm.EventChannel channel) {
        this.channel = channel;
    }

    /**
     * Makes a channel, of the provider that {@link Providers} chooses.
     *
     * @throws IOException when there is no device, with the reason for each provider
     */
    public static EventChannel createEventChannel() throws IOException {
        return new EventChannel(Failures.call(() -> dev.verbena.verbs.cm.EventChannel.open(Providers.chosen())));
    }

    /** Ends the channel for waits and for new ids; nothing when it is ended. Unread events are dropped. */
    public void destroyEventChannel() throws IOException {
        synchronized (this) {
            destroyed = true;
        }
        channel.wakeUp();
        closeWhenUnused();
    }

    private synchronized void closeWhenUnused() {
        if (destroyed && ids.isEmpty()) {
            channel.close();
        }
    }

    VerbsProvider provider() {
        return channel.provider();
    }

    synchronized ConnectionId createId() throws IOException {
        if (destroyed) {
            throw new IOException(channel + " is destroyed");
        }
        return remember(Failures.call(() -> channel.createId(dev.verbena.verbs.cm.PortSpace.TCP)));
    }

    private ConnectionId remember(dev.verbena.verbs.cm.ConnectionId id) {
        ConnectionId known = new ConnectionId(this, id);
        ids.put(id, known);
        return known;
    }

    void forget(dev.verbena.verbs.cm.ConnectionId id) {
        ids.remove(id);
        closeWhenUnused();
    }

    /**
     * Waits for an event.
     *
     * @param timeout milliseconds; 0 looks once, -1 waits until there is one
     * @return null when the time is over
     * @throws java.io.InterruptedIOException on an interrupt, which stays set
     * @throws IOException when the channel is destroyed, also while it is waited for, and when the device of the id that the
     *     event is about cannot be opened
     */
    public @Nullable ConnectionEvent getConnectionEvent(int timeout) throws IllegalArgumentException, IOException {
        return Waits.await(timeout, this::next);
    }

    private @Nullable ConnectionEvent next(Duration timeout) throws InterruptedException, IOException {
        if (destroyed) {
            throw new IOException(channel + " is destroyed");
        }
        dev.verbena.verbs.cm.ConnectionEvent event = channel.await(timeout);
        // A kind that this version does not know is none that a program could wait for.
        return event == null || event.type() == ConnectionEventType.UNKNOWN ? null : known(event);
    }

    private @Nullable ConnectionEvent known(dev.verbena.verbs.cm.ConnectionEvent event) throws IOException {
        dev.verbena.verbs.cm.ConnectionId listener = event.listener();
        ConnectionId id =
                event.type() == ConnectionEventType.CONNECT_REQUEST ? remember(event.id()) : ids.get(event.id());
        if (id == null) {
            // It was destroyed after the event had been read.
            return null;
        }
        if (event.type() == ConnectionEventType.ADDR_RESOLVED || event.type() == ConnectionEventType.CONNECT_REQUEST) {
            try {
                id.findDevice();
            } catch (IOException e) {
                if (event.type() == ConnectionEventType.CONNECT_REQUEST) {
                    // Nobody else knows of it.
                    id.destroy();
                }
                throw e;
            }
        }
        return new ConnectionEvent(
                ConnectionEvent.EventType.of(event.type()),
                id,
                listener == null ? null : ids.get(listener),
                event.toString());
    }

    /** Acknowledges an event; nothing is left to do, it is acknowledged as it is read. */
    public void ackConnectionEvent(ConnectionEvent connEvent) throws IllegalArgumentException, IOException {
        Failures.present(connEvent, "event");
    }

    @Override
    public String toString() {
        return channel.toString();
    }
}
