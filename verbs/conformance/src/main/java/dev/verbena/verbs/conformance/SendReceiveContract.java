package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Two-sided messages on connected queue pairs. */
final class SendReceiveContract extends Contract {
    /** Around the packet sizes there are, and past many packets. */
    private static final int[] LENGTHS = {
        0, 1, 2, 3, 7, 8, 63, 64, 255, 256, 257, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 65_535, 65_536, 200_001
    };

    private static final int MESSAGES = 300;

    @Test
    void aMessageOfAnyLengthArrivesByteByByteOnReliableConnections() {
        exchangeEveryLength(QueuePairType.RC);
    }

    @Test
    void aMessageOfAnyLengthArrivesByteByByteOnUnreliableConnections() {
        exchangeEveryLength(QueuePairType.UC);
    }

    private void exchangeEveryLength(QueuePairType type) {
        Pair pair = plan(type).connect();
        long id = 100;
        for (int length : LENGTHS) {
            pair.exchange(id, length);
            id += 2;
        }
    }

    @Test
    void theCompletionsTellTheOpcodeTheLengthAndTheQueuePair() {
        Pair pair = pair();
        pair.b().receive(7, 0, 1000);
        pair.a().send(8, 0, 321);

        Completion received = pair.b().success(7);
        Completion sent = pair.a().success(8);

        assertThat(received.opcode()).isEqualTo(CompletionOpcode.RECV);
        assertThat(received.lengthBytes()).isEqualTo(321);
        assertThat(received.queuePairNumber()).isEqualTo(pair.b().qp.number());
        assertThat(received.has(WorkCompletions.WITH_IMMEDIATE)).isFalse();
        assertThat(sent.opcode()).isEqualTo(CompletionOpcode.SEND);
        assertThat(sent.queuePairNumber()).isEqualTo(pair.a().qp.number());
    }

