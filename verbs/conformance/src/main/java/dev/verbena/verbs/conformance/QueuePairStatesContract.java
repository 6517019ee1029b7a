package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairTransitions;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The whole table of states: every legal move is taken, every other is refused with a message that explains. */
final class QueuePairStatesContract extends Contract {
    /** States that a program can bring a queue pair to; SEND_QUEUE_ERROR is entered by the device alone. */
    private static final List<QueuePairState> REACHABLE = List.of(
            QueuePairState.RESET,
            QueuePairState.INIT,
            QueuePairState.READY_TO_RECEIVE,
            QueuePairState.READY_TO_SEND,
            QueuePairState.SEND_QUEUE_DRAINED,
            QueuePairState.ERROR);

    private static final int[] BITS = {
        QueuePairAttributes.ACCESS_FLAGS,
        QueuePairAttributes.PKEY_INDEX,
        QueuePairAttributes.PORT,
        QueuePairAttributes.QKEY,
        QueuePairAttributes.AV,
        QueuePairAttributes.PATH_MTU,
        QueuePairAttributes.TIMEOUT,
        QueuePairAttributes.RETRY_CNT,
        QueuePairAttributes.RNR_RETRY,
        QueuePairAttributes.RQ_PSN,
        QueuePairAttributes.MAX_QP_RD_ATOMIC,
        QueuePairAttributes.MIN_RNR_TIMER,
        QueuePairAttributes.SQ_PSN,
        QueuePairAttributes.MAX_DEST_RD_ATOMIC,
        QueuePairAttributes.DEST_QPN
    };

    @Test
    void everyMoveOfAReliableQueuePairFollowsTheTable() {
        everyMove(QueuePairType.RC);
    }

    @Test
    void everyMoveOfAnUnreliableQueuePairFollowsTheTable() {
        everyMove(QueuePairType.UC);
    }

    @Test
    void everyMoveOfADatagramQueuePairFollowsTheTable() {
        everyMove(QueuePairType.UD);
    }

    private void everyMove(QueuePairType type) {
        Pair pair = plan(type).open();
        End end = pair.a();
        QueuePairEndpoint remote = pair.b().endpoint();
        List<String> problems = new ArrayList<>();
        for (QueuePairState from : REACHABLE) {
            for (QueuePairState to : QueuePairState.values()) {
                if (to == QueuePairState.UNKNOWN) {
                    continue;
                }
                bring(end, from, remote);
                QueuePairTransitions.@Nullable Attributes legal = QueuePairTransitions.attributes(type, from, to);
                int mask = legal == null ? 0 : legal.required();
                @Nullable VerbsException refusal = tryModify(end.qp, attributes(end, to, mask, remote));
                String move = type + " " + from + " -> " + to;
                if (legal != null) {
                    if (refusal != null) {
                        problems.add(move + " is legal, and was refused: " + refusal.getMessage());
                    } else if (end.qp.state() != to || deviceState(end.qp, to) != to) {
                        problems.add(move + " leads to " + end.qp.state() + ", on the device "
                                + end.qp.query().state());
                    }
                } else if (refusal == null) {
                    problems.add(move + " is illegal, and was taken");
                } else {
                    if (!refusal.explanation().contains(from + " -> " + to + " is not a legal move")) {
                        problems.add(move + " is refused without an explanation: " + refusal.getMessage());
                    }
                    if (end.qp.query().state() != from) {
                        problems.add(move + " was refused, and led to "
                                + end.qp.query().state());
                    }
                }
            }
        }
        assertThat(problems).isEmpty();
    }

    /** Draining is reported as it goes on, by some devices: the state asked for is what counts. */
    private static QueuePairState deviceState(QueuePair qp, QueuePairState expected) {
        return Bounded.until("the device's state", () -> {
            QueuePairState state = qp.query().state();
            return state == expected || expected != QueuePairState.SEND_QUEUE_DRAINED ? state : null;
        });
    }

    @Test
    void aMoveOfAReliableQueuePairWithoutAnAttributeItNeedsIsRefusedAndNamesIt() {
        withoutEachRequired(QueuePairType.RC);
    }

    @Test
    void aMoveOfAnUnreliableQueuePairWithoutAnAttributeItNeedsIsRefusedAndNamesIt() {
        withoutEachRequired(QueuePairType.UC);
    }

    @Test
    void aMoveOfADatagramQueuePairWithoutAnAttributeItNeedsIsRefusedAndNamesIt() {
        withoutEachRequired(QueuePairType.UD);
    }

