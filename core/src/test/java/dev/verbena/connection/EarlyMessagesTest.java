package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The client is connected before the server hears of it: what it sends at once waits there, and is answered in order. */
@ParameterizedClass
@EnumSource(Receiving.class)
final class EarlyMessagesTest {
    private static final int MESSAGES = 4;

    private final Receiving receiving;

    EarlyMessagesTest(Receiving receiving) {
        this.receiving = receiving;
    }

    @Test
    void whatComesBeforeTheConnectionIsOpenIsServedAndAnswered() throws Exception {
        int rounds = TestDevices.rounds(300);
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger greetings = new AtomicInteger();
        AtomicInteger echoes = new AtomicInteger();
        try (QueuePairManager server = QueuePairManager.open(receiving.apply(Pair.config()));
                QueuePairManager client = QueuePairManager.open(receiving.apply(Pair.clientConfig()))) {
            Listener listener = server.listen(Pair.loopback(0), connection -> {
                connection.onMessage((type, message) -> report(connection.send(type, message.retain()), failures));
                report(
                        connection.send(
                                MESSAGES, server.allocator().directBuffer(8).writeLong(0)),
                        failures);
            });
            List<Connection> connections = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                connections.add(client.connect(listener.address())
                        .thenApply(connection -> {
                            connection.onMessage(
                                    (type, message) -> (type == MESSAGES ? greetings : echoes).incrementAndGet());
                            for (int type = 0; type < MESSAGES; type++) {
                                report(
                                        connection.send(
                                                type,
                                                client.allocator()
                                                        .directBuffer(8)
                                                        .writeLong(type)),
                                        failures);
                            }
                            return connection;
                        })
                        .get(10, TimeUnit.SECONDS));
                int all = round + 1;
                await().pollInterval(1, TimeUnit.MILLISECONDS).untilAsserted(() -> {
                    assertThat(failures).isEmpty();
                    assertThat(greetings).hasValue(all);
                    assertThat(echoes).hasValue(MESSAGES * all);
                });
                CompletableFuture<?> _ = connections.removeLast().closeAsync();
            }
        }
    }

    private static void report(CompletableFuture<Void> sent, Queue<Throwable> failures) {
        CompletableFuture<Void> _ = sent.whenComplete((_, failure) -> {
            if (failure != null) {
                failures.add(failure);
            }
        });
    }
}
