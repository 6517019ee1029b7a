package dev.verbena.verbs.conformance;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Compare-and-swap and fetch-and-add: values, exactness under contention, what must fail. */
final class AtomicsContract extends Contract {
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final int ROUNDS = 200;

    @BeforeEach
    void skipWithoutAtomics() {
        needs(Capability.REMOTE_ATOMICS);
    }

    private static void add(End from, long id, long resultOffset, End to, long offset, long value) {
        assertThat(from.qp.postFetchAndAdd(
                        id, from.at(resultOffset), from.lkey(), to.at(offset), to.rkey(), value, SendFlags.SIGNALED))
                .isZero();
    }

    private static void swap(End from, long id, End to, long offset, long compare, long swap) {
        assertThat(from.qp.postCompareAndSwap(
                        id, from.at(0), from.lkey(), to.at(offset), to.rkey(), compare, swap, SendFlags.SIGNALED))
                .isZero();
    }

    @Test
    void registeredMemoryTakesAtomicsOrIsRefusedByNameWhenItIsRegistered() {
        Pair pair = pair();
        int access = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ATOMIC;
        MemorySegment memory = Arena.ofAuto().allocate(64, 64);

        if (contextB().has(Capability.ATOMICS_ON_REGISTERED_MEMORY)) {
            MemoryRegion region = pair.b().pd.register(memory, access);
            assertThat(pair.a()
                            .qp
                            .postFetchAndAdd(
                                    1,
                                    pair.a().at(0),
                                    pair.a().lkey(),
                                    region.address(),
                                    region.rkey(),
                                    7,
                                    SendFlags.SIGNALED))
                    .isZero();
            pair.a().success(1);
            assertThat(memory.get(JAVA_LONG, 0)).isEqualTo(7);
        } else {
            assertThatThrownBy(() -> pair.b().pd.register(memory, access))
                    .isInstanceOf(VerbsException.class)
                    .hasMessageContaining(Capability.ATOMICS_ON_REGISTERED_MEMORY.text());
        }
    }

    @Test
    void fetchAndAddAddsAndAnswersTheValueBefore() {
        Pair pair = pair();
        long expected = 0;
        for (long value :
                new long[] {1, -1, 41, Long.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, 0, 0x0102030405060708L}) {
            add(pair.a(), 1, 0, pair.b(), 64, value);
            assertThat(pair.a().success(1).opcode()).isEqualTo(CompletionOpcode.FETCH_ADD);
            assertThat(pair.a().getLong(0)).isEqualTo(expected);
            expected += value;
            assertThat(pair.b().getLong(64)).isEqualTo(expected);
        }
        pair.b().nothing();
    }

    @Test
    void compareAndSwapSwapsWhenEqualAndAnswersTheValueBefore() {
        Pair pair = pair();
        pair.b().putLong(64, 0x1122334455667788L);

        swap(pair.a(), 1, pair.b(), 64, 0x1122334455667788L, -2);

        assertThat(pair.a().success(1).opcode()).isEqualTo(CompletionOpcode.COMP_SWAP);
        assertThat(pair.a().getLong(0)).isEqualTo(0x1122334455667788L);
        assertThat(pair.b().getLong(64)).isEqualTo(-2);
    }

    @Test
    void compareAndSwapLeavesAnotherValueAloneAndAnswersIt() {
        Pair pair = pair();
        pair.b().putLong(64, 5);

        swap(pair.a(), 1, pair.b(), 64, 6, 7);

        pair.a().success(1);
        assertThat(pair.a().getLong(0)).isEqualTo(5);
        assertThat(pair.b().getLong(64)).isEqualTo(5);
    }

    @Test
    void theNeighboursOfTheTargetAndOfTheResultAreNotTouched() {
        Pair pair = pair();
        pair.a().fill(0, Pattern.bytes(1, 24));
        pair.b().fill(64, Pattern.bytes(2, 24));
        long before = pair.b().getLong(72);

        add(pair.a(), 1, 8, pair.b(), 72, 3);
        pair.a().success(1);

        assertThat(pair.a().getLong(8)).isEqualTo(before);
        assertThat(pair.b().getLong(72)).isEqualTo(before + 3);
        assertThat(pair.a().bytes(0, 8)).isEqualTo(Arrays.copyOfRange(Pattern.bytes(1, 24), 0, 8));
        assertThat(pair.a().bytes(16, 8)).isEqualTo(Arrays.copyOfRange(Pattern.bytes(1, 24), 16, 24));
        assertThat(pair.b().bytes(64, 8)).isEqualTo(Arrays.copyOfRange(Pattern.bytes(2, 24), 0, 8));
        assertThat(pair.b().bytes(80, 8)).isEqualTo(Arrays.copyOfRange(Pattern.bytes(2, 24), 16, 24));
    }

    @Test
    void manyAtomicsUnderWayAreDoneInOrder() {
        Pair pair = pair();
        int count = 50;
        for (int index = 0; index < count; index++) {
            add(pair.a(), index, 512 + index * 8L, pair.b(), 64, 1);
        }
        for (int index = 0; index < count; index++) {
            pair.a().success(index);
            assertThat(pair.a().getLong(512 + index * 8L)).isEqualTo(index);
        }
    }

