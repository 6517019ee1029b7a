package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is posted goes on by itself: no further call of either side is needed. */
final class ProgressContract extends Contract {
    @Test
    void oneThreadCanPlayBothSidesAndPollTheSenderFirst() {
        Pair pair = pair();
        for (int round = 0; round < 100; round++) {
            pair.b().receive(1, 0, 64);
            pair.a().send(2, 0, 64);
            pair.a().success(2);
            pair.b().success(1);
            pair.a().receive(3, 0, 64);
            pair.b().send(4, 0, 64);
            pair.b().success(4);
            pair.a().success(3);
        }
    }

    @Test
    void anUnsignaledSendArrivesThoughTheSenderDoesNothingMore() {
        Pair pair = pair();
        for (int length : new int[] {0, 8, 64, 5000, 100_000}) {
            pair.a().fill(0, Pattern.bytes(length, length));
            pair.b().receive(1, 0, length);

            assertThat(pair.a().qp.postSend(2, pair.a().at(0), length, pair.a().lkey(), SendFlags.NONE))
                    .isZero();

            pair.b().success(1);
            assertThat(pair.b().bytes(0, length)).isEqualTo(Pattern.bytes(length, length));
        }
    }

    @Test
    void anUnsignaledWriteLandsThoughNobodyDoesAnythingMore() {
        Pair pair = pair();
        pair.a().fill(0, Pattern.bytes(1, 5000));

        assertThat(pair.a()
                        .qp
                        .postWrite(
                                2,
                                pair.a().at(0),
                                5000,
                                pair.a().lkey(),
                                pair.b().at(0),
                                pair.b().rkey(),
                                SendFlags.NONE))
                .isZero();

        Bounded.untilTrue("the write", () -> Arrays.equals(pair.b().bytes(0, 5000), Pattern.bytes(1, 5000)));
    }

    @Test
    void aReadBehindACompletedSendSeesItsBytesThoughTheReceiverHasNotPolled() {
        Pair pair = pair();
        for (int length : new int[] {1, 32, 64, 200, 5000}) {
            pair.b().fill(0, new byte[length]);
            pair.a().fill(0, Pattern.bytes(length, length));
            pair.b().receive(1, 0, length);
            pair.a().send(2, 0, length);
            pair.a().success(2);

            pair.a().read(3, 8192, length, pair.b(), 0);
            pair.a().success(3);

            assertThat(pair.a().bytes(8192, length)).isEqualTo(Pattern.bytes(length, length));
            assertThat(pair.b().bytes(0, length))
                    .as("and the receiver's processor sees them before it polls")
                    .isEqualTo(Pattern.bytes(length, length));
            pair.b().success(1);
        }
    }

    @Test
    void aSendThatWaitedForAReceiveArrivesThoughTheSenderDoesNothingMore() {
        Pair pair = plan(QueuePairType.RC)
                .toSend(attributes -> attributes.rnrRetry(7))
                .connect();
        assertThat(pair.a().qp.postSend(1, pair.a().at(0), 64, pair.a().lkey(), SendFlags.NONE))
                .isZero();
        assertThat(pair.a()
                        .qp
                        .postWrite(
                                2,
                                pair.a().at(0),
                                64,
                                pair.a().lkey(),
                                pair.b().at(4096),
                                pair.b().rkey(),
                                SendFlags.NONE))
                .isZero();

        pair.b().receive(3, 0, 64);

        pair.b().success(3);
    }

    @Test
    void atomicsAndReadsAreServedThoughTheTargetDoesNothing() {
        Pair pair = pair();
        for (int round = 0; round < 50; round++) {
            pair.b().putLong(0, round);
            pair.a().read(round, 64, 8, pair.b(), 0);
            pair.a().success(round);
            assertThat(pair.a().getLong(64)).isEqualTo(round);
        }
    }

    @Test
    void requestsOfAClosedSenderThatHadCompletedHaveArrived() {
        Pair pair = pair();
        pair.b().receive(1, 0, 64);
        pair.a().fill(0, Pattern.bytes(1, 64));
        pair.a().send(2, 0, 64);
        pair.a().success(2);

        pair.a().context.close();

        pair.b().success(1);
        assertThat(pair.b().bytes(0, 64)).isEqualTo(Pattern.bytes(1, 64));
    }
}
