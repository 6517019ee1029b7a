package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a benchmark's queue pairs with -R, one after the other.
 *
 * <p>Threading: one thread.
 */
final class CmPairs implements AutoCloseable {
    private static final Duration END = Duration.ofSeconds(5);
    private static final int RETRIES = 7;

    private final CmEvents events;
    private final int port;
    private final @Nullable InetSocketAddress server;
    private final String peer;
    private final Settings settings;
    private final List<ConnectionId> ids = new ArrayList<>();
    private @Nullable ConnectionId listener;

    /** On events of its own. */
    CmPairs(CmEvents events, int port, @Nullable InetSocketAddress server, String peer, Settings settings) {
        this.events = events;
        this.port = port;
        this.server = server;
        this.peer = peer;
        this.settings = settings;
    }

    /** The server listens before the client is told to come; perftest's listens only then, which is why a client tries again. */
    void prepare() {
        if (server == null) {
            listener = events.listen(port, settings.queuePairs());
        }
    }

    void connect(Side side) throws InterruptedException {
        int depth = settings.test().verb().isRequest() ? side.reads() : 0;
        ConnectionParameters parameters =
                ConnectionParameters.DEFAULT.withRetries(RETRIES, RETRIES).withReadDepth(depth, depth);
        if (server == null) {
            accept(side, parameters);
        } else {
            for (int i = 0; i < settings.queuePairs(); i++) {
                QueuePair qp = side.qp(i);
                ids.add(CmChannel.again(() -> connect(server, qp, parameters)));
            }
        }
    }

    private ConnectionId connect(InetSocketAddress to, QueuePair qp, ConnectionParameters parameters)
            throws InterruptedException {
        ConnectionId id = events.resolve(to);
        try {
            id.attach(qp);
            id.connect(parameters);
            ConnectionEvent _ = events.expect(ConnectionEventType.ESTABLISHED, peer, settings.timeout());
            return id;
        } catch (Failure e) {
            id.close();
            qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
            throw e;
        }
    }

    private void accept(Side side, ConnectionParameters parameters) throws InterruptedException {
        int established = 0;
        while (established < settings.queuePairs()) {
            ConnectionEvent event = events.await(settings.timeout());
            if (event == null) {
                throw Failure.timeout("a connection of " + peer, settings.timeout());
            }
            if (event.type() == ConnectionEventType.CONNECT_REQUEST && ids.size() < settings.queuePairs()) {
                event.id().attach(side.qp(ids.size()));
                ids.add(event.id());
                event.id()
                        .accept(parameters.withReadDepth(
                                Math.min(parameters.responderResources(), event.initiatorDepth()),
                                Math.min(parameters.initiatorDepth(), event.responderResources())));
            } else if (event.type() == ConnectionEventType.ESTABLISHED) {
                established++;
            } else if (event.type().isFailure() || event.type() == ConnectionEventType.DISCONNECTED) {
                throw Failure.of(event, peer);
            }
        }
        ConnectionId done = listener;
        if (done != null) {
            done.close();
        }
    }

    /** As perftest ends it: the server disconnects, and both wait until they know. */
    void end() throws InterruptedException {
        if (server == null) {
            ids.forEach(ConnectionId::disconnect);
        }
        long end = System.nanoTime() + END.toNanos();
        int left = ids.size();
        while (left > 0 && System.nanoTime() - end < 0) {
            ConnectionEvent event = events.await(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            if (event != null && event.type() == ConnectionEventType.DISCONNECTED) {
                left--;
                if (server != null) {
                    event.id().disconnect();
                }
            }
        }
    }

    @Override
    public void close() {
        events.close();
    }
}
