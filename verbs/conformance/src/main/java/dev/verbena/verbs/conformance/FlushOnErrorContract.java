package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is posted when a queue pair goes to ERROR, and what is posted afterwards, is flushed in order. */
final class FlushOnErrorContract extends Contract {
    private static void assertFlushed(List<Completion> completions, long firstId) {
        long id = firstId;
        for (Completion completion : completions) {
            assertThat(completion.status()).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
            assertThat(completion.id()).isEqualTo(id++);
        }
    }

    @Test
    void postedReceivesOfEveryTypeAreFlushedInOrder() {
        for (QueuePairType type : QueuePairType.values()) {
            Pair pair = plan(type).connect();
            for (int id = 0; id < 10; id++) {
                pair.b().receive(id, 0, 256);
            }

            pair.b().qp.fail();

            assertThat(pair.b().qp.state()).isEqualTo(QueuePairState.ERROR);
            assertFlushed(pair.b().next(10), 0);
            pair.b().nothing();
        }
    }

    @Test
    void receivesPostedInInitAreFlushed() {
        PairPlan plan = plan(QueuePairType.RC);
        End end = plan.open().a();
        plan.initialize(end);
        end.receive(0, 0, 64);
        end.receive(1, 0, 64);

        end.qp.fail();

        assertFlushed(end.next(2), 0);
    }

    @Test
    void sendsThatWaitForAReceiverAreFlushedInOrder() {
        Pair pair = plan(QueuePairType.RC)
                .toSend(attributes -> attributes.timeout(14).retryCount(6).rnrRetry(7))
                .connect();
        for (int id = 0; id < 10; id++) {
            pair.a().send(id, 0, 64);
        }

        pair.a().qp.fail();

        assertFlushed(pair.a().next(10), 0);
        pair.a().nothing();
    }

    @Test
    void unsignaledRequestsMakeACompletionWhenTheyAreFlushed() {
        Pair pair = plan(QueuePairType.RC)
                .toSend(attributes -> attributes.rnrRetry(7))
                .connect();
        for (int id = 0; id < 3; id++) {
            assertThat(pair.a().qp.postSend(id, pair.a().at(0), 8, pair.a().lkey(), SendFlags.NONE))
                    .isZero();
        }

        pair.a().qp.fail();

        assertFlushed(pair.a().next(3), 0);
    }

    @Test
    void sendsPostedInErrorAreFlushed() {
        Pair pair = pair();
        pair.a().qp.fail();

        for (int id = 0; id < 4; id++) {
            pair.a().send(id, 0, 64);
        }

        assertFlushed(pair.a().next(4), 0);
    }

    @Test
    void receivesPostedInErrorAreFlushed() {
        Pair pair = pair();
        pair.b().qp.fail();

        for (int id = 0; id < 4; id++) {
            pair.b().receive(id, 0, 64);
        }

        assertFlushed(pair.b().next(4), 0);
    }

    @Test
    void whatWasDoneBeforeTheErrorHasSucceeded() {
        Pair pair = pair();
        pair.b().receive(0, 0, 64);
        pair.b().receive(1, 0, 64);
        pair.a().send(0, 0, 64);
        pair.a().success(0);

        pair.b().qp.fail();

        pair.b().success(0);
        assertFlushed(pair.b().next(1), 1);
    }

    @Test
    void afterAFailedRequestTheOnesBehindItAreFlushed() {
        Pair pair = pair();
        End a = pair.a();
        a.write(0, 0, 64, pair.b(), 0);
        assertThat(a.qp.postWrite(1, a.at(0), 64, a.lkey(), pair.b().at(0), 0x7fffff, SendFlags.SIGNALED))
                .isZero();
        a.success(0);
        a.failure(1);
        a.awaitState(QueuePairState.ERROR);

        a.write(2, 0, 64, pair.b(), 0);
        a.write(3, 0, 64, pair.b(), 0);

        assertFlushed(a.next(2), 2);
    }

    @Test
    void afterAFailedReceiveTheOnesBehindItAreFlushedThoughMessagesGoOn() {
        for (QueuePairType type : List.of(QueuePairType.UC, QueuePairType.UD)) {
            Pair pair = plan(type).connect();
            End b = pair.b();
            assertThat(b.qp.postReceive(0, b.at(0), 256, b.lkey() ^ 0x5a5a00)).isZero();
            b.receive(1, 0, 256);
            b.receive(2, 0, 256);

            for (int id = 0; id < 3; id++) {
                sendTo(pair, id);
                pair.a().success(id);
            }

            assertThat(b.failure(0)).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
            assertFlushed(b.next(2), 1);
            b.awaitState(QueuePairState.ERROR);
        }
    }

    private static void sendTo(Pair pair, long id) {
        End a = pair.a();
        if (a.qp.type() != QueuePairType.UD) {
            a.send(id, 0, 8);
            return;
        }
        AddressHandle handle =
                a.pd.createAddressHandle(AddressVector.to(pair.b().gid.gid(), 1, a.gid.index())
                        .withLid(pair.b().endpoint().lid()));
        assertThat(a.qp.postDatagram(
                        id,
                        a.at(0),
                        8,
                        a.lkey(),
                        handle,
                        pair.b().qp.number(),
                        QueuePair.DEFAULT_QKEY,
                        SendFlags.SIGNALED))
                .isZero();
    }

    @Test
    void requestsInABatchBehindAFailedOneAreFlushedAndTakeNoEffect() {
        Pair pair = pair();
        End a = pair.a();
        a.fill(0, Pattern.bytes(1, 64));
        a.qp.start();
        assertThat(a.qp.postWrite(0, a.at(0), 64, a.lkey(), pair.b().at(0), 0x7fffff, SendFlags.SIGNALED))
                .isZero();
        for (int id = 1; id < 8; id++) {
            a.write(id, 0, 64, pair.b(), 4096);
        }
        assertThat(a.qp.complete()).isEqualTo(8);

        assertThat(a.failure(0)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        assertFlushed(a.next(7), 1);
        assertThat(pair.b().bytes(4096, 64)).containsOnly(0);
    }

    @Test
    void aFlushedQueuePairWorksAgainAfterReset() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.connect();
        pair.b().receive(0, 0, 64);
        pair.a().qp.fail();
        pair.b().qp.fail();
        assertFlushed(pair.b().next(1), 0);

        for (End end : new End[] {pair.a(), pair.b()}) {
            end.qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
            plan.initialize(end);
        }
        plan.ready(pair.a(), pair.b().endpoint());
        plan.ready(pair.b(), pair.a().endpoint());

        pair.exchange(10, 64);
        pair.a().nothing();
        pair.b().nothing();
    }

    @Test
    void resetForgetsWhatIsPostedWithoutCompletions() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.connect();
        for (int id = 0; id < 5; id++) {
            pair.b().receive(id, 0, 64);
        }

        for (End end : new End[] {pair.a(), pair.b()}) {
            end.qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
            plan.initialize(end);
        }
        plan.ready(pair.a(), pair.b().endpoint());
        plan.ready(pair.b(), pair.a().endpoint());

        pair.exchange(10, 64);
        pair.b().nothing();
    }
}
