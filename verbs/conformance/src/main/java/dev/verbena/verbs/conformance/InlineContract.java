package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import org.junit.jupiter.api.Test;

/** Inline payloads: copied when posted, without a key, within bounds and from registered memory only. */
final class InlineContract extends Contract {
    private static final int INLINE = 64;
    private static final int FLAGS = SendFlags.SIGNALED | SendFlags.INLINE;

    private Pair inlinePair(QueuePairType type) {
        return plan(type)
                .config(config -> config.inlineBytes(INLINE).entries(2, 1))
                .connect();
    }

    @Test
    void atLeastTheBytesAskedForAreGranted() {
        assertThat(inlinePair(QueuePairType.RC).a().qp.inlineMax()).isGreaterThanOrEqualTo(INLINE);
    }

    @Test
    void everyLengthUpToTheLimitArrives() {
        for (QueuePairType type : new QueuePairType[] {QueuePairType.RC, QueuePairType.UC}) {
            Pair pair = inlinePair(type);
            for (int length = 0; length <= INLINE; length++) {
                byte[] message = Pattern.bytes(length, length);
                pair.a().fill(0, message);
                pair.b().receive(1, 0, INLINE);
                assertThat(pair.a()
                                .qp
                                .postSend(2, pair.a().at(0), length, pair.a().lkey(), FLAGS))
                        .isZero();
                assertThat(pair.b().success(1).lengthBytes()).isEqualTo(length);
                pair.a().success(2);
                assertThat(pair.b().bytes(0, length)).isEqualTo(message);
            }
        }
    }

    @Test
    void theMemoryIsFreeAsSoonAsThePostReturns() {
        Pair pair = plan(QueuePairType.RC)
                .config(config -> config.inlineBytes(INLINE))
                .toSend(attributes -> attributes.rnrRetry(7))
                .connect();
        int messages = 20;
        for (int id = 0; id < messages; id++) {
            pair.a().fill(0, Pattern.bytes(id, INLINE));
            assertThat(pair.a().qp.postSend(id, pair.a().at(0), INLINE, pair.a().lkey(), FLAGS))
                    .isZero();
        }
        pair.a().fill(0, new byte[INLINE]);
        // Until now nobody was ready to receive.
        for (int id = 0; id < messages; id++) {
            pair.b().receive(id, id * 64L, INLINE);
        }
        for (int id = 0; id < messages; id++) {
            pair.b().success(id);
            pair.a().success(id);
            assertThat(pair.b().bytes(id * 64L, INLINE)).isEqualTo(Pattern.bytes(id, INLINE));
        }
    }

    @Test
    void theKeyOfAnInlinePayloadIsNotLookedAt() {
        Pair pair = inlinePair(QueuePairType.RC);
        pair.a().fill(0, Pattern.bytes(1, 32));
        pair.b().receive(1, 0, INLINE);

        assertThat(pair.a().qp.postSend(2, pair.a().at(0), 32, 0, FLAGS)).isZero();

        pair.b().success(1);
        pair.a().success(2);
        assertThat(pair.b().bytes(0, 32)).isEqualTo(Pattern.bytes(1, 32));
    }

    @Test
    void aWriteCanBeInline() {
        Pair pair = inlinePair(QueuePairType.RC);
        pair.a().fill(0, Pattern.bytes(1, 48));

        assertThat(pair.a()
                        .qp
                        .postWrite(
                                2,
                                pair.a().at(0),
                                48,
                                pair.a().lkey(),
                                pair.b().at(5),
                                pair.b().rkey(),
                                FLAGS))
                .isZero();

        pair.a().success(2);
        assertThat(pair.b().bytes(5, 48)).isEqualTo(Pattern.bytes(1, 48));
    }

    @Test
    void anInlinePayloadCanBeGathered() {
        Pair pair = inlinePair(QueuePairType.RC);
        pair.a().fill(0, Pattern.bytes(1, 10));
        pair.a().fill(5000, Pattern.bytes(2, 21));
        pair.b().receive(1, 0, INLINE);

        assertThat(pair.a()
                        .qp
                        .postSend(
                                2,
                                new ScatterGatherList(2)
                                        .add(pair.a().at(0), 10, pair.a().lkey())
                                        .add(pair.a().at(5000), 21, pair.a().lkey()),
                                FLAGS))
                .isZero();

        assertThat(pair.b().success(1).lengthBytes()).isEqualTo(31);
        pair.a().success(2);
        assertThat(pair.b().bytes(0, 10)).isEqualTo(Pattern.bytes(1, 10));
        assertThat(pair.b().bytes(10, 21)).isEqualTo(Pattern.bytes(2, 21));
    }

    @Test
    void moreThanTheLimitIsRefusedBeforeItIsPosted() {
        Pair pair = inlinePair(QueuePairType.RC);
        End a = pair.a();
        int beyond = a.qp.inlineMax() + 1;

        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), beyond, a.lkey(), FLAGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("inline");
        assertThatThrownBy(() -> a.qp.postSend(
                        1,
                        new ScatterGatherList(2)
                                .add(a.at(0), beyond - 1, a.lkey())
                                .add(a.at(0), 1, a.lkey()),
                        FLAGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("inline");

        pair.exchange(10, 16);
    }

    @Test
    void inlineBytesOutsideOpenRegionsAreRefusedBeforeTheyAreRead() {
        Pair pair = inlinePair(QueuePairType.RC);
        End a = pair.a();
        MemoryRegion closed = a.pd.allocate(4096, AccessFlags.LOCAL_READ);
        long address = closed.address();
        int lkey = closed.lkey();
        closed.close();

        for (long bad : new long[] {0, 8, address, a.at(PairPlan.MEMORY_BYTES - 4), Long.MIN_VALUE}) {
            assertThatThrownBy(() -> a.qp.postSend(1, bad, 16, lkey, FLAGS))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("open memory region");
        }

        pair.exchange(10, 16);
    }

    @Test
    void aReadCannotBeInline() {
        Pair pair = inlinePair(QueuePairType.RC);
        End a = pair.a();

        assertThatThrownBy(() -> a.qp.postRead(
                        1, a.at(0), 8, a.lkey(), pair.b().at(0), pair.b().rkey(), FLAGS))
                .isInstanceOf(IllegalArgumentException.class);

        pair.exchange(10, 16);
    }
}
