package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A peer that is gone: requests fail within the time that the acknowledge timeout and the retry count allow. */
final class RetryExceededContract extends Contract {
    private static final Duration LIMIT = Duration.ofSeconds(8);

    /** 4.096 us times two to the tenth power: 4 ms, twice. */
    private Pair impatient() {
        return plan(QueuePairType.RC)
                .toSend(attributes -> attributes.timeout(10).retryCount(2))
                .connect();
    }

    private static void assertRetryExceeded(End end, long id, long startNs) {
        assertThat(end.failure(id)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(LIMIT);
        end.awaitState(QueuePairState.ERROR);
    }

    @Test
    void aSendToAClosedQueuePairFailsInTime() {
        Pair pair = impatient();
        pair.exchange(10, 64);
        pair.b().qp.close();
        long start = System.nanoTime();

        pair.a().send(1, 0, 64);

        assertRetryExceeded(pair.a(), 1, start);
    }

    @Test
    void aWriteToAClosedQueuePairFailsInTime() {
        Pair pair = impatient();
        pair.b().qp.close();
        long start = System.nanoTime();

        pair.a().write(1, 0, 64, pair.b(), 0);

        assertRetryExceeded(pair.a(), 1, start);
        assertThat(pair.b().bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aReadFromAClosedDeviceFailsInTime() {
        Pair pair = impatient();
        long remote = pair.b().at(0);
        int rkey = pair.b().rkey();
        pair.b().context.close();
        long start = System.nanoTime();

        assertThat(pair.a().qp.postRead(1, pair.a().at(0), 64, pair.a().lkey(), remote, rkey, SendFlags.SIGNALED))
                .isZero();

        assertRetryExceeded(pair.a(), 1, start);
    }

    @Test
    void aSendToAQueuePairThatIsNotReadyFailsInTime() {
        PairPlan plan = plan(QueuePairType.RC)
                .toSend(attributes -> attributes.timeout(10).retryCount(2));
        Pair pair = plan.open();
        plan.initialize(pair.a());
        plan.initialize(pair.b());
        plan.ready(pair.a(), pair.b().endpoint());
        long start = System.nanoTime();

        pair.a().send(1, 0, 64);

        assertRetryExceeded(pair.a(), 1, start);
    }

    @Test
    void aSendToAQueuePairThatFailedFailsInTime() {
        Pair pair = impatient();
        pair.b().qp.fail();
        long start = System.nanoTime();

        pair.a().send(1, 0, 64);

        assertThat(pair.a().failure(1)).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
    }

    @Test
    void whatComesBehindTheFailedRequestIsFlushed() {
        Pair pair = impatient();
        pair.b().qp.close();
        pair.a().send(1, 0, 64);
        pair.a().send(2, 0, 64);
        pair.a().send(3, 0, 64);

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(pair.a().failure(2)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(pair.a().failure(3)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void anUnreliableSendToNobodySucceeds() {
        Pair pair = plan(QueuePairType.UC).connect();
        pair.b().qp.close();

        pair.a().send(1, 0, 64);

        pair.a().success(1);
    }
}
