package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.VerbsException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Queue pairs: made, granted sizes, queried, connected by the short way, refused. */
final class QueuePairContract extends Contract {
    @Test
    void everyTypeIsMadeInResetWithAtLeastWhatWasAskedFor() {
        for (QueuePairType type : QueuePairType.values()) {
            Pair pair = plan(type)
                    .config(config -> config.sendSlots(17).receiveSlots(33).entries(2, 2))
                    .open();
            QueuePair qp = pair.a().qp;

            assertThat(qp.type()).isEqualTo(type);
            assertThat(qp.state()).isEqualTo(QueuePairState.RESET);
            assertThat(qp.number()).isBetween(1, 0xffffff);
            assertThat(qp.sendSlots()).isGreaterThanOrEqualTo(17);
            assertThat(qp.receiveSlots()).isGreaterThanOrEqualTo(33);
            assertThat(qp.sendEntriesMax()).isGreaterThanOrEqualTo(2);
            assertThat(qp.receiveEntriesMax()).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void numbersOfOpenQueuePairsDiffer() {
        PairPlan plan = plan(QueuePairType.RC);
        End end = plan.open().a();
        Set<Integer> numbers = new HashSet<>();
        numbers.add(end.qp.number());
        for (int count = 0; count < 40; count++) {
            assertThat(numbers.add(plan.beside(end).qp.number())).isTrue();
        }
    }

    @Test
    void whatTheDeviceDoesNotHaveIsRefusedByErrno() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();
        CompletionQueue cq = contextA().createCompletionQueue(8);
        int slots = contextA().queryDevice().maxWorkRequests();
        int entries = contextA().queryDevice().maxScatterGather();

        if (slots < 1 << 20) {
            assertThatThrownBy(() ->
                            pd.createQueuePair(QueuePairConfig.reliable(cq).sendSlots(slots + 1)))
                    .isInstanceOf(VerbsException.class);
            assertThatThrownBy(() ->
                            pd.createQueuePair(QueuePairConfig.reliable(cq).receiveSlots(slots + 1)))
                    .isInstanceOf(VerbsException.class);
        }
        if (entries < 1024) {
            assertThatThrownBy(() ->
                            pd.createQueuePair(QueuePairConfig.reliable(cq).entries(entries + 1, 1)))
                    .isInstanceOf(VerbsException.class);
            assertThatThrownBy(() ->
                            pd.createQueuePair(QueuePairConfig.reliable(cq).entries(1, entries + 1)))
                    .isInstanceOf(VerbsException.class);
        }
        assertThat(pd.createQueuePair(QueuePairConfig.reliable(cq)).state()).isEqualTo(QueuePairState.RESET);
    }

    @Test
    void senselessSizesAreRefused() {
        CompletionQueue cq = contextA().createCompletionQueue(8);

        assertThatThrownBy(() -> QueuePairConfig.reliable(cq).sendSlots(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> QueuePairConfig.reliable(cq).inlineBytes(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> QueuePairConfig.reliable(cq).entries(-1, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void queryingAReliableQueuePairAnswersWhatItWasMovedWith() {
        PairPlan plan = plan(QueuePairType.RC)
                .toReceive(attributes -> attributes.minRnrTimer(9))
                .toSend(attributes -> attributes.timeout(13).retryCount(5).rnrRetry(4));
        Pair pair = plan.connect();

        QueuePairAttributes answer = pair.a().qp.query();

        assertThat(answer.state()).isEqualTo(QueuePairState.READY_TO_SEND);
        assertThat(answer.destinationNumber()).isEqualTo(pair.b().qp.number());
        assertThat(answer.port()).isEqualTo(1);
        assertThat(answer.pkeyIndex()).isZero();
        assertThat(answer.pathMtu()).isEqualTo(contextA().queryPort(1).activeMtu());
        assertThat(answer.minRnrTimer()).isEqualTo(9);
        assertThat(answer.timeout()).isEqualTo(13);
        assertThat(answer.retryCount()).isEqualTo(5);
        assertThat(answer.rnrRetry()).isEqualTo(4);
        assertThat(answer.readDepth()).isGreaterThanOrEqualTo(1);
        assertThat(answer.destinationReadDepth()).isGreaterThanOrEqualTo(1);
        assertThat(answer.accessFlags() & AccessFlags.REMOTE_WRITE).isNotZero();
        assertThat(answer.addressVector()).isNotNull().satisfies(vector -> {
            assertThat(vector.destination()).isEqualTo(pair.b().gid.gid());
            assertThat(vector.sourceGidIndex()).isEqualTo(pair.a().gid.index());
        });
    }

    @Test
    void queryingAnUnreliableQueuePairAnswersWhatItWasMovedWith() {
        Pair pair = plan(QueuePairType.UC).connect();

        QueuePairAttributes answer = pair.a().qp.query();

        assertThat(answer.state()).isEqualTo(QueuePairState.READY_TO_SEND);
        assertThat(answer.destinationNumber()).isEqualTo(pair.b().qp.number());
    }

    @Test
    void queryingADatagramQueuePairAnswersItsQueueKey() {
        Pair pair = plan(QueuePairType.UD).connect();

        QueuePairAttributes answer = pair.a().qp.query();

        assertThat(answer.state()).isEqualTo(QueuePairState.READY_TO_SEND);
        assertThat(answer.qkey()).isEqualTo(QueuePair.DEFAULT_QKEY);
    }

    @Test
    void theShortWayConnectsReliableAndUnreliableQueuePairs() {
        for (QueuePairType type : new QueuePairType[] {QueuePairType.RC, QueuePairType.UC}) {
            Pair pair = plan(type).open();

            pair.a().endpoint();
            pair.b().qp.connect(pair.a().endpoint());
            pair.a().qp.connect(pair.b().endpoint());

            assertThat(pair.a().qp.state()).isEqualTo(QueuePairState.READY_TO_SEND);
            pair.exchange(10, 100);
            pair.exchange(20, 5000);
        }
    }

    @Test
    void theShortWayReadiesADatagramQueuePair() {
        Pair pair = plan(QueuePairType.UD).open();

        pair.a().qp.connect(pair.a().endpoint());

        assertThat(pair.a().qp.query().state()).isEqualTo(QueuePairState.READY_TO_SEND);
    }

    @Test
    void aConnectedQueuePairWithADepthOfReadsBeyondTheDeviceIsRefused() {
        Pair pair = plan(QueuePairType.RC).open();
        PairPlan plan = plan(QueuePairType.RC);
        plan.initialize(pair.a());
        pair.a().qp.modify(plan.receiveAttributes(pair.a(), pair.b().endpoint()));
        int beyond = contextA().queryDevice().maxInitiatedReadAtomicPerQueuePair() + 1;
        Assumptions.assumeTrue(beyond < 256, "the device takes every depth there is");

        assertThatThrownBy(
                        () -> pair.a().qp.modify(plan.sendAttributes(pair.a()).readDepth(beyond)))
                .isInstanceOf(VerbsException.class);
        assertThat(pair.a().qp.query().state()).isEqualTo(QueuePairState.READY_TO_RECEIVE);
    }

    @Test
    void aQueuePairCanBeUsedAgainAfterReset() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.connect();
        pair.exchange(10, 100);

        for (End end : new End[] {pair.a(), pair.b()}) {
            end.qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
            assertThat(end.qp.state()).isEqualTo(QueuePairState.RESET);
            plan.initialize(end);
        }
        plan.ready(pair.a(), pair.b().endpoint());
        plan.ready(pair.b(), pair.a().endpoint());

        pair.exchange(20, 100);
    }

    @Test
    void aQueuePairCanBeConnectedToItself() {
        PairPlan plan = plan(QueuePairType.RC);
        End end = plan.open().a();
        plan.initialize(end);
        plan.ready(end, end.endpoint());
        byte[] message = Pattern.bytes(1, 3000);
        end.fill(0, message);
        end.receive(1, 8192, 3000);

        end.send(2, 0, 3000);

        assertThat(end.next(2)).allMatch(Completion::succeeded);
        assertThat(end.bytes(8192, 3000)).isEqualTo(message);
    }

    @Test
    void twoQueuePairsOfOneDeviceTalkToEachOther() {
        PairPlan plan = plan(QueuePairType.RC);
        End first = plan.open().a();
        End second = plan.beside(first);
        plan.initialize(first);
        plan.initialize(second);
        plan.ready(first, second.endpoint());
        plan.ready(second, first.endpoint());
        byte[] message = Pattern.bytes(1, 3000);
        first.fill(0, message);
        second.receive(1, 8192, 3000);

        first.send(2, 0, 3000);

        assertThat(first.next(2)).allMatch(Completion::succeeded);
        assertThat(first.bytes(8192, 3000)).isEqualTo(message);
    }
}
