package dev.verbena.disni;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaEventChannel;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A channel of connection events as DiSNI sees it. Its descriptor is a number that is only good for telling channels apart.
 *
 * <p>Threading: any thread; each event is read once.
 */
final class DisniEventChannel extends RdmaEventChannel {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final EventChannel channel;
    private final Map<ConnectionId, DisniConnectionId> ids = new ConcurrentHashMap<>();

    DisniEventChannel(EventChannel channel) throws IOException {
        super(NUMBERS.incrementAndGet());
        this.channel = channel;
    }

    EventChannel channel() {
        return channel;
    }

    DisniConnectionId createConnectionId(short portSpace) throws IOException {
        return remember(Failure.call(() -> channel.createId(portSpace(portSpace))), portSpace);
    }

    private static PortSpace portSpace(short code) {
        for (PortSpace space : PortSpace.values()) {
            if (space.code() == code) {
                return space;
            }
        }
        throw new IllegalArgumentException(
                String.format("port space 0x%04x is neither RDMA_PS_TCP nor RDMA_PS_UDP", code));
    }

    private DisniConnectionId remember(ConnectionId id, int portSpace) throws IOException {
        DisniConnectionId own = new DisniConnectionId(this, id, portSpace);
        ids.put(id, own);
        return own;
    }

    void forget(ConnectionId id) {
        ids.remove(id);
    }

    /** The next event; null when the time, in milliseconds, negative for ever, was over. */
    @Nullable
    RdmaCmEvent next(int timeout) throws IOException {
        Patience patience = new Patience(timeout);
        try {
            do {
                ConnectionEvent event = channel.await(patience.left());
                DisniEvent own = event == null ? null : translate(event);
                if (own != null) {
                    return own;
                }
            } while (!patience.isOver() && isOpen());
            return null;
        } catch (InterruptedException e) {
            throw DisniVerbs.interrupted();
        } catch (RuntimeException e) {
            throw Failure.of(e);
        }
    }

    private @Nullable DisniEvent translate(ConnectionEvent event) throws IOException {
        ConnectionId listener = event.listener();
        DisniConnectionId listening = listener == null ? null : ids.get(listener);
        if (event.type() == ConnectionEventType.UNKNOWN) {
            return null;
        }
        if (event.type() == ConnectionEventType.CONNECT_REQUEST) {
            if (listening == null) {
                // Its listener is gone, and nobody else knows of it.
                event.id().close();
                return null;
            }
            DisniConnectionId fresh = remember(event.id(), listening.getPs());
            return new DisniEvent(event, listening, fresh);
        }
        DisniConnectionId id = ids.get(event.id());
        if (id == null) {
            return null;
        }
        id.told(event);
        return new DisniEvent(event, listening, id);
    }

    static DisniEventChannel of(RdmaEventChannel channel) throws IOException {
        DisniEventChannel own = Failure.cast(DisniEventChannel.class, channel, "event channel");
        Failure.requireOpen(own.isOpen(), own.channel.toString());
        return own;
    }
}