    @Test
    void noAdditionOfTwoQueuePairsIsLostAndNoValueIsAnsweredTwice() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair first = plan.connect();
        End secondA = plan.beside(first.a());
        End secondB = plan.beside(first.b());
        plan.initialize(secondA);
        plan.initialize(secondB);
        plan.ready(secondA, secondB.endpoint());
        plan.ready(secondB, secondA.endpoint());
        int rounds = ROUNDS * scale();
        long[] answers = new long[2 * rounds];
        for (int round = 0; round < rounds; round++) {
            add(first.a(), 1, 0, first.b(), 64, 1);
            add(secondA, 2, 8, first.b(), 64, 1);
            assertThat(first.a().next(2)).allMatch(Completion::succeeded);
            answers[2 * round] = first.a().getLong(0);
            answers[2 * round + 1] = first.a().getLong(8);
        }

        assertThat(first.b().getLong(64)).isEqualTo(2L * rounds);
        Arrays.sort(answers);
        for (int index = 0; index < answers.length; index++) {
            assertThat(answers[index]).isEqualTo(index);
        }
    }

    @Test
    void additionsFromBothDevicesToOneTargetAddUp() {
        Pair pair = pair();
        int rounds = ROUNDS * scale();
        End a = pair.a();
        End b = pair.b();
        for (int round = 0; round < rounds; round++) {
            add(b, 1, 0, a, 64, 1);
            add(a, 2, 8, b, 64, 2);
            b.success(1);
            a.success(2);
            assertThat(b.getLong(0)).isEqualTo(round);
            assertThat(a.getLong(8)).isEqualTo(2L * round);
        }
        assertThat(a.getLong(64)).isEqualTo(rounds);
        assertThat(b.getLong(64)).isEqualTo(2L * rounds);
    }

    @Test
    void additionsOfThePeerAndOfTheProcessorAddUpWhereTheDeviceSaysSo() {
        needs(Capability.ATOMICS_WITH_CPU);
        Pair pair = pair();
        var buffer = pair.b().memory.memory().asByteBuffer().order(ByteOrder.nativeOrder());
        int rounds = ROUNDS * scale();
        for (int round = 0; round < rounds; round++) {
            add(pair.a(), round, 0, pair.b(), 64, 1);
            for (int own = 0; own < 20; own++) {
                long before = (long) LONGS.getAndAdd(buffer, 64, 1L);
                assertThat(before).isNotNegative();
            }
            pair.a().success(round);
        }
        assertThat(pair.b().getLong(64)).isEqualTo(21L * rounds);
    }

    @Test
    void aTargetThatIsNotAMultipleOfEightIsRefusedOrAnInvalidRequest() {
        Pair pair = pair();
        End a = pair.a();
        byte[] old = Pattern.bytes(1, 32);
        pair.b().fill(64, old);

        int result = a.qp.postFetchAndAdd(
                1, a.at(0), a.lkey(), pair.b().at(67), pair.b().rkey(), 1, SendFlags.SIGNALED);

        if (result == 0) {
            assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_INV_REQ_ERR);
        } else {
            assertThat(Refusal.name(result)).isEqualTo("DEVICE_ERROR");
            assertThat(a.qp.lastErrno()).isEqualTo(Errno.EINVAL);
            pair.exchange(10, 16);
        }
        assertThat(pair.b().bytes(64, 32)).isEqualTo(old);
    }

    @Test
    void aWrongRemoteKeyIsAnAccessErrorThere() {
        Pair pair = pair();
        End a = pair.a();

        assertThat(a.qp.postFetchAndAdd(
                        1, a.at(0), a.lkey(), pair.b().at(64), pair.b().rkey() ^ 0x5a5a00, 1, SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aWrongLocalKeyIsAProtectionErrorHere() {
        Pair pair = pair();
        End a = pair.a();

        assertThat(a.qp.postFetchAndAdd(
                        1,
                        a.at(0),
                        a.lkey() ^ 0x5a5a00,
                        pair.b().at(64),
                        pair.b().rkey(),
                        1,
                        SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.LOC_PROT_ERR);
    }

    @Test
    void aRegionWithoutTheRightForAtomicsRefusesThem() {
        Pair pair = pair();
        End a = pair.a();
        MemoryRegion plain = pair.b()
                .pd
                .allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ);

        assertThat(a.qp.postFetchAndAdd(1, a.at(0), a.lkey(), plain.address(), plain.rkey(), 1, SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aQueuePairWithoutTheRightForAtomicsRefusesThem() {
        Pair pair = plan(QueuePairType.RC)
                .init(attributes -> attributes.accessFlags(AccessFlags.REMOTE_READ | AccessFlags.REMOTE_WRITE))
                .connect();

        add(pair.a(), 1, 0, pair.b(), 64, 1);

        assertThat(pair.a().failure(1)).isIn(CompletionStatus.REM_INV_REQ_ERR, CompletionStatus.REM_ACCESS_ERR);
        assertThat(pair.b().getLong(64)).isZero();
    }
}
