package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.SendFlags;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is promised about order: completions, effects, the fence. */
final class OrderingContract extends Contract {
    @Test
    void requestsOfAQueuePairCompleteInTheOrderTheyWerePosted() {
        SplittableRandom random = random("requests complete in order");
        Pair pair = pair();
        End a = pair.a();
        End b = pair.b();
        boolean atomics = contextA().has(Capability.REMOTE_ATOMICS);
        for (int round = 0; round < 6 * scale(); round++) {
            int requests = 30;
            for (int id = 0; id < requests; id++) {
                int length = random.nextInt(5000);
                switch (random.nextInt(atomics ? 4 : 3)) {
                    case 0 -> {
                        b.receive(id, 0, 5000);
                        a.send(id, 0, length);
                    }
                    case 1 -> a.write(id, 0, length, b, 8192);
                    case 2 -> a.read(id, 16_384, length, b, 8192);
                    default ->
                        assertThat(a.qp.postFetchAndAdd(
                                        id, a.at(32_768), a.lkey(), b.at(32_768), b.rkey(), 1, SendFlags.SIGNALED))
                                .isZero();
                }
            }
            for (int id = 0; id < requests; id++) {
                a.success(id);
            }
        }
    }

    @Test
    void aMessageBehindAWriteTellsThatTheWriteIsThere() {
        Pair pair = pair();
        for (int round = 1; round <= 50; round++) {
            pair.a().fill(0, Pattern.bytes(round, 20_000));
            pair.b().receive(1, 100_000, 8);

            pair.a().write(2, 0, 20_000, pair.b(), 0);
            pair.a().send(3, 0, 8);

            pair.b().success(1);
            assertThat(pair.b().bytes(0, 20_000)).isEqualTo(Pattern.bytes(round, 20_000));
            pair.a().success(2);
            pair.a().success(3);
        }
    }

    @Test
    void theLastOfTwoWritesToOnePlaceStays() {
        Pair pair = pair();
        for (int round = 0; round < 20; round++) {
            pair.a().fill(0, Pattern.bytes(round, 3000));
            pair.a().fill(4096, Pattern.bytes(1000 + round, 3000));
            pair.a().write(1, 0, 3000, pair.b(), 0);
            pair.a().write(2, 4096, 3000, pair.b(), 0);
            pair.a().success(1);
            pair.a().success(2);
            assertThat(pair.b().bytes(0, 3000)).isEqualTo(Pattern.bytes(1000 + round, 3000));
        }
    }

    @Test
    void aReadBehindAWriteSeesIt() {
        Pair pair = pair();
        for (int round = 0; round < 20; round++) {
            pair.a().fill(0, Pattern.bytes(round, 5000));
            pair.a().write(1, 0, 5000, pair.b(), 0);
            pair.a().read(2, 8192, 5000, pair.b(), 0);
            pair.a().success(1);
            pair.a().success(2);
            assertThat(pair.a().bytes(8192, 5000)).isEqualTo(Pattern.bytes(round, 5000));
        }
    }

    @Test
    void aFencedSendWaitsForTheReadBeforeItAndSendsWhatWasRead() {
        Pair pair = pair();
        End a = pair.a();
        for (int round = 0; round < 10; round++) {
            byte[] far = Pattern.bytes(round, 60_000);
            pair.b().fill(0, far);
            a.fill(0, new byte[60_000]);
            pair.b().receive(1, 100_000, 60_000);

            a.read(2, 0, 60_000, pair.b(), 0);
            assertThat(a.qp.postSend(3, a.at(0), 60_000, a.lkey(), SendFlags.SIGNALED | SendFlags.FENCE))
                    .isZero();

            pair.b().success(1);
            a.success(2);
            a.success(3);
            assertThat(pair.b().bytes(100_000, 60_000)).isEqualTo(far);
        }
    }

    @Test
    void aFencedWriteWaitsForTheAtomicBeforeItAndWritesItsAnswer() {
        needs(Capability.REMOTE_ATOMICS);
        Pair pair = pair();
        End a = pair.a();
        End b = pair.b();
        for (int round = 0; round < 20; round++) {
            a.putLong(0, -1);
            assertThat(a.qp.postFetchAndAdd(1, a.at(0), a.lkey(), b.at(0), b.rkey(), 1, SendFlags.SIGNALED))
                    .isZero();
            assertThat(a.qp.postWrite(
                            2, a.at(0), 8, a.lkey(), b.at(64), b.rkey(), SendFlags.SIGNALED | SendFlags.FENCE))
                    .isZero();
            a.success(1);
            a.success(2);
            assertThat(b.getLong(64)).isEqualTo(round);
        }
    }

    @Test
    void receivesAreTakenInTheOrderTheyWerePosted() {
        Pair pair = pair();
        for (int id = 0; id < 40; id++) {
            pair.b().receive(id, id * 64L, 64);
        }
        for (int id = 0; id < 40; id++) {
            pair.a().fill(id * 64L, Pattern.bytes(id, 64));
            pair.a().send(id, id * 64L, 64);
        }
        for (int id = 0; id < 40; id++) {
            pair.b().success(id);
            assertThat(pair.b().bytes(id * 64L, 64)).isEqualTo(Pattern.bytes(id, 64));
        }
    }
}
