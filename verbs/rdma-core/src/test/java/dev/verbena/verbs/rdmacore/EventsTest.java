package dev.verbena.verbs.rdmacore;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Completion events and asynchronous events: whose they are, that waits end, and that none keeps a close waiting. */
@SuppressWarnings("EnumOrdinal") // the order of the kinds is that of the C enum, by their contract
class EventsTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @BeforeEach
    void fake() {
        FakeIbverbs.require();
    }

    @Test
    void anArmedQueueRaisesOneEvent() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.receiveQueue.requestNotify(false);
            loop.far.postReceive(1, 0, 0, 0);
            loop.far.postReceive(2, 0, 0, 0);

            loop.near.postSend(1, 0, 0, 0, 0);
            loop.near.postSend(2, 0, 0, 0, 0);

            assertThat(loop.channel.await(LONG)).isSameAs(loop.receiveQueue);
            assertThat(loop.channel.poll()).isNull();
            assertThat(loop.receiveQueue.poll(loop.completions)).isEqualTo(2);
        }
    }

    @Test
    void aQueueArmedForSolicitedMessagesIgnoresOthers() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.receiveQueue.requestNotify(true);
            loop.far.postReceive(1, 0, 0, 0);
            loop.far.postReceive(2, 0, 0, 0);

            loop.near.postSend(1, 0, 0, 0, 0);
            CompletionQueue afterPlain = loop.channel.poll();
            loop.near.postSend(2, 0, 0, 0, SendFlags.SOLICITED);

            assertThat(afterPlain).isNull();
            assertThat(loop.channel.poll()).isSameAs(loop.receiveQueue);
        }
    }

    @Test
    void aWaitEndsWhenTheEventComes() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.receiveQueue.requestNotify(false);
            loop.far.postReceive(1, 0, 0, 0);
            AtomicReference<CompletionQueue> seen = new AtomicReference<>();
            Thread waiter = start(() -> seen.set(loop.channel.await(LONG)));
            awaitParked(waiter);

            loop.near.postSend(1, 0, 0, 0, 0);

            waiter.join(LONG);
            assertThat(seen.get()).isSameAs(loop.receiveQueue);
        }
    }

    @Test
    void aWaitEndsWithItsTime() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            long start = System.nanoTime();

            CompletionQueue event = loop.channel.await(Duration.ofMillis(30));

            assertThat(event).isNull();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(MILLISECONDS.toNanos(30));
        }
    }

    @Test
    void aWaitEndsByAWakeUp() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            Thread waiter = start(() -> loop.channel.await(LONG));
            awaitParked(waiter);

            loop.channel.wakeUp();

            assertThat(waiter.join(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    void anInterruptedWaiterReturnsWithin100Milliseconds() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            AtomicLong interruptedAtNs = new AtomicLong();
            Thread waiter = start(() -> {
                try {
                    loop.context.awaitAsyncEvent(LONG);
                } catch (InterruptedException e) {
                    interruptedAtNs.set(System.nanoTime());
                }
            });
            awaitParked(waiter);

            long start = System.nanoTime();
            waiter.interrupt();

            assertThat(waiter.join(Duration.ofSeconds(5))).isTrue();
            assertThat(interruptedAtNs.get() - start).isBetween(0L, MILLISECONDS.toNanos(100));
        }
    }

    @Test
    void waitersOnVirtualThreadsHoldUpNobody() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            int waiters = 4 * Runtime.getRuntime().availableProcessors();
            CountDownLatch begun = new CountDownLatch(waiters);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < waiters; i++) {
                threads.add(Thread.ofVirtual().start(() -> {
                    begun.countDown();
                    try {
                        loop.channel.await(LONG);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));
            }
            begun.await();
            threads.forEach(EventsTest::awaitParked);

            CountDownLatch other = new CountDownLatch(1);
            Thread.ofVirtual().start(other::countDown);

            assertThat(other.await(5, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
            loop.channel.wakeUp();
            for (Thread thread : threads) {
                assertThat(thread.join(Duration.ofSeconds(5))).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = AsyncEventType.class, mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN")
    void everyAsynchronousEventNamesWhatItIsAbout(AsyncEventType type) throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC, 8)) {
            boolean aboutPort = type.name().startsWith("PORT")
                    || type.name().endsWith("CHANGE")
                    || type == AsyncEventType.CLIENT_REREGISTER;
            FakeIbverbs.raise(type.ordinal(), aboutPort ? 1 : loop.far.number());

            AsyncEvent event = loop.context.awaitAsyncEvent(LONG);

            assertThat(event).isNotNull();
            assertThat(event.type()).isEqualTo(type);
            assertThat(event.port()).isEqualTo(aboutPort ? 1 : 0);
            assertThat(event.completionQueue()).isSameAs(type == AsyncEventType.CQ_ERR ? loop.receiveQueue : null);
            assertThat(event.sharedReceiveQueue())
                    .isSameAs(type.name().startsWith("SRQ") ? loop.sharedReceiveQueue() : null);
            boolean aboutPair = type.name().startsWith("QP")
                    || type.name().startsWith("PATH")
                    || type == AsyncEventType.COMM_EST
                    || type == AsyncEventType.SQ_DRAINED;
            assertThat(event.queuePair()).isSameAs(aboutPair ? loop.far : null);
            assertThat(loop.context.pollAsyncEvent()).isNull();
        }
    }

    @Test
    void anUnknownEventIsKeptByItsNumber() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            FakeIbverbs.raise(77, 1);

            AsyncEvent event = loop.context.pollAsyncEvent();

            assertThat(event).isNotNull();
            assertThat(event.type()).isEqualTo(AsyncEventType.UNKNOWN);
            assertThat(event.code()).isEqualTo(77);
        }
    }

    @Test
    void theLimitOfASharedReceiveQueueRaisesAnEventOnce() {
        try (Loopback loop = new Loopback(QueuePairType.RC, 8)) {
            for (int i = 0; i < 4; i++) {
                loop.sharedReceiveQueue().postReceive(i, 0, 0, 0);
            }
            loop.sharedReceiveQueue().armLimit(3);

            loop.near.postSend(1, 0, 0, 0, 0);
            AsyncEvent early = loop.context.pollAsyncEvent();
            loop.near.postSend(2, 0, 0, 0, 0);
            loop.near.postSend(3, 0, 0, 0, 0);

            assertThat(early).isNull();
            AsyncEvent event = loop.context.pollAsyncEvent();
            assertThat(event).isNotNull();
            assertThat(event.type()).isEqualTo(AsyncEventType.SRQ_LIMIT_REACHED);
            assertThat(loop.context.pollAsyncEvent()).isNull();
        }
    }

    @Test
    void aDisarmedLimitRaisesNothing() {
        try (Loopback loop = new Loopback(QueuePairType.RC, 8)) {
            loop.sharedReceiveQueue().postReceive(1, 0, 0, 0);
            loop.sharedReceiveQueue().armLimit(3);

            loop.sharedReceiveQueue().armLimit(0);
            loop.near.postSend(1, 0, 0, 0, 0);

            assertThat(loop.sharedReceiveQueue().limit()).isZero();
            assertThat(loop.context.pollAsyncEvent()).isNull();
        }
    }

    @Test
    void drainingTheSendQueueRaisesAnEventWhenAsked() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.near.modify(new QueuePairAttributes()
                    .state(QueuePairState.SEND_QUEUE_DRAINED)
                    .drainedNotify(true));

            AsyncEvent event = loop.context.pollAsyncEvent();

            assertThat(event).isNotNull();
            assertThat(event.type()).isEqualTo(AsyncEventType.SQ_DRAINED);
            assertThat(event.queuePair()).isSameAs(loop.near);
        }
    }

    @Test
    void anOverfullCompletionQueueIsReported() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            CompletionQueue small = loop.context.createCompletionQueue(2);
            var near = loop.pd.createQueuePair(dev.verbena.verbs.QueuePairConfig.reliable(small));
            near.connect(loop.far.localEndpoint());

            for (int i = 0; i < 3; i++) {
                near.postWrite(i, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), SendFlags.SIGNALED);
            }

            AsyncEvent event = loop.context.pollAsyncEvent();
            assertThat(event).isNotNull();
            assertThat(event.type()).isEqualTo(AsyncEventType.CQ_ERR);
            assertThat(event.completionQueue()).isSameAs(small);
        }
    }

    @Test
    @Timeout(1)
    void unreadEventsKeepNoCloseWaiting() {
        Loopback loop = new Loopback(QueuePairType.RC, 8);
        loop.receiveQueue.requestNotify(false);
        loop.sharedReceiveQueue().postReceive(1, 0, 0, 0);
        loop.near.postSend(1, 0, 0, 0, 0);
        for (AsyncEventType type : List.of(
                AsyncEventType.QP_FATAL,
                AsyncEventType.SRQ_LIMIT_REACHED,
                AsyncEventType.CQ_ERR,
                AsyncEventType.PORT_ERR)) {
            FakeIbverbs.raise(type.ordinal(), loop.far.number());
        }

        loop.far.close();
        loop.near.close();
        loop.sharedReceiveQueue().close();
        loop.receiveQueue.close();
        loop.close();
    }

    @Test
    void closingEndsAWait() throws Exception {
        Loopback loop = new Loopback(QueuePairType.RC);
        Thread waiter = start(() -> loop.channel.await(LONG));
        awaitParked(waiter);

        loop.close();

        assertThat(waiter.join(Duration.ofSeconds(5))).isTrue();
    }

    private interface Waiting {
        void run() throws InterruptedException;
    }

    private static Thread start(Waiting waiting) {
        return Thread.ofPlatform().start(() -> {
            try {
                waiting.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void awaitParked(Thread thread) {
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    }
}
