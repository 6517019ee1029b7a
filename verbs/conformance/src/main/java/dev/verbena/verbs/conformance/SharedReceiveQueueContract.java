package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.VerbsException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Shared receive queues: posting, sharing among queue pairs, the limit event, modification. */
final class SharedReceiveQueueContract extends Contract {
    @BeforeEach
    void skipWithoutThem() {
        needs(Capability.SHARED_RECEIVE_QUEUE);
    }

    /** B receives through a shared queue; pairs beside the first share it. */
    private record Shared(PairPlan plan, Pair pair, SharedReceiveQueue srq) {
        void receive(long id, long offset, int length) {
            assertThat(srq.postReceive(id, pair.b().at(offset), length, pair.b().lkey()))
                    .isZero();
        }

        Pair another() {
            Pair other = new Pair(plan.beside(pair.a()), plan.beside(pair.b()));
            plan.initialize(other.a());
            plan.initialize(other.b());
            plan.ready(other.a(), other.b().endpoint());
            plan.ready(other.b(), other.a().endpoint());
            return other;
        }
    }

    private Shared shared(SharedReceiveQueueConfig config) {
        PairPlan plan = plan(QueuePairType.RC);
        End a = plan.open().a();
        End plainB = plan.open().b();
        SharedReceiveQueue srq = plainB.pd.createSharedReceiveQueue(config);
        plan.configB(before -> before.sharedReceiveQueue(srq));
        End b = plan.beside(plainB);
        plan.initialize(a);
        plan.initialize(b);
        plan.ready(a, b.endpoint());
        plan.ready(b, a.endpoint());
        return new Shared(plan, new Pair(a, b), srq);
    }

    @Test
    void atLeastTheSlotsAskedForAreGranted() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();

