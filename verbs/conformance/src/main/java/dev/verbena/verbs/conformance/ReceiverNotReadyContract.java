package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A message for which no receive is posted: retried, delivered when one comes, an error when the retries are over. */
final class ReceiverNotReadyContract extends Contract {
    private Pair withRetries(int rnrRetry) {
        return plan(QueuePairType.RC)
                .toReceive(attributes -> attributes.minRnrTimer(12))
                .toSend(attributes -> attributes.rnrRetry(rnrRetry))
                .connect();
    }

    @Test
    void aSendFailsWhenTheRetriesAreOver() {
        Pair pair = withRetries(2);
        long start = System.nanoTime();

        pair.a().send(1, 0, 64);

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.RNR_RETRY_EXC_ERR);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        pair.a().awaitState(QueuePairState.ERROR);
    }

    @Test
    void withoutRetriesTheFirstRefusalIsTheEnd() {
        Pair pair = withRetries(0);

        pair.a().send(1, 0, 64);

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.RNR_RETRY_EXC_ERR);
    }

    @Test
    void aWriteWithImmediateFailsWhenTheRetriesAreOver() {
        Pair pair = withRetries(1);
        End a = pair.a();

        assertThat(a.qp.postWriteWithImmediate(
                        1, a.at(0), 64, a.lkey(), pair.b().at(0), pair.b().rkey(), 5, SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.RNR_RETRY_EXC_ERR);
    }

    @Test
    void whatComesBehindTheFailedRequestIsFlushed() {
        Pair pair = withRetries(1);
        pair.a().send(1, 0, 64);
        pair.a().send(2, 0, 64);
        pair.a().write(3, 0, 64, pair.b(), 0);

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.RNR_RETRY_EXC_ERR);
        assertThat(pair.a().failure(2)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(pair.a().failure(3)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void aSendIsDeliveredWhenTheReceiveComesLater() {
        Pair pair = withRetries(7);
        for (int round = 0; round < 5; round++) {
            pair.a().fill(0, Pattern.bytes(round, 3000));
            pair.a().send(1, 0, 3000);
            pair.a().nothing();

            pair.b().receive(2, 0, 3000);

            pair.b().success(2);
            pair.a().success(1);
            assertThat(pair.b().bytes(0, 3000)).isEqualTo(Pattern.bytes(round, 3000));
        }
    }

    @Test
    void aWriteBehindAWaitingSendKeepsItsPlaceAndIsDoneAfterIt() {
        Pair pair = withRetries(7);
        pair.a().fill(0, Pattern.bytes(1, 64));
        pair.a().send(1, 0, 64);
        pair.a().write(2, 0, 64, pair.b(), 4096);
        pair.a().nothing();
        assertThat(pair.b().bytes(4096, 64)).containsOnly(0);

        pair.b().receive(3, 0, 64);

        pair.b().success(3);
        pair.a().success(1);
        pair.a().success(2);
        assertThat(pair.b().bytes(4096, 64)).isEqualTo(Pattern.bytes(1, 64));
    }

    @Test
    void everyWaitingSendIsDeliveredInOrder() {
        Pair pair = withRetries(7);
        for (int id = 0; id < 20; id++) {
            pair.a().fill(id * 100L, Pattern.bytes(id, 100));
            pair.a().send(id, id * 100L, 100);
        }
        for (int id = 0; id < 20; id++) {
            pair.b().receive(id, id * 100L, 100);
            pair.b().success(id);
            assertThat(pair.b().bytes(id * 100L, 100)).isEqualTo(Pattern.bytes(id, 100));
        }
        for (int id = 0; id < 20; id++) {
            pair.a().success(id);
        }
    }
}
