package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import org.junit.jupiter.api.Test;

/** Completion queues: sizes, polling, order, resizing, overflow. */
final class CompletionQueueContract extends Contract {
    @Test
    void atLeastTheEntriesAskedForAreGranted() {
        for (int entries : new int[] {1, 2, 3, 64, 100, 1000}) {
            try (CompletionQueue cq = contextA().createCompletionQueue(entries)) {
                assertThat(cq.entries()).isGreaterThanOrEqualTo(entries);
                assertThat(cq.channel()).isNull();
                assertThat(cq.context()).isSameAs(contextA());
            }
        }
    }

    @Test
    void theMostThatTheDeviceHasIsGrantedAndMoreIsRefusedByErrno() {
        int max = contextA().queryDevice().maxCompletionQueueEntries();

        contextA().createCompletionQueue(Math.min(max, 1 << 15)).close();

        if (max < Integer.MAX_VALUE) {
            assertThatThrownBy(() -> contextA().createCompletionQueue(max + 1))
                    .isInstanceOfSatisfying(
                            VerbsException.class,
                            refused -> assertThat(refused.errno()).isPositive());
        }
    }

    @Test
    void senselessArgumentsAreRefused() {
        assertThatThrownBy(() -> contextA().createCompletionQueue(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> contextA().createCompletionQueue(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        contextA().createCompletionQueue(8, null, contextA().completionVectors()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> contextA().createCompletionQueue(8, null, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyVectorCanBeUsed() {
        for (int vector = 0; vector < Math.min(8, contextA().completionVectors()); vector++) {
            contextA().createCompletionQueue(8, null, vector).close();
        }
    }

    @Test
    void aChannelOfAnotherOpenDeviceIsRefused() {
        var foreign = open(Part.A).createCompletionChannel();

        assertThatThrownBy(() -> contextA().createCompletionQueue(8, foreign, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anEmptyQueueAnswersZero() {
        CompletionQueue cq = contextA().createCompletionQueue(8);
        WorkCompletions completions = new WorkCompletions(4);

        assertThat(cq.poll(completions)).isZero();
        assertThat(completions.size()).isZero();
    }

    @Test
    void pollingTakesTheOldestFirstAndAsManyAsFit() {
        Pair pair = pair();
        int messages = 10;
        for (int id = 0; id < messages; id++) {
            pair.b().receive(id, id * 8L, 8);
        }
        for (int id = 0; id < messages; id++) {
            pair.a().send(id, 0, 8);
        }
        // The last one's arrival tells that the others are there as well.
        WorkCompletions three = new WorkCompletions(3);
        long expected = 0;
        while (expected < messages) {
            int polled = Bounded.until("a completion", () -> {
                int count = pair.b().cq.poll(three);
                return count == 0 ? null : count;
            });
            assertThat(polled).isBetween(1, 3);
            assertThat(three.size()).isEqualTo(polled);
            for (int index = 0; index < polled; index++) {
                assertThat(three.succeeded(index)).isTrue();
                assertThat(three.id(index)).isEqualTo(expected++);
            }
        }
        assertThat(pair.b().cq.poll(three)).isZero();
    }

    @Test
    void sendsAndReceivesCanCompleteInQueuesOfTheirOwn() {
        CompletionQueue receives = contextB().createCompletionQueue(64);
        Pair pair = plan(QueuePairType.RC)
                .configB(config -> config.receiveQueue(receives))
                .connect();
        pair.b().receive(1, 0, 8);
        pair.a().send(2, 0, 8);
        pair.a().success(2);
        pair.a().receive(3, 0, 8);
        pair.b().send(4, 0, 8);

        pair.b().success(4);
        pair.b().nothing();
        WorkCompletions completions = new WorkCompletions(4);
        Bounded.untilTrue("the receive's completion", () -> receives.poll(completions) == 1);
        assertThat(completions.id(0)).isEqualTo(1);
        assertThat(completions.isReceive(0)).isTrue();
    }

    @Test
    void resizingKeepsWhatIsInTheQueue() {
        needs(Capability.RESIZE_COMPLETION_QUEUE);
        Pair pair = plan(QueuePairType.RC).completions(16).connect();
        fillWithReceives(pair, 8);

        assertThat(pair.b().cq.resize(200)).isGreaterThanOrEqualTo(200);
        assertThat(pair.b().cq.entries()).isGreaterThanOrEqualTo(200);

        for (int id = 0; id < 8; id++) {
            pair.b().success(id);
        }
        assertThat(pair.b().cq.resize(4)).isGreaterThanOrEqualTo(4);
        pair.exchange(100, 8);
    }

    @Test
    void resizingBelowWhatIsInTheQueueIsRefusedAndLosesNothing() {
        needs(Capability.RESIZE_COMPLETION_QUEUE);
        Pair pair = plan(QueuePairType.RC).completions(64).connect();
        fillWithReceives(pair, 20);

        assertThatThrownBy(() -> pair.b().cq.resize(4)).isInstanceOf(VerbsException.class);

        for (int id = 0; id < 20; id++) {
            pair.b().success(id);
        }
    }

    @Test
    void resizingBeyondTheDeviceIsRefused() {
        needs(Capability.RESIZE_COMPLETION_QUEUE);
        int max = contextA().queryDevice().maxCompletionQueueEntries();
        CompletionQueue cq = contextA().createCompletionQueue(8);

        assertThatThrownBy(() -> cq.resize(0)).isInstanceOf(IllegalArgumentException.class);
        if (max < Integer.MAX_VALUE) {
            assertThatThrownBy(() -> cq.resize(max + 1)).isInstanceOf(VerbsException.class);
        }
    }

    /** A sends so many messages that B leaves unpolled; all have arrived when it returns. */
    private static void fillWithReceives(Pair pair, int count) {
        for (int id = 0; id < count; id++) {
            pair.b().receive(id, 0, 8);
        }
        for (int id = 0; id < count; id++) {
            pair.a().send(id, 0, 8);
        }
        for (int id = 0; id < count; id++) {
            pair.a().success(id);
        }
    }

    @Test
    void aQueueThatOverflowsRaisesAnEventThatNamesIt() {
        PairPlan plan = plan(QueuePairType.RC)
                .configB(config -> config.receiveQueue(contextB().createCompletionQueue(1)));
        Pair pair = plan.connect();
        CompletionQueue small = pair.b().qp.config().receiveQueue();
        int messages = small.entries() + 2;
        for (int id = 0; id < messages; id++) {
            pair.b().receive(id, 0, 8);
        }
        for (int id = 0; id < messages; id++) {
            pair.a().send(id, 0, 8);
        }

        AsyncEvent event = awaitEvent(contextB(), AsyncEventType.CQ_ERR);

        assertThat(event.completionQueue()).isSameAs(small);
    }

    @Test
    void closingItClosesTheQueuePairsThatUseItAndThenRefusesToPoll() {
        Pair pair = pair();
        WorkCompletions completions = new WorkCompletions(1);

        pair.b().cq.close();
        pair.b().cq.close();

        assertThatThrownBy(() -> pair.b().cq.poll(completions))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> pair.b().qp.query()).isInstanceOf(IllegalStateException.class);
    }
}
