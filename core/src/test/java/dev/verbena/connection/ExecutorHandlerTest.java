package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.messaging.MessageHandler;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers on an executor: in order, one at a time, may block, and whatever happens nothing is lost or kept. */
@ParameterizedClass
@EnumSource(Receiving.class)
final class ExecutorHandlerTest {
    private static final int THREADS = 4;
    private static final int BURST = 1_000;

    private final Receiving receiving;
    private final ExecutorService executor = Executors.newFixedThreadPool(THREADS);

    ExecutorHandlerTest(Receiving receiving) {
        this.receiving = receiving;
    }

    @AfterEach
    void end() {
        executor.shutdownNow();
    }

    private Pair pair(MessageHandler handler) throws Exception {
        return new Pair(receiving, connection -> connection.onMessage(executor, handler));
    }

    private static CompletableFuture<Void> send(Pair pair, int number) {
        ByteBuf message = pair.client.allocator().directBuffer(Integer.BYTES).writeInt(number);
        return pair.toServer.send(number, message);
    }

    @Test
    void messagesAreHandledInOrderOneAtATimeOffTheLoop() throws Exception {
        int count = TestDevices.rounds(20) * BURST;
        AtomicInteger next = new AtomicInteger();
        AtomicInteger inside = new AtomicInteger();
        List<String> wrong = new CopyOnWriteArrayList<>();
        MessageHandler handler = (type, message) -> {
            if (inside.getAndIncrement() != 0) {
                wrong.add("two at a time at " + type);
            }
            if (EventLoop.isLoopThread()) {
                wrong.add("on the loop: " + type);
            }
            if (type != next.get() || message.getInt(message.readerIndex()) != type) {
                wrong.add(type + " instead of " + next.get());
            }
            inside.decrementAndGet();
            next.incrementAndGet();
        };
        try (Pair pair = pair(handler)) {
            for (int from = 0; from < count; from += BURST) {
                CompletableFuture<?>[] sent = new CompletableFuture<?>[BURST];
                for (int i = 0; i < BURST; i++) {
                    sent[i] = send(pair, from + i);
                }
                CompletableFuture.allOf(sent).get(30, TimeUnit.SECONDS);
            }
            await().until(() -> next.get() == count);
            assertThat(wrong).isEmpty();
        }
    }

    @Test
    void aHandlerThatBlocksHoldsItsPeerBackAndNobodyElse() throws Exception {
        Semaphore may = new Semaphore(0);
        AtomicInteger handled = new AtomicInteger();
        MessageHandler blocking = (type, message) -> {
            may.acquireUninterruptibly();
            handled.incrementAndGet();
        };
        AtomicBoolean first = new AtomicBoolean(true);
        BlockingQueue<Integer> others = new LinkedBlockingQueue<>();
        try (Pair pair = new Pair(receiving, connection -> {
            if (first.getAndSet(false)) {
                connection.onMessage(executor, blocking);
            } else {
                connection.onMessage((type, message) -> others.add(type));
            }
        })) {
            // With shared receives a connection may have more than its window.
            int count = 2_000;
            CompletableFuture<?>[] sent = new CompletableFuture<?>[count];
            for (int i = 0; i < count; i++) {
                sent[i] = send(pair, i);
            }
            Connection other = pair.client.connect(pair.listener.address()).get(10, TimeUnit.SECONDS);
            other.send(7, pair.client.allocator().directBuffer(4).writeInt(7)).get(10, TimeUnit.SECONDS);

            assertThat(others.poll(10, TimeUnit.SECONDS)).isEqualTo(7);
            assertThat(handled).hasValue(0);
            assertThat(CompletableFuture.allOf(sent)).isNotDone();

            may.release(count);
            CompletableFuture.allOf(sent).get(20, TimeUnit.SECONDS);
            await().until(() -> handled.get() == count);
            other.close();
        } finally {
            may.release(10_000);
        }
    }

    @Test
    void whatItThrowsEndsTheConnectionAndWhatIsBehindIsStillHandled() throws Exception {
        CountDownLatch behind = new CountDownLatch(1);
        MessageHandler handler = (type, message) -> {
            if (type == 1) {
                throw new IllegalStateException("I do not like 1");
            }
            if (type == 2) {
                behind.countDown();
            }
        };
        CountDownLatch go = new CountDownLatch(1);
        // All three wait when the first is handled.
        for (int i = 0; i < THREADS; i++) {
            executor.execute(() -> {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
        try (Pair pair = pair(handler)) {
            BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
            pair.toClient.onClose(causes::add);
            for (int i = 0; i < 3; i++) {
                send(pair, i).get(10, TimeUnit.SECONDS);
            }
            await().until(() -> pair.toClient.counters().messagesReceived == 3);
            go.countDown();

            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining("I do not like 1");
            assertThat(cause.reason()).isEqualTo(Reason.HANDLER);
            assertThat(behind.await(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            go.countDown();
        }
    }

    @Test
    void anExecutorThatRefusesEndsTheConnectionAndKeepsNothing() throws Exception {
        executor.shutdown();
        try (Pair pair = pair((type, message) -> {})) {
            BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
            pair.toClient.onClose(causes::add);

            CompletableFuture<Void> _ = send(pair, 0);

            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining("RejectedExecutionException");
            assertThat(cause.reason()).isEqualTo(Reason.HANDLER);
        }
    }
}