    @Test
    void theIdIsAnyNumberOfSixtyFourBits() {
        Pair pair = pair();
        for (long id : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0123_4567_89ab_cdefL}) {
            pair.b().receive(~id, 0, 16);
            pair.a().send(id, 0, 16);
            pair.b().success(~id);
            pair.a().success(id);
        }
    }

    @Test
    void immediateDataArrivesAsTheSenderGaveItOnReliableConnections() {
        sendImmediates(plan(QueuePairType.RC).connect());
    }

    @Test
    void immediateDataArrivesAsTheSenderGaveItOnUnreliableConnections() {
        sendImmediates(plan(QueuePairType.UC).connect());
    }

    private static void sendImmediates(Pair pair) {
        for (int immediate : new int[] {0, 1, -1, 0x1234_5678, Integer.MIN_VALUE}) {
            pair.b().receive(1, 0, 8);
            assertThat(pair.a()
                            .qp
                            .postSendWithImmediate(
                                    2, pair.a().at(0), 8, pair.a().lkey(), immediate, SendFlags.SIGNALED))
                    .isZero();
            Completion received = pair.b().success(1);
            pair.a().success(2);
            assertThat(received.has(WorkCompletions.WITH_IMMEDIATE)).isTrue();
            assertThat(received.immediate()).isEqualTo(immediate);
            assertThat(received.opcode()).isEqualTo(CompletionOpcode.RECV);
        }
    }

    @Test
    void anUnsignaledRequestMakesNoCompletion() {
        Pair pair = pair();
        pair.b().receive(1, 0, 8);
        pair.b().receive(2, 0, 8);

        assertThat(pair.a().qp.postSend(3, pair.a().at(0), 8, pair.a().lkey(), SendFlags.NONE))
                .isZero();
        pair.a().send(4, 0, 8);

        pair.b().success(1);
        pair.b().success(2);
        pair.a().success(4);
        pair.a().nothing();
    }

    @Test
    void aQueuePairThatSignalsAllMakesACompletionForEachRequest() {
        Pair pair =
                plan(QueuePairType.RC).config(config -> config.signalAll(true)).connect();
        pair.b().receive(1, 0, 8);

        assertThat(pair.a().qp.postSend(3, pair.a().at(0), 8, pair.a().lkey(), SendFlags.NONE))
                .isZero();

        pair.a().success(3);
    }

    @Test
    void aReceiveBufferMayBeLongerThanTheMessageAndIsNotTouchedBehindIt() {
        Pair pair = pair();
        byte[] old = Pattern.bytes(1, 4096);
        byte[] message = Pattern.bytes(2, 1500);
        pair.b().fill(0, old);
        pair.a().fill(0, message);
        pair.b().receive(1, 0, 4096);
        pair.a().send(2, 0, message.length);
        pair.b().success(1);
        pair.a().success(2);

        System.arraycopy(message, 0, old, 0, message.length);
        assertThat(pair.b().bytes(0, 4096)).isEqualTo(old);
    }

    @Test
    void theMemoryBeforeAndBehindTheReceiveBufferIsNotTouched() {
        Pair pair = pair();
        byte[] old = Pattern.bytes(1, 8192);
        byte[] message = Pattern.bytes(2, 3001);
        pair.b().fill(0, old);
        pair.a().fill(5, message);
        pair.b().receive(1, 1237, message.length);
        pair.a().send(2, 5, message.length);
        pair.b().success(1);
        pair.a().success(2);

        System.arraycopy(message, 0, old, 1237, message.length);
        assertThat(pair.b().bytes(0, 8192)).isEqualTo(old);
    }

    @Test
    void messagesGoBothWaysAtOnce() {
        Pair pair = pair();
        for (int id = 0; id < 32; id++) {
            pair.a().receive(1000 + id, 8192 + id * 128L, 128);
            pair.b().receive(1000 + id, 8192 + id * 128L, 128);
        }
        for (int id = 0; id < 32; id++) {
            pair.a().fill(id * 128L, Pattern.bytes(id, 128));
            pair.b().fill(id * 128L, Pattern.bytes(100 + id, 128));
            pair.a().send(id, id * 128L, 128);
            pair.b().send(id, id * 128L, 128);
        }
        for (Completion completion : pair.a().next(64)) {
            assertThat(completion.succeeded()).as("%s", completion).isTrue();
        }
        for (Completion completion : pair.b().next(64)) {
            assertThat(completion.succeeded()).as("%s", completion).isTrue();
        }
        for (int id = 0; id < 32; id++) {
            assertThat(pair.a().bytes(8192 + id * 128L, 128)).isEqualTo(Pattern.bytes(100 + id, 128));
            assertThat(pair.b().bytes(8192 + id * 128L, 128)).isEqualTo(Pattern.bytes(id, 128));
        }
    }

    @Test
    void manyMessagesOfRandomLengthsArriveInOrder() {
        SplittableRandom random = random("many messages of random lengths");
        Pair pair = pair();
        int messages = MESSAGES * scale();
        for (int id = 0; id < messages; id++) {
            int length = random.nextInt(4) == 0 ? random.nextInt(20_000) : random.nextInt(200);
            int from = random.nextInt(100_000);
            int to = random.nextInt(100_000);
            byte[] message = Pattern.bytes(id, length);
            pair.a().fill(from, message);
            pair.b().receive(id, to, length + random.nextInt(64));
            pair.a().send(id, from, length);
            Completion received = pair.b().success(id);
            pair.a().success(id);
            assertThat(received.lengthBytes()).isEqualTo(length);
            assertThat(pair.b().bytes(to, length)).isEqualTo(message);
        }
    }

    @Test
    void manyQueuePairsOfOneCompletionQueueDoNotMixUp() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair first = plan.connect();
        int count = 8;
        End[] senders = new End[count];
        End[] receivers = new End[count];
        for (int index = 0; index < count; index++) {
            senders[index] = plan.beside(first.a());
            receivers[index] = plan.beside(first.b());
            plan.initialize(senders[index]);
            plan.initialize(receivers[index]);
            plan.ready(senders[index], receivers[index].endpoint());
            plan.ready(receivers[index], senders[index].endpoint());
            receivers[index].receive(100 + index, index * 1024L, 1024);
        }
        for (int index = count - 1; index >= 0; index--) {
            first.a().fill(index * 1024L, Pattern.bytes(index, 1024));
            senders[index].send(index, index * 1024L, 1024);
        }
        for (Completion completion : first.b().next(count)) {
            int index = (int) completion.id() - 100;
            assertThat(completion.succeeded()).isTrue();
            assertThat(completion.queuePairNumber()).isEqualTo(receivers[index].qp.number());
            assertThat(first.b().bytes(index * 1024L, 1024)).isEqualTo(Pattern.bytes(index, 1024));
        }
        for (Completion completion : first.a().next(count)) {
            assertThat(completion.queuePairNumber()).isEqualTo(senders[(int) completion.id()].qp.number());
        }
    }

    @Test
    void aMessageLongerThanTheReceiveBufferFailsOnBothSides() {
        Pair pair = pair();
        pair.b().receive(1, 0, 100);
        pair.a().send(2, 0, 101);

        assertThat(pair.a().failure(2)).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(pair.b().failure(1)).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
        pair.a().awaitState(QueuePairState.ERROR);
        pair.b().awaitState(QueuePairState.ERROR);
    }

    @Test
    void aMessageLongerThanTheReceiveBufferIsAnInvalidRequestThereAndALengthErrorHere() {
        needs(Capability.EXACT_ERROR_STATUS);
        Pair pair = pair();
        pair.b().receive(1, 0, 100);
        pair.a().send(2, 0, 101);

        assertThat(pair.a().failure(2)).isEqualTo(CompletionStatus.REM_INV_REQ_ERR);
        assertThat(pair.b().failure(1)).isEqualTo(CompletionStatus.LOC_LEN_ERR);
    }

    @Test
    void aMessageLongerThanTheDeviceAllowsFails() {
        needs(Capability.MAX_MESSAGE_ENFORCED);
        long max = contextA().queryPort(1).maxMessageBytes();
        Assumptions.assumeTrue(
                max < Integer.MAX_VALUE, () -> "messages of up to " + max + " bytes cannot be exceeded by an int");
        Pair pair = pair();
        pair.b().receive(1, 0, PairPlan.MEMORY_BYTES);

        pair.a().send(2, 0, (int) max + 1);

        assertThat(pair.a().failure(2)).isEqualTo(CompletionStatus.LOC_LEN_ERR);
    }

    @Test
    void onAnUnreliableConnectionAMessageWithoutAReceiveIsLostAndTheNextArrives() {
        Pair pair = plan(QueuePairType.UC).connect();
        pair.a().fill(0, Pattern.bytes(1, 64));
        pair.a().send(1, 0, 64);
        pair.a().success(1);
        // The lost message is gone from the wire when one in the other direction has made its way after it.
        pair.a().receive(10, 4096, 64);
        pair.b().send(11, 4096, 64);
        pair.a().success(10);
        pair.b().success(11);

        pair.b().receive(2, 0, 64);
        pair.a().fill(0, Pattern.bytes(3, 64));
        pair.a().send(3, 0, 64);

        pair.b().success(2);
        assertThat(pair.b().bytes(0, 64)).isEqualTo(Pattern.bytes(3, 64));
    }
}