        SharedReceiveQueue srq = pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(100));

        assertThat(srq.slots()).isGreaterThanOrEqualTo(100);
        assertThat(srq.protectionDomain()).isSameAs(pd);
    }

    @Test
    void whatTheDeviceDoesNotHaveIsRefusedByErrno() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();
        int slots = contextA().queryDevice().maxSharedReceiveQueueWorkRequests();
        int entries = contextA().queryDevice().maxSharedReceiveQueueScatterGather();

        if (slots < 1 << 20) {
            assertThatThrownBy(() -> pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(slots + 1)))
                    .isInstanceOf(VerbsException.class);
        }
        if (entries < 1024) {
            assertThatThrownBy(() -> pd.createSharedReceiveQueue(new SharedReceiveQueueConfig(8, entries + 1, 0)))
                    .isInstanceOf(VerbsException.class);
        }
        assertThatThrownBy(() -> SharedReceiveQueueConfig.of(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void messagesTakeItsReceivesInOrder() {
        Shared shared = shared(SharedReceiveQueueConfig.of(32));
        for (int id = 0; id < 20; id++) {
            shared.receive(id, id * 100L, 100);
        }
        for (int id = 0; id < 20; id++) {
            shared.pair.a().fill(0, Pattern.bytes(id, 100));
            shared.pair.a().send(id, 0, 100);
            shared.pair.a().success(id);
        }
        for (int id = 0; id < 20; id++) {
            Completion received = shared.pair.b().success(id);
            assertThat(received.queuePairNumber()).isEqualTo(shared.pair.b().qp.number());
            assertThat(shared.pair.b().bytes(id * 100L, 100)).isEqualTo(Pattern.bytes(id, 100));
        }
    }

    @Test
    void receivesServeWhicheverQueuePairAMessageComesBy() {
        Shared shared = shared(SharedReceiveQueueConfig.of(32));
        Pair[] pairs = {shared.pair, shared.another(), shared.another()};
        for (int id = 0; id < 12; id++) {
            shared.receive(id, id * 64L, 64);
        }
        for (int id = 0; id < 12; id++) {
            End sender = pairs[id % 3].a();
            sender.fill(100_000, Pattern.bytes(id, 64));
            sender.send(id, 100_000, 64);
            // One completion queue per side: A's tells that B has taken the message.
            shared.pair.a().next();
        }
        Set<Long> ids = new HashSet<>();
        for (Completion received : shared.pair.b().next(12)) {
            assertThat(received.succeeded()).isTrue();
            assertThat(ids.add(received.id())).isTrue();
            int sender = (int) received.id() % 3;
            assertThat(received.queuePairNumber())
                    .isEqualTo(pairs[sender].b().qp.number());
            assertThat(shared.pair.b().bytes(received.id() * 64, 64)).isEqualTo(Pattern.bytes(received.id(), 64));
        }
    }

    @Test
    void aReceiveCanBeScattered() {
        Shared shared = shared(new SharedReceiveQueueConfig(8, 2, 0));
        End b = shared.pair.b();
        byte[] message = Pattern.bytes(1, 150);
        shared.pair.a().fill(0, message);
        assertThat(shared.srq.postReceive(
                        1, new ScatterGatherList(2).add(b.at(0), 100, b.lkey()).add(b.at(5000), 100, b.lkey())))
                .isZero();

        shared.pair.a().send(2, 0, 150);

        b.success(1);
        assertThat(b.bytes(0, 100)).isEqualTo(Arrays.copyOf(message, 100));
        assertThat(b.bytes(5000, 50)).isEqualTo(Arrays.copyOfRange(message, 100, 150));
    }

    @Test
    void aQueuePairOnItHasNoReceivesOfItsOwn() {
        Shared shared = shared(SharedReceiveQueueConfig.of(8));
        End b = shared.pair.b();

        assertThat(b.qp.receiveSlots()).isZero();
        assertThatThrownBy(() -> b.qp.postReceive(1, b.at(0), 8, b.lkey()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("shared receive queue");
    }

    @Test
    void aFullQueueRefusesByNameAndTakesAgainWhenReceivesWereUsed() {
        Shared shared = shared(SharedReceiveQueueConfig.of(4));
        End b = shared.pair.b();
        int posted = 0;
        int refusal = 0;
        while (refusal == 0 && posted < 1000) {
            refusal = shared.srq.postReceive(posted, b.at(0), 64, b.lkey());
            posted += refusal == 0 ? 1 : 0;
        }
        assertThat(Refusal.name(refusal)).isEqualTo("RECEIVE_QUEUE_FULL");
        assertThat(posted).isBetween(4, 64);

        shared.pair.a().send(1, 0, 8);
        b.success(0);

        shared.receive(posted, 0, 64);
    }

    @Test
    void theLimitEventComesOnceWhenFewerReceivesAreLeft() {
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        for (int id = 0; id < 8; id++) {
            shared.receive(id, 0, 64);
        }
        shared.srq.armLimit(6);
        assertThat(shared.srq.limit()).isEqualTo(6);
        for (int id = 0; id < 2; id++) {
            shared.pair.a().send(id, 0, 8);
            shared.pair.a().success(id);
            shared.pair.b().success(id);
        }
        assertThat(contextB().pollAsyncEvent()).isNull();

        shared.pair.a().send(2, 0, 8);
        AsyncEvent event = awaitEvent(contextB(), AsyncEventType.SRQ_LIMIT_REACHED);

        assertThat(event.sharedReceiveQueue()).isSameAs(shared.srq);
        shared.pair.a().success(2);
        shared.pair.b().success(2);
        shared.pair.a().send(3, 0, 8);
        shared.pair.a().success(3);
        shared.pair.b().success(3);
        assertThat(contextB().pollAsyncEvent()).as("one event per arming").isNull();
        assertThat(shared.srq.limit()).isZero();
    }

    @Test
    void anArmedLimitCanBeDisarmed() {
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        shared.receive(0, 0, 64);
        shared.receive(1, 0, 64);
        shared.srq.armLimit(2);
        shared.srq.armLimit(0);

        shared.pair.a().send(0, 0, 8);
        shared.pair.a().success(0);
        shared.pair.b().success(0);

        assertThat(contextB().pollAsyncEvent()).isNull();
        assertThatThrownBy(() -> shared.srq.armLimit(shared.srq.slots() + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itCanBeResizedWithWhatItHolds() {
        needs(Capability.RESIZE_SHARED_RECEIVE_QUEUE);
        Shared shared = shared(SharedReceiveQueueConfig.of(4));
        shared.receive(0, 0, 64);
        shared.receive(1, 64, 64);

        shared.srq.resize(64);

        assertThat(shared.srq.slots()).isGreaterThanOrEqualTo(64);
        for (int id = 2; id < 60; id++) {
            shared.receive(id, id * 64L, 64);
        }
        for (int id = 0; id < 60; id++) {
            shared.pair.a().send(id, 0, 64);
            shared.pair.a().success(id);
            shared.pair.b().success(id);
        }
    }

    @Test
    void receivesOfABatchAreHandedOverTogether() {
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        End b = shared.pair.b();
        shared.srq.start();
        for (int id = 0; id < 10; id++) {
            assertThat(shared.srq.postReceive(id, b.at(0), 64, b.lkey())).isZero();
        }
        assertThat(shared.srq.complete()).isEqualTo(10);

        for (int id = 0; id < 10; id++) {
            shared.pair.a().send(id, 0, 8);
            shared.pair.a().success(id);
            b.success(id);
        }
    }

    @Test
    void aQueuePairInErrorLeavesTheReceivesToTheOthers() {
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        Pair other = shared.another();
        shared.receive(0, 0, 64);
        shared.receive(1, 0, 64);

        shared.pair.b().qp.fail();
        other.a().send(5, 0, 8);

        other.a().success(5);
        assertThat(shared.pair.b().success(0).queuePairNumber())
                .isEqualTo(other.b().qp.number());
    }

    @Test
    void theLastReceiveOfAFailedQueuePairIsTold() {
        needs(Capability.LAST_WQE_REACHED);
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        shared.receive(0, 0, 64);

        shared.pair.b().qp.fail();

        assertThat(awaitEvent(contextB(), AsyncEventType.QP_LAST_WQE_REACHED).queuePair())
                .isSameAs(shared.pair.b().qp);
    }

    @Test
    void oneOfAnotherProtectionDomainIsRefused() {
        ProtectionDomain own = contextA().allocateProtectionDomain();
        ProtectionDomain foreign = contextA().allocateProtectionDomain();
        SharedReceiveQueue srq = foreign.createSharedReceiveQueue(SharedReceiveQueueConfig.of(8));
        var cq = contextA().createCompletionQueue(8);

        assertThatThrownBy(
                        () -> own.createQueuePair(QueuePairConfig.reliable(cq).sharedReceiveQueue(srq)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("protection domain");
    }

    @Test
    void closingItClosesItsQueuePairsAndAnUnreadEventDoesNotDelayIt() {
        Shared shared = shared(SharedReceiveQueueConfig.of(16));
        MemoryRegion memory = shared.pair.b().memory;
        shared.receive(0, 0, 64);
        shared.srq.armLimit(1);
        shared.pair.a().send(1, 0, 8);
        shared.pair.a().success(1);
        long start = System.nanoTime();

        shared.srq.close();
        shared.srq.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        assertThatThrownBy(() -> shared.srq.postReceive(1, memory.address(), 8, memory.lkey()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> shared.pair.b().qp.query()).isInstanceOf(IllegalStateException.class);
    }
}
