package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import org.junit.jupiter.api.Test;

/** Many requests behind one doorbell; queues that are full. */
final class BatchesContract extends Contract {
    private static final int FULL_AT_MOST = 4096;

    @Test
    void nothingOfABatchLeavesBeforeItIsComplete() {
        Pair pair = pair();
        for (int id = 0; id < 8; id++) {
            pair.b().receive(id, id * 64L, 64);
        }
        pair.a().qp.start();
        for (int id = 0; id < 8; id++) {
            pair.a().fill(id * 64L, Pattern.bytes(id, 64));
            pair.a().send(id, id * 64L, 64);
        }
        // What had left would have come before this message of B's.
        pair.a().receive(100, 8192, 8);
        pair.b().send(101, 0, 8);
        pair.a().success(100);
        pair.b().success(101);
        pair.b().nothing();

        assertThat(pair.a().qp.complete()).isEqualTo(8);

        for (int id = 0; id < 8; id++) {
            pair.b().success(id);
            pair.a().success(id);
            assertThat(pair.b().bytes(id * 64L, 64)).isEqualTo(Pattern.bytes(id, 64));
        }
    }

    @Test
    void aBatchMayMixOperationsAndKeepsTheirOrder() {
        Pair pair = pair();
        End a = pair.a();
        End b = pair.b();
        a.fill(0, Pattern.bytes(1, 1000));
        b.receive(50, 100_000, 1000);
        a.qp.start();
        a.write(1, 0, 1000, b, 4096);
        a.read(2, 8192, 1000, b, 4096);
        a.send(3, 0, 1000);
        assertThat(a.qp.complete()).isEqualTo(3);

        a.success(1);
        a.success(2);
        a.success(3);
        b.success(50);
        assertThat(a.bytes(8192, 1000)).isEqualTo(Pattern.bytes(1, 1000));
    }

    @Test
    void anEmptyBatchIsNothing() {
        Pair pair = pair();

        pair.a().qp.start();
        assertThat(pair.a().qp.complete()).isZero();
        pair.a().qp.startReceives();
        assertThat(pair.a().qp.completeReceives()).isZero();
        assertThat(pair.a().qp.complete()).isZero();

        pair.exchange(10, 64);
    }

    @Test
    void receivesOfABatchAreHandedOverTogether() {
        Pair pair = pair();
        pair.b().qp.startReceives();
        for (int id = 0; id < 10; id++) {
            pair.b().receive(id, id * 64L, 64);
        }
        assertThat(pair.b().qp.completeReceives()).isEqualTo(10);

        for (int id = 0; id < 10; id++) {
            pair.a().send(id, 0, 64);
            pair.a().success(id);
            pair.b().success(id);
        }
    }

    /** B has no receives, so nothing that A sends is done. */
    private Pair stalled() {
        return plan(QueuePairType.RC)
                .config(config -> config.sendSlots(8).receiveSlots(8))
                .toSend(attributes -> attributes.rnrRetry(7))
                .completions(8192)
                .connect();
    }

    private static int fill(End end) {
        int posted = 0;
        while (posted < FULL_AT_MOST) {
            int result = end.qp.postSend(posted, end.at(0), 8, end.lkey(), SendFlags.SIGNALED);
            if (result != 0) {
                assertThat(Refusal.name(result)).isEqualTo("SEND_QUEUE_FULL");
                return posted;
            }
            posted++;
        }
        throw new AssertionError("the send queue never is full");
    }

    @Test
    void aFullSendQueueRefusesByNameAndTakesAgainAfterPolling() {
        Pair pair = stalled();
        int posted = fill(pair.a());
        assertThat(posted).isGreaterThanOrEqualTo(8);

        for (int id = 0; id < posted; id++) {
            pair.b().receive(id, 0, 8);
            pair.b().success(id);
            pair.a().success(id);
        }
        pair.b().receive(5000, 0, 8);
        pair.a().send(5001, 0, 8);

        pair.b().success(5000);
        pair.a().success(5001);
        pair.a().nothing();
    }

