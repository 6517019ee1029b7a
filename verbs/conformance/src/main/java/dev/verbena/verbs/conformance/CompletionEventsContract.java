package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Completion channels: arming, events, solicited ones, waiting, waking, interrupting, closing. */
final class CompletionEventsContract extends Contract {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SOON = Duration.ofSeconds(1);

    private Pair pairWithChannels(QueuePairType type) {
        return plan(type).channels().connect();
    }

    /** Waits for an event; an early return is not the end of it. */
    private static CompletionQueue awaitQueue(CompletionChannel channel) throws InterruptedException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < LONG.toNanos()) {
            @Nullable CompletionQueue queue = channel.await(SOON);
            if (queue != null) {
                return queue;
            }
        }
        throw new AssertionError("no event on " + channel + " within " + LONG);
    }

    @Test
    void anArmedQueueRaisesAnEventWhenSomethingArrives() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        pair.b().cq.requestNotify(false);
        pair.b().receive(1, 0, 8);

        pair.a().send(2, 0, 8);

        assertThat(awaitQueue(PairPlan.channel(pair.b()))).isSameAs(pair.b().cq);
        pair.b().success(1);
    }

    @Test
    void anArmedQueueOfUnreliableConnectionsRaisesAnEventToo() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.UC);
        pair.b().cq.requestNotify(false);
        pair.b().receive(1, 0, 8);

        pair.a().send(2, 0, 8);

        assertThat(awaitQueue(PairPlan.channel(pair.b()))).isSameAs(pair.b().cq);
        pair.b().success(1);
    }

    @Test
    void aSendsCompletionRaisesAnEventToo() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        pair.a().cq.requestNotify(false);
        pair.b().receive(1, 0, 8);

        pair.a().send(2, 0, 8);

        assertThat(awaitQueue(PairPlan.channel(pair.a()))).isSameAs(pair.a().cq);
        pair.a().success(2);
    }

    @Test
    void aQueueThatIsNotArmedRaisesNone() {
        Pair pair = pairWithChannels(QueuePairType.RC);

        pair.exchange(10, 8);

        assertThat(PairPlan.channel(pair.a()).poll()).isNull();
        assertThat(PairPlan.channel(pair.b()).poll()).isNull();
    }

    @Test
    void armingOnceGivesOneEvent() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        pair.b().cq.requestNotify(false);

        pair.exchange(10, 8);
        pair.exchange(20, 8);
        pair.exchange(30, 8);

        assertThat(awaitQueue(PairPlan.channel(pair.b()))).isSameAs(pair.b().cq);
        assertThat(PairPlan.channel(pair.b()).poll()).isNull();
    }

    @Test
    void armingPollingAndWaitingInTurnLosesNothing() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        for (int round = 0; round < 50; round++) {
            pair.b().cq.requestNotify(false);
            pair.b().receive(round, 0, 8);
            pair.a().send(round, 0, 8);
            assertThat(awaitQueue(PairPlan.channel(pair.b()))).isSameAs(pair.b().cq);
            pair.b().success(round);
            pair.a().success(round);
        }
    }

    @Test
    void aQueueArmedForSolicitedMessagesWaitsForOne() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        End a = pair.a();
        End b = pair.b();
        b.cq.requestNotify(true);
        b.receive(1, 0, 8);
        b.receive(2, 0, 8);
        a.send(3, 0, 8);
        a.success(3);
        b.success(1);
        assertThat(PairPlan.channel(b).poll()).isNull();

        assertThat(a.qp.postSend(4, a.at(0), 8, a.lkey(), SendFlags.SIGNALED | SendFlags.SOLICITED))
                .isZero();

        assertThat(awaitQueue(PairPlan.channel(b))).isSameAs(b.cq);
        b.success(2);
    }

    @Test
    void anErrorCountsAsSolicited() throws Exception {
        Pair pair = pairWithChannels(QueuePairType.RC);
        pair.b().receive(1, 0, 8);
        pair.b().cq.requestNotify(true);

        pair.b().qp.fail();

        assertThat(awaitQueue(PairPlan.channel(pair.b()))).isSameAs(pair.b().cq);
        pair.b().failure(1);
    }

    @Test
    void theEventNamesTheQueueItIsAbout() throws Exception {
        CompletionChannel channel = contextB().createCompletionChannel();
        CompletionQueue receives = contextB().createCompletionQueue(64, channel, 0);
        CompletionQueue sends = contextB().createCompletionQueue(64, channel, 0);
        Pair pair = plan(QueuePairType.RC)
                .configB(config -> QueuePairConfig.reliable(sends).receiveQueue(receives))
                .connect();
        sends.requestNotify(false);
        receives.requestNotify(false);
        pair.b().receive(1, 0, 8);
        pair.a().send(2, 0, 8);
        assertThat(awaitQueue(channel)).isSameAs(receives);

        pair.a().receive(3, 0, 8);
        pair.b().send(4, 0, 8);
        assertThat(awaitQueue(channel)).isSameAs(sends);
    }

    @Test
    void waitingEndsWithNullWhenTheTimeIsOver() throws Exception {
        CompletionChannel channel = contextA().createCompletionChannel();
        long start = System.nanoTime();

        assertThat(channel.await(Duration.ofMillis(150))).isNull();
        assertThat(channel.await(Duration.ZERO)).isNull();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(140), LONG);
    }

    @Test
    void aWakeUpEndsTheWaiting() throws Exception {
        CompletionChannel channel = contextA().createCompletionChannel();
        waitElsewhereAnd(channel, thread -> channel.wakeUp());
    }

    @Test
    void anInterruptEndsTheWaiting() throws Exception {
        CompletionChannel channel = contextA().createCompletionChannel();
        Throwable ended = waitElsewhereAnd(channel, Thread::interrupt);
        assertThat(ended).isInstanceOf(InterruptedException.class);
    }

    @Test
    void closingEndsTheWaiting() throws Exception {
        CompletionChannel channel = contextA().createCompletionChannel();
        waitElsewhereAnd(channel, thread -> channel.close());
    }

    /** Another thread waits for a minute; what the action does must end that within a second. */
    private static @Nullable Throwable waitElsewhereAnd(CompletionChannel channel, Consumer<Thread> action)
            throws InterruptedException {
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        Thread waiter = Thread.ofPlatform().daemon().start(() -> {
            begun.countDown();
            try {
                channel.await(Duration.ofMinutes(1));
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        Bounded.untilTrue("the thread waits", () -> waiter.getState() != Thread.State.NEW);
        action.accept(waiter);
        assertThat(waiter.join(SOON)).as("the waiting ended within a second").isTrue();
        return thrown.get();
    }

    @Test
    void anEventThatNobodyReadDoesNotDelayClosing() {
        Pair pair = pairWithChannels(QueuePairType.RC);
        pair.b().cq.requestNotify(false);
        pair.exchange(1, 8);
        long start = System.nanoTime();

        pair.b().cq.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
    }

    @Test
    void closingAChannelClosesItsQueues() {
        CompletionChannel channel = contextA().createCompletionChannel();
        CompletionQueue cq = contextA().createCompletionQueue(8, channel, 0);

        channel.close();

        assertThatThrownBy(() -> cq.requestNotify(false)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(channel::poll).isInstanceOf(IllegalStateException.class);
    }
}