    private void withoutEachRequired(QueuePairType type) {
        eachLegalMove(type, (end, from, to, legal, remote, problems) -> {
            for (int bit : BITS) {
                if ((legal.required() & bit) != 0) {
                    refused(end, from, to, legal.required() & ~bit, bit, remote, problems);
                }
            }
        });
    }

    @Test
    void aMoveOfAReliableQueuePairWithAnAttributeItDoesNotTakeIsRefusedAndNamesIt() {
        withEachExcess(QueuePairType.RC);
    }

    @Test
    void aMoveOfAnUnreliableQueuePairWithAnAttributeItDoesNotTakeIsRefusedAndNamesIt() {
        withEachExcess(QueuePairType.UC);
    }

    @Test
    void aMoveOfADatagramQueuePairWithAnAttributeItDoesNotTakeIsRefusedAndNamesIt() {
        withEachExcess(QueuePairType.UD);
    }

    private void withEachExcess(QueuePairType type) {
        eachLegalMove(type, (end, from, to, legal, remote, problems) -> {
            for (int bit : BITS) {
                if (((legal.required() | legal.optional()) & bit) == 0) {
                    refused(end, from, to, legal.required() | bit, bit, remote, problems);
                }
            }
        });
    }

    private interface Step {
        void run(
                End end,
                QueuePairState from,
                QueuePairState to,
                QueuePairTransitions.Attributes legal,
                QueuePairEndpoint remote,
                List<String> problems);
    }

    private void eachLegalMove(QueuePairType type, Step step) {
        Pair pair = plan(type).open();
        QueuePairEndpoint remote = pair.b().endpoint();
        List<String> problems = new ArrayList<>();
        for (QueuePairState from : REACHABLE) {
            for (QueuePairState to : REACHABLE) {
                QueuePairTransitions.@Nullable Attributes legal = QueuePairTransitions.attributes(type, from, to);
                if (legal != null && to != QueuePairState.RESET && to != QueuePairState.ERROR) {
                    step.run(pair.a(), from, to, legal, remote, problems);
                }
            }
        }
        assertThat(problems).isEmpty();
    }

    private static void refused(
            End end,
            QueuePairState from,
            QueuePairState to,
            int mask,
            int bit,
            QueuePairEndpoint remote,
            List<String> problems) {
        if (end.qp.state() != from) {
            bring(end, from, remote);
        }
        String move = end.qp.type() + " " + from + " -> " + to + " with " + QueuePairAttributes.describe(mask);
        @Nullable VerbsException refusal = tryModify(end.qp, attributes(end, to, mask, remote));
        if (refusal == null) {
            problems.add(move + " was taken");
        } else if (!refusal.explanation().contains(QueuePairAttributes.describe(bit))) {
            problems.add(move + " is refused without naming " + QueuePairAttributes.describe(bit) + ": "
                    + refusal.getMessage());
        }
    }

    private static @Nullable VerbsException tryModify(QueuePair qp, QueuePairAttributes attributes) {
        try {
            qp.modify(attributes);
            return null;
        } catch (VerbsException refusal) {
            return refusal;
        }
    }

    /** Brings a queue pair to a state from wherever it is. */
    private static void bring(End end, QueuePairState wanted, QueuePairEndpoint remote) {
        QueuePair qp = end.qp;
        qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
        List<QueuePairState> way = switch (wanted) {
            case RESET -> List.of();
            case ERROR -> List.of(QueuePairState.INIT, QueuePairState.ERROR);
            default -> REACHABLE.subList(1, REACHABLE.indexOf(wanted) + 1);
        };
        for (QueuePairState next : way) {
            QueuePairTransitions.@Nullable Attributes legal =
                    QueuePairTransitions.attributes(qp.type(), qp.state(), next);
            if (legal == null) {
                throw new AssertionError("no way to " + wanted);
            }
            qp.modify(attributes(end, next, legal.required(), remote));
        }
    }

