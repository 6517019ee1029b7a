package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QueuePairTransitionsTest {
    private static final List<QueuePairState> STATES = List.of(
            QueuePairState.RESET,
            QueuePairState.INIT,
            QueuePairState.READY_TO_RECEIVE,
            QueuePairState.READY_TO_SEND,
            QueuePairState.SEND_QUEUE_DRAINED,
            QueuePairState.SEND_QUEUE_ERROR,
            QueuePairState.ERROR);

    @ParameterizedTest
    @EnumSource(QueuePairType.class)
    void everyStateMayGoToResetAndAllButResetToError(QueuePairType type) {
        for (QueuePairState from : STATES) {
            assertThat(QueuePairTransitions.attributes(type, from, QueuePairState.RESET))
                    .isNotNull();
            if (from != QueuePairState.RESET) {
                assertThat(QueuePairTransitions.attributes(type, from, QueuePairState.ERROR))
                        .isNotNull();
            }
        }
        assertThat(QueuePairTransitions.attributes(type, QueuePairState.RESET, QueuePairState.ERROR))
                .isNull();
    }

    @ParameterizedTest
    @EnumSource(QueuePairType.class)
    void theOtherMovesAreThoseOfTheSpecification(QueuePairType type) {
        List<String> moves = new ArrayList<>();
        for (QueuePairState from : STATES) {
            for (QueuePairState to : STATES) {
                boolean always = to == QueuePairState.RESET || to == QueuePairState.ERROR;
                if (!always && QueuePairTransitions.attributes(type, from, to) != null) {
                    moves.add(from + ">" + to);
                }
            }
        }

        List<String> connected = List.of(
                "RESET>INIT",
                "INIT>INIT",
                "INIT>READY_TO_RECEIVE",
                "READY_TO_RECEIVE>READY_TO_SEND",
                "READY_TO_SEND>READY_TO_SEND",
                "READY_TO_SEND>SEND_QUEUE_DRAINED",
                "SEND_QUEUE_DRAINED>READY_TO_SEND",
                "SEND_QUEUE_DRAINED>SEND_QUEUE_DRAINED");
        List<String> expected = new ArrayList<>(connected);
        if (type != QueuePairType.RC) {
            expected.add("SEND_QUEUE_ERROR>READY_TO_SEND");
        }
        assertThat(moves).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void anIllegalMoveIsExplainedWithTheWayAround() {
        String why = QueuePairTransitions.explain(
                QueuePairType.RC, QueuePairState.INIT, new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));

        assertThat(why)
                .isEqualTo("INIT -> READY_TO_SEND is not a legal move of a RC queue pair, go through READY_TO_RECEIVE");
    }

    @Test
    void missingAttributesAreNamed() {
        String why = QueuePairTransitions.explain(
                QueuePairType.RC,
                QueuePairState.READY_TO_RECEIVE,
                new QueuePairAttributes()
                        .state(QueuePairState.READY_TO_SEND)
                        .sendPsn(1)
                        .timeout(14)
                        .readDepth(1));

        assertThat(why).contains("also needs RETRY_CNT|RNR_RETRY");
    }

    @Test
    void excessAttributesAreNamed() {
        String why = QueuePairTransitions.explain(
                QueuePairType.UD,
                QueuePairState.READY_TO_RECEIVE,
                new QueuePairAttributes()
                        .state(QueuePairState.READY_TO_SEND)
                        .sendPsn(1)
                        .retryCount(3));

        assertThat(why).contains("does not take RETRY_CNT");
    }

    @Test
    void anAttributeWithoutAStateIsAMoveToTheSameState() {
        QueuePairAttributes rights = new QueuePairAttributes().accessFlags(AccessFlags.REMOTE_READ);

        assertThat(QueuePairTransitions.explain(QueuePairType.RC, QueuePairState.READY_TO_SEND, rights))
                .isEmpty();
        assertThat(QueuePairTransitions.explain(QueuePairType.RC, QueuePairState.READY_TO_RECEIVE, rights))
                .contains("not a legal move");
    }

    @Test
    void outOfErrorTheWayLeadsThroughReset() {
        String why = QueuePairTransitions.explain(
                QueuePairType.RC, QueuePairState.ERROR, new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));

        assertThat(why).endsWith("go through RESET");
    }
}
