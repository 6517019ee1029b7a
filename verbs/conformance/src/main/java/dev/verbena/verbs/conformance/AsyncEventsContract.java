package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Asynchronous events: read, waited for, named, left unread. Those of objects stand with the objects' contracts. */
final class AsyncEventsContract extends Contract {
    private static final Duration SOON = Duration.ofSeconds(1);

    private static void drain(End end, boolean notify) {
        QueuePairAttributes attributes = new QueuePairAttributes().state(QueuePairState.SEND_QUEUE_DRAINED);
        end.qp.modify(notify ? attributes.drainedNotify(true) : attributes);
    }

    @Test
    void aDrainedSendQueueIsToldWhenAskedFor() {
        Pair pair = pair();
        pair.exchange(10, 64);

        drain(pair.a(), true);

        AsyncEvent event = awaitEvent(contextA(), AsyncEventType.SQ_DRAINED);
        assertThat(event.queuePair()).isSameAs(pair.a().qp);
        assertThat(event.completionQueue()).isNull();
        assertThat(event.code()).isEqualTo(5);
    }

    @Test
    void anEventIsToldToTheContextThatMadeTheObjectOnly() {
        Context other = open(Part.A);
        Pair pair = pair();
        drain(pair.a(), true);

        awaitEvent(contextA(), AsyncEventType.SQ_DRAINED);

        assertThat(other.pollAsyncEvent()).isNull();
    }

    @Test
    void whereNothingHappensThereIsNoEvent() {
        Pair pair = pair();
        pair.exchange(10, 64);

        assertThat(contextA().pollAsyncEvent()).isNull();
        assertThat(contextB().pollAsyncEvent()).isNull();
    }

    @Test
    void waitingBringsTheEvent() throws Exception {
        Pair pair = pair();
        drain(pair.a(), true);

        AsyncEvent event = null;
        long start = System.nanoTime();
        while (event == null && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(10)) {
            event = contextA().awaitAsyncEvent(SOON);
        }

        assertThat(event).isNotNull();
        assertThat(event.type()).isEqualTo(AsyncEventType.SQ_DRAINED);
    }

    @Test
    void waitingEndsWithNullWhenTheTimeIsOver() throws Exception {
        long start = System.nanoTime();

        assertThat(contextA().awaitAsyncEvent(Duration.ofMillis(150))).isNull();

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(140), Duration.ofSeconds(10));
    }

    @Test
    void aWakeUpEndsTheWaiting() throws Exception {
        Context context = contextA();
        assertThat(waitElsewhereAnd(context, thread -> context.wakeUp())).isNull();
    }

    @Test
    void anInterruptEndsTheWaiting() throws Exception {
        assertThat(waitElsewhereAnd(contextA(), Thread::interrupt)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void closingTheDeviceEndsTheWaiting() throws Exception {
        Context context = open(Part.A);
        waitElsewhereAnd(context, thread -> context.close());
    }

    private static @Nullable Throwable waitElsewhereAnd(Context context, Consumer<Thread> action)
            throws InterruptedException {
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        Thread waiter = Thread.ofPlatform().daemon().start(() -> {
            begun.countDown();
            try {
                context.awaitAsyncEvent(Duration.ofMinutes(1));
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        action.accept(waiter);
        assertThat(waiter.join(SOON)).as("the waiting ended within a second").isTrue();
        return thrown.get();
    }

    @Test
    void anEventThatNobodyReadDoesNotDelayClosing() {
        Pair pair = plan(QueuePairType.RC).connect();
        drain(pair.a(), true);
        long start = System.nanoTime();

        pair.a().qp.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
    }

    @Test
    void anEventAboutAClosedQueuePairNamesNoneOrIsGone() {
        Pair pair = pair();
        drain(pair.a(), true);
        pair.a().qp.close();

        AsyncEvent event = contextA().pollAsyncEvent();

        if (event != null) {
            assertThat(event.queuePair()).isNull();
        }
    }
}
