package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.verbena.messaging.SendResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What arrives is what was sent, in order, and nobody waits for ever. */
@ParameterizedClass
@EnumSource(Receiving.class)
@SuppressWarnings("ThreadPriorityCheck") // a sender that is held back lets the loops run
final class MessagesTest {
    private static final int SCALE = Integer.getInteger("scale", 1);

    private final Receiving receiving;

    MessagesTest(Receiving receiving) {
        this.receiving = receiving;
    }

    private static ByteBuf bytes(QueuePairManager manager, int length, int seed) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return manager.allocator().directBuffer(Math.max(length, 1)).writeBytes(content);
    }

    private static byte[] content(int length, int seed) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static void echo(Connection connection) {
        connection.onMessage((type, message) -> {
            CompletableFuture<Void> _ = connection.send(type, message.retain());
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64, 239, 240, 241, 4015, 4016, 4017, 4096, 65_536, 1 << 20, (5 << 20) + 13})
    void aMessageOfAnyLengthComesBackWhole(int length) throws Exception {
        try (Pair pair = new Pair(receiving, MessagesTest::echo)) {
            BlockingQueue<byte[]> back = new LinkedBlockingQueue<>();
            pair.toServer.onMessage(message -> back.add(ByteBufUtil.getBytes(message)));

            pair.toServer.send(bytes(pair.client, length, 7)).get(10, TimeUnit.SECONDS);

            assertThat(back.poll(10, TimeUnit.SECONDS)).isEqualTo(content(length, 7));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1000, 100_000})
    void aMessageInMemoryOfTheHeapIsCopiedAndArrives(int length) throws Exception {
        try (Pair pair = new Pair(receiving, MessagesTest::echo)) {
            BlockingQueue<byte[]> back = new LinkedBlockingQueue<>();
            pair.toServer.onMessage(message -> back.add(ByteBufUtil.getBytes(message)));
            ByteBuf heap = Unpooled.wrappedBuffer(content(length, 3));

            pair.toServer.send(heap).get(10, TimeUnit.SECONDS);

            assertThat(back.poll(10, TimeUnit.SECONDS)).isEqualTo(content(length, 3));
            assertThat(heap.refCnt()).isZero();
        }
    }

    @Test
    void messagesOfMixedLengthsArriveInOrderWithTheirTypes() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        List<String> sent = new ArrayList<>();
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage((type, message) ->
                        seen.add(type + ":" + message.readableBytes() + ":" + ByteBufUtil.hashCode(message))))) {
            Random random = new Random(5);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                int length = random.nextInt(10) == 0 ? random.nextInt(200_000) : random.nextInt(3000);
                ByteBuf message = bytes(pair.client, length, i);
                sent.add(i + ":" + length + ":" + ByteBufUtil.hashCode(message));
                futures.add(pair.toServer.send(i, message));
            }
            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
            await().until(() -> seen.size() == sent.size());
            assertThat(List.copyOf(seen)).isEqualTo(sent);
        }
    }

    @Test
    void aReceiverThatNeverSendsReturnsCreditsByItself() throws Exception {
        int count = TestDevices.rounds(100_000) * SCALE;
        AtomicLong received = new AtomicLong();
        AtomicLong wrong = new AtomicLong();
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage(message -> {
                    if (message.readLong() != received.getAndIncrement()) {
                        wrong.incrementAndGet();
                    }
                }))) {
            for (long i = 0; i < count; i++) {
                ByteBuf message = pair.client.allocator().directBuffer(64).writeLong(i);
                while (pair.toServer.trySend(message) != SendResult.SENT) {
                    Thread.yield();
                }
            }
            await().until(() -> received.get() == count);
            assertThat(wrong).hasValue(0);
            assertThat(pair.toClient.counters().messagesSent).isZero();
            assertThat(pair.toClient.counters().creditFrames).isBetween(count / 112L, count / 20L);
        }
    }

    @Test
    void bothSidesMaySendFromTheirHandlersOnly() throws Exception {
        int rounds = TestDevices.rounds(50_000);
        int balls = 200;
        CountDownLatch done = new CountDownLatch(balls);
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage(message -> {
                    CompletableFuture<Void> _ = connection.send(message.retain());
                }))) {
            pair.toServer.onMessage(message -> {
                int left = message.getInt(0) - 1;
                if (left == 0) {
                    done.countDown();
                } else {
                    message.setInt(0, left);
                    CompletableFuture<Void> _ = pair.toServer.send(message.retain());
                }
            });
            for (int i = 0; i < balls; i++) {
                CompletableFuture<Void> _ = pair.toServer.send(
                        pair.client.allocator().directBuffer(4).writeInt(rounds / balls));
            }
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void bothSidesAtZeroCreditsGoOnWhenTheHandlersCome() throws Exception {
        try (Pair pair = new Pair(receiving, connection -> {})) {
            int each = TestDevices.rounds(5000);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                futures.add(pair.toServer.send(bytes(pair.client, 300, i)));
                futures.add(pair.toClient.send(bytes(pair.server, 300, i)));
            }
            await().until(() ->
                    pair.toServer.counters().messagesSent >= 112 && pair.toClient.counters().messagesSent >= 112);
            AtomicInteger atServer = new AtomicInteger();
            AtomicInteger atClient = new AtomicInteger();

            pair.toClient.onMessage(message -> atServer.incrementAndGet());
            pair.toServer.onMessage(message -> atClient.incrementAndGet());

            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
            await().until(() -> atServer.get() == each && atClient.get() == each);
        }
    }

    @Test
    void messagesThatAreRetainedHoldThePeerBackUntilAnotherThreadReleasesThem() throws Exception {
        BlockingQueue<ByteBuf> retained = new LinkedBlockingQueue<>();
        try (Pair pair =
                new Pair(receiving, connection -> connection.onMessage(message -> retained.add(message.retain())))) {
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                futures.add(pair.toServer.send(bytes(pair.client, 1000, i)));
            }
            await().until(() -> retained.size() == 112);
            assertThat(futures.getLast()).isNotDone();

            for (int i = 0; i < 1000; i++) {
                ByteBuf message = retained.poll(10, TimeUnit.SECONDS);
                assertThat(message).isNotNull();
                assertThat(ByteBufUtil.getBytes(message)).isEqualTo(content(1000, i));
                message.release();
            }
            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aRetainedMessageOutlivesItsConnection() throws Exception {
        BlockingQueue<ByteBuf> retained = new LinkedBlockingQueue<>();
        try (Pair pair =
                new Pair(receiving, connection -> connection.onMessage(message -> retained.add(message.retain())))) {
            pair.toServer.send(bytes(pair.client, 1000, 1)).get(10, TimeUnit.SECONDS);
            ByteBuf message = retained.poll(10, TimeUnit.SECONDS);
            pair.toServer.close();
            await().until(() -> pair.server.connectionCount() == 0);

            assertThat(message).isNotNull();
            assertThat(ByteBufUtil.getBytes(message)).isEqualTo(content(1000, 1));
            message.release();
        }
    }

    @Test
    void aThousandVirtualThreadsMaySendAndWait() throws Exception {
        try (Pair pair = new Pair(receiving, MessagesTest::echo);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicInteger back = new AtomicInteger();
            pair.toServer.onMessage(message -> back.incrementAndGet());
            List<java.util.concurrent.Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 1000; t++) {
                int seed = t;
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        pair.toServer.send(bytes(pair.client, seed % 500, seed)).get(20, TimeUnit.SECONDS);
                    }
                    return null;
                }));
            }
            for (var one : all) {
                one.get(30, TimeUnit.SECONDS);
            }
            await().untilAtomic(back, org.hamcrest.Matchers.is(20_000));
        }
    }

    @Test
    void waitingOnTheLoopsOwnThreadThrows() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (Pair pair = new Pair(
                receiving,
                connection -> connection.onMessage(message -> {
                    try {
                        // Longer than a receive buffer, so that it cannot be done at once.
                        Void _ = connection
                                .send(message.alloc().directBuffer(100_000).writeZero(100_000))
                                .get();
                    } catch (Exception e) {
                        thrown.complete(e);
                    }
                }))) {
            pair.toServer.send(bytes(pair.client, 10, 1)).get(10, TimeUnit.SECONDS);
            assertThat(thrown.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("event loop's own thread");
        }
    }

    @Test
    void aMessageThatIsLongerThanThePeerTakesIsRefusedAndTheConnectionGoesOn() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (Pair pair = new Pair(
                config -> receiving.apply(config).messageMaxBytes(100_000),
                connection -> connection.onMessage(message -> received.incrementAndGet()))) {
            CompletableFuture<Void> refused = pair.toServer.send(bytes(pair.client, 100_001, 1));
            CompletableFuture<Void> taken = pair.toServer.send(bytes(pair.client, 100_000, 1));

            assertThatThrownBy(() -> refused.get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("longer than the peer takes");
            taken.get(10, TimeUnit.SECONDS);
            await().untilAtomic(received, org.hamcrest.Matchers.is(1));
        }
    }
}
