package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Once its close has returned a listener is nobody, although the agent's poll may hold the socket a little longer. */
final class ClosedListenerTest {
    private static final int ROUNDS = 300;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test
    void whoConnectsRightAfterTheCloseIsToldThatNobodyListens() throws InterruptedException {
        VerbsProvider provider = Verbs.provider("embedded");
        try (var context = Verbs.devices(provider).getFirst().open();
                ProtectionDomain pd = context.allocateProtectionDomain();
                CompletionQueue cq = context.createCompletionQueue(16);
                EventChannel servers = EventChannel.open(provider);
                EventChannel clients = EventChannel.open(provider)) {
            for (int round = 0; round < ROUNDS; round++) {
                ConnectionId listener = servers.createId(PortSpace.TCP);
                listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                listener.listen(4);
                try (ConnectionId client = clients.createId(PortSpace.TCP);
                        var qp = pd.createQueuePair(QueuePairConfig.reliable(cq))) {
                    client.resolveAddress(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.port()), LIMIT);
                    next(clients, ConnectionEventType.ADDR_RESOLVED);
                    client.resolveRoute(LIMIT);
                    next(clients, ConnectionEventType.ROUTE_RESOLVED);
                    client.attach(qp);

                    listener.close();
                    client.connect(ConnectionParameters.DEFAULT);

                    assertThat(next(clients, ConnectionEventType.REJECTED).explain())
                            .as("round %d", round)
                            .contains("nobody listens");
                }
            }
        }
    }

    private static ConnectionEvent next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(LIMIT);
        assertThat(event).isNotNull();
        assertThat(event.type()).as(event.explain()).isEqualTo(type);
        return event;
    }
}