    @Test
    void aFullReceiveQueueRefusesByNameAndTakesAgainAfterMessages() {
        Pair pair = stalled();
        End b = pair.b();
        int posted = 0;
        int result = 0;
        while (result == 0 && posted < FULL_AT_MOST) {
            result = b.qp.postReceive(posted, b.at(0), 8, b.lkey());
            posted += result == 0 ? 1 : 0;
        }
        assertThat(Refusal.name(result)).isEqualTo("RECEIVE_QUEUE_FULL");
        assertThat(posted).isGreaterThanOrEqualTo(8);

        pair.a().send(1, 0, 8);
        pair.a().success(1);
        b.success(0);
        b.receive(posted, 0, 8);
        for (int id = 1; id <= posted; id++) {
            pair.a().send(1, 0, 8);
            pair.a().success(1);
            b.success(id);
        }
    }

    @Test
    void aBatchIsTakenAsFarAsThereIsRoomAndTheRestIsDropped() {
        Pair pair = stalled();
        End a = pair.a();
        int room = fill(a);
        for (int id = 0; id < room; id++) {
            pair.b().receive(id, 0, 8);
            pair.b().success(id);
            a.success(id);
        }
        int before = Math.max(1, room - 3);
        for (int id = 0; id < before; id++) {
            a.send(id, 0, 8);
        }
        a.qp.start();
        int staged = 0;
        while (staged < 8 && a.qp.postSend(1000 + staged, a.at(0), 8, a.lkey(), SendFlags.SIGNALED) == 0) {
            staged++;
        }
        int taken = a.qp.complete();

        assertThat(staged).isGreaterThan(room - before);
        assertThat(taken).isEqualTo(room - before);
        for (int id = 0; id < before + taken; id++) {
            pair.b().receive(id, 0, 8);
            pair.b().success(id);
        }
        for (int id = 0; id < before; id++) {
            a.success(id);
        }
        for (int id = 0; id < taken; id++) {
            a.success(1000 + id);
        }
        a.nothing();
        pair.exchange(5000, 8);
    }

    @Test
    void sendSlotsAreFreedByPollingOnly() {
        needs(Capability.SEND_SLOTS_FREED_BY_POLLING);
        Pair pair = plan(QueuePairType.RC).config(config -> config.sendSlots(8)).connect();
        End a = pair.a();
        int posted = 0;
        while (a.qp.postWrite(
                        posted, a.at(0), 8, a.lkey(), pair.b().at(0), pair.b().rkey(), SendFlags.SIGNALED)
                == 0) {
            assertThat(++posted).isLessThan(FULL_AT_MOST);
        }
        // A read by another queue pair comes after all of it on a device that works in order; the slots stay taken.
        pair.b().read(1, 8192, 8, a, 0);
        pair.b().success(1);
        assertThat(Refusal.name(a.qp.postWrite(
                        1, a.at(0), 8, a.lkey(), pair.b().at(0), pair.b().rkey(), SendFlags.SIGNALED)))
                .isEqualTo("SEND_QUEUE_FULL");

        a.success(0);

        a.write(1, 0, 8, pair.b(), 0);
    }

    @Test
    void aBatchThatIsLeftIncompleteDoesNotHinderClosing() {
        Pair pair = pair();
        pair.a().qp.start();
        pair.a().send(1, 0, 8);

        pair.a().qp.close();

        assertThatThrownBy(() -> pair.a().qp.complete()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aBatchWhoseStateChangedUnderItIsNotHandedOver() {
        Pair pair = pair();
        End a = pair.a();
        a.qp.start();
        a.send(1, 0, 8);
        a.qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));

        assertThatThrownBy(a.qp::complete).isInstanceOf(IllegalStateException.class);
    }
}
