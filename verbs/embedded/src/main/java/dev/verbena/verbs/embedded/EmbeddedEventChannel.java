package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.ConnectionIdDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import org.jspecify.annotations.Nullable;

/** A channel of connection-manager events: a queue in this process, filled by the agent. */
final class EmbeddedEventChannel implements EventChannelDriver {
    private final Signal<ConnectionRecord> events = new Signal<>();
    private final Node node;

    EmbeddedEventChannel() {
        String problem = Linux.problem();
        if (problem != null) {
            throw new VerbsException("rdma_create_event_channel", "embedded", Errno.ENOSYS, problem);
        }
        node = Node.acquire(0);
    }

    Node node() {
        return node;
    }

    Agent agent() {
        return node.agent();
    }

    void add(ConnectionRecord event) {
        events.add(event);
    }

    void forget(EmbeddedConnectionId id) {
        events.removeIf(event -> event.id() == id);
    }

    @Override
    public ConnectionIdDriver createId(PortSpace space) {
        return new EmbeddedConnectionId(this, space);
    }

    @Override
    public @Nullable ConnectionRecord poll() {
        return events.poll();
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
        for (ConnectionRecord event = events.poll(); event != null; event = events.poll()) {
            if (event.listenId() != null) {
                // A request that nobody has read.
                event.id().close();
            }
        }
        node.release();
    }
}
