package dev.verbena.metrics;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.TestDevices;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What happens is counted and shown. */
final class MetricsTest {
    private final QueuePairManager server = QueuePairManager.open(TestDevices.SERVER.config());
    private final QueuePairManager client = QueuePairManager.open(TestDevices.CLIENT.config());
    private final BlockingQueue<Integer> received = new LinkedBlockingQueue<>();
    private final Listener listener = server.listen(
            new InetSocketAddress(TestDevices.SERVER.address(), 0),
            connection -> connection.onMessage(message -> received.add(message.readableBytes())));

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private void sendOneOf(int bytes) throws Exception {
        try (Connection connection = client.connect(listener.address()).get(10, TimeUnit.SECONDS)) {
            connection
                    .send(client.allocator().directBuffer(bytes).writeZero(bytes))
                    .get(10, TimeUnit.SECONDS);
            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo(bytes);
        }
        await().until(() -> server.connectionCount() == 0);
    }

    @Test
    void theCountersOfBothSidesAgreeAlsoAfterTheConnectionHasEnded() throws Exception {
        sendOneOf(100);
        sendOneOf(100_000);

        assertThat(client.metrics().getMessagesSent()).isEqualTo(2);
        assertThat(server.metrics().getMessagesReceived()).isEqualTo(2);
        assertThat(client.metrics().getBytesSent()).isEqualTo(100_100);
        assertThat(server.metrics().getBytesReceived()).isEqualTo(100_100);
        assertThat(server.metrics().getTransfers()).isEqualTo(1);
        assertThat(client.metrics().getFailures()).isZero();
        assertThat(client.metrics().getPolls())
                .isGreaterThanOrEqualTo(client.metrics().getEmptyPolls());
        assertThat(client.metrics().getRegisteredBytes()).isPositive();
    }

    @Test
    void jmxHasOneBeanPerManagerUntilItIsClosed() throws Exception {
        ObjectName pattern = new ObjectName("dev.verbena:type=Manager,*");
        Set<ObjectName> names = ManagementFactory.getPlatformMBeanServer().queryNames(pattern, null);
        assertThat(names).hasSizeGreaterThanOrEqualTo(2);
        assertThat(ManagementFactory.getPlatformMBeanServer()
                        .getAttribute(names.iterator().next(), "Provider"))
                .isEqualTo(client.device().provider());

        client.close();
        server.close();

        assertThat(ManagementFactory.getPlatformMBeanServer().queryNames(pattern, null))
                .hasSize(names.size() - 2);
    }

    @Test
    @Tag("sources")
    void micrometerShowsEveryMeterThatTheDocumentationNames() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        new MicrometerBinder(client.metrics()).bindTo(registry);
        sendOneOf(100);