    /** Sensible values for every attribute of a mask. */
    private static QueuePairAttributes attributes(End end, QueuePairState to, int mask, QueuePairEndpoint remote) {
        QueuePairAttributes all = new QueuePairAttributes()
                .state(to)
                .accessFlags(end.qp.type() == QueuePairType.UC ? AccessFlags.REMOTE_WRITE : AccessFlags.REMOTE_READ)
                .pkeyIndex(0)
                .port(1)
                .qkey(QueuePair.DEFAULT_QKEY)
                .addressVector(
                        AddressVector.to(remote.gid(), 1, end.gid.index()).withLid(remote.lid()))
                .pathMtu(end.context.queryPort(1).activeMtu())
                .timeout(14)
                .retryCount(6)
                .rnrRetry(6)
                .receivePsn(1)
                .readDepth(1)
                .minRnrTimer(12)
                .sendPsn(1)
                .destinationReadDepth(1)
                .destinationNumber(remote.number());
        return all.keeping(mask | QueuePairAttributes.STATE);
    }

    @Test
    void aRefusedMoveChangesNothing() {
        Pair pair = pair();

        assertThat(tryModify(pair.a().qp, new QueuePairAttributes().state(QueuePairState.INIT)))
                .isNotNull();

        pair.exchange(10, 100);
    }

    @Test
    void aDrainedSendQueueHoldsRequestsBackAndReadyToSendLetsThemGo() {
        Pair pair = pair();
        End a = pair.a();
        End b = pair.b();
        a.qp.modify(new QueuePairAttributes().state(QueuePairState.SEND_QUEUE_DRAINED));
        b.receive(1, 0, 8);
        b.receive(2, 64, 8);
        a.send(3, 0, 8);
        // Whatever A sent would have come before this message of B's.
        a.receive(4, 128, 8);
        b.send(5, 0, 8);
        a.success(4);
        b.success(5);
        b.nothing();

        a.qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));
        a.send(6, 0, 8);

        b.success(1);
        b.success(2);
        a.success(3);
        a.success(6);
    }

    @Test
    void requestsHeldBackByDrainingGoByThemselvesWhenReadyToSendAgain() {
        needs(Capability.RESUMES_AFTER_DRAINING);
        Pair pair = pair();
        pair.a().qp.modify(new QueuePairAttributes().state(QueuePairState.SEND_QUEUE_DRAINED));
        pair.b().receive(1, 0, 8);
        pair.a().send(2, 0, 8);

        pair.a().qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));

        pair.b().success(1);
        pair.a().success(2);
    }

    @Test
    void requestsPostedBeforeDrainingAreFinished() {
        Pair pair = pair();
        for (int id = 0; id < 10; id++) {
            pair.b().receive(id, 0, 4096);
        }
        for (int id = 0; id < 10; id++) {
            pair.a().send(id, 0, 4096);
        }

        pair.a().qp.modify(new QueuePairAttributes().state(QueuePairState.SEND_QUEUE_DRAINED));

        pair.a().success(0);
        pair.a().qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));
        for (int id = 1; id < 10; id++) {
            pair.a().success(id);
        }
    }

    @Test
    void aFailedSendOfAnUnreliableQueuePairStopsItsSendQueueOnly() {
        needs(Capability.SEND_QUEUE_ERROR_STATE);
        Pair pair = plan(QueuePairType.UC).connect();
        End a = pair.a();
        assertThat(a.qp.postSend(1, a.at(0), 64, a.lkey() ^ 0x5a5a00, SendFlags.SIGNALED))
                .isZero();
        a.failure(1);
        a.awaitState(QueuePairState.SEND_QUEUE_ERROR);

        new Pair(pair.b(), a).exchange(10, 64);
        a.qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));

        pair.exchange(20, 64);
    }

    @Test
    void requestsAreRefusedInStatesThatDoNotTakeThem() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.open();
        End a = pair.a();
        assertThatThrownBy(() -> a.qp.postReceive(1, a.at(0), 8, a.lkey()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("RESET");
        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), 8, a.lkey(), SendFlags.NONE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("RESET");

        plan.initialize(a);
        a.receive(2, 0, 8);
        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), 8, a.lkey(), SendFlags.NONE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("INIT");

        a.qp.modify(plan.receiveAttributes(a, pair.b().endpoint()));
        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), 8, a.lkey(), SendFlags.NONE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("READY_TO_RECEIVE");
    }

    @Test
    void theReceiverTakesMessagesInReadyToReceive() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.open();
        plan.initialize(pair.a());
        plan.initialize(pair.b());
        pair.b().receive(1, 0, 8);
        pair.b().qp.modify(plan.receiveAttributes(pair.b(), pair.a().endpoint()));
        plan.ready(pair.a(), pair.b().endpoint());

        pair.a().send(2, 0, 8);

        pair.b().success(1);
        pair.a().success(2);
    }
}