        assertThat(registry.get("verbena.messages")
                        .tag("direction", "sent")
                        .functionCounter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("verbena.memory.registered").gauge().value()).isPositive();
        String text = Files.readString(Path.of(System.getProperty("verbena.root"), "docs", "metrics.md"));
        assertThat(registry.getMeters())
                .hasSize(19)
                .allSatisfy(
                        meter -> assertThat(text).contains("`" + meter.getId().getName() + "`"));
    }

    /** The first event of a name while something is done again and again. */
    private static RecordedEvent provoked(String name, Callable<Void> action) throws Exception {
        BlockingQueue<RecordedEvent> events = new LinkedBlockingQueue<>();
        try (RecordingStream stream = new RecordingStream()) {
            stream.enable("dev.verbena." + name).withThreshold(Duration.ZERO);
            stream.setReuse(false);
            stream.onEvent("dev.verbena." + name, events::add);
            stream.startAsync();
            long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
            RecordedEvent event = null;
            while (event == null && System.nanoTime() - deadlineNs < 0) {
                Void _ = action.call();
                event = events.poll(1, TimeUnit.SECONDS);
            }
            assertThat(event).as(name).isNotNull();
            return requireNonNull(event);
        }
    }

    /** Until the loop must have ticked: asleep it does with each poll, busy every 10 ms. */
    private static void awaitTicks(QueuePairManager manager) {
        long startNs = System.nanoTime();
        long polls = manager.metrics().getPolls();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> manager.metrics().getPolls() >= polls + 3
                        && System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(50));
    }

    @Test
    @SuppressWarnings("NullAway") // a Void is null
    void flightRecorderHasTheTimeThatMessagesWaitedForCredits() throws Exception {
        BlockingQueue<ByteBuf> held = new LinkedBlockingQueue<>();
        try (Listener holding = server.listen(
                        new InetSocketAddress(TestDevices.SERVER.address(), 0),
                        connection -> connection.onMessage(message -> held.add(message.retain())));
                Connection connection = client.connect(holding.address()).get(10, TimeUnit.SECONDS)) {
            RecordedEvent event = provoked("CreditStall", () -> {
                long stalls = client.metrics().getSendStalls();
                CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
                for (int i = 0; i < 300; i++) {
                    last = connection.send(client.allocator().directBuffer(8).writeZero(8));
                }
                await().until(() -> client.metrics().getSendStalls() > stalls);
                awaitTicks(client);
                for (int i = 0; i < 300; i++) {
                    requireNonNull(held.poll(10, TimeUnit.SECONDS)).release();
                }
                return last.get(10, TimeUnit.SECONDS);
            });
            assertThat(event.getString("connection")).isEqualTo(connection.toString());
            assertThat(event.getDuration()).isPositive();
        }
    }

    @Test
    @SuppressWarnings("NullAway") // a Void is null
    void flightRecorderHasTheTimeThatAnOperationTook() throws Exception {
        BlockingQueue<CountDownLatch> hold = new LinkedBlockingQueue<>();
        try (Listener busy = server.listen(
                        new InetSocketAddress(TestDevices.SERVER.address(), 0),
                        connection -> connection.onMessage(message -> awaitHeld(hold)));
                Connection connection = client.connect(busy.address()).get(10, TimeUnit.SECONDS)) {
            RecordedEvent event = provoked("SlowOperation", () -> {
                CountDownLatch busyWith = new CountDownLatch(1);
                hold.add(busyWith);
                CompletableFuture<Void> small =
                        connection.send(client.allocator().directBuffer(8).writeZero(8));
                CompletableFuture<Void> offered =
                        connection.send(client.allocator().directBuffer(100_000).writeZero(100_000));
                // The server's loop is in its handler: the offer is not answered.
                Void _ = small.get(10, TimeUnit.SECONDS);
                awaitTicks(client);
                busyWith.countDown();
                return offered.get(10, TimeUnit.SECONDS);
            });
            assertThat(event.getString("connection")).isEqualTo(connection.toString());
            assertThat(event.getDuration()).isPositive();
        }
    }

    /** A handler that is busy until it is let go; of the long messages nothing holds it. */
    private static void awaitHeld(BlockingQueue<CountDownLatch> hold) {
        CountDownLatch latch = hold.poll();
        try {
            if (latch != null && !latch.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("held for too long");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void flightRecorderHasTheEventsOfAConnection() throws Exception {
        Map<String, RecordedEvent> events = new ConcurrentHashMap<>();
        try (RecordingStream stream = new RecordingStream()) {
            for (String name : new String[] {"ConnectionOpened", "ConnectionEnded", "MemoryRegistered"}) {
                stream.enable("dev.verbena." + name).withThreshold(Duration.ZERO);
                stream.onEvent("dev.verbena." + name, event -> events.putIfAbsent(name, event));
            }
            stream.setReuse(false);
            stream.startAsync();
            sendOneOf(100);
            await().atMost(Duration.ofSeconds(20)).until(() -> events.size() == 3);
        }
        assertThat(requireNonNull(events.get("MemoryRegistered")).getLong("bytes"))
                .isPositive();
        assertThat(requireNonNull(events.get("ConnectionEnded")).getString("reason"))
                .isIn("CLOSED", "PEER_CLOSED");
        assertThat(requireNonNull(events.get("ConnectionOpened")).getString("loop"))
                .startsWith("verbena-loop-");
    }
}
