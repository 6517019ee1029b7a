package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** WRITE, WRITE with immediate, READ. */
final class OneSidedContract extends Contract {
    private static final int[] LENGTHS = {1, 2, 7, 8, 63, 64, 256, 1023, 1024, 1025, 4096, 4097, 65_535, 65_536, 200_001
    };

    @Test
    void aWriteOfAnyLengthLandsByteByByteOnReliableConnections() {
        Pair pair = pair();
        long id = 1;
        for (int length : LENGTHS) {
            byte[] message = Pattern.bytes(id, length);
            pair.a().fill(0, message);
            pair.a().write(id, 0, length, pair.b(), 11);
            assertThat(pair.a().success(id).opcode()).isEqualTo(CompletionOpcode.RDMA_WRITE);
            assertThat(pair.b().bytes(11, length)).isEqualTo(message);
            id++;
        }
        pair.b().nothing();
    }

    @Test
    void aWriteOfAnyLengthLandsByteByByteOnUnreliableConnections() {
        Pair pair = plan(QueuePairType.UC).connect();
        long id = 1;
        for (int length : LENGTHS) {
            byte[] message = Pattern.bytes(id, length);
            pair.a().fill(0, message);
            pair.a().write(id, 0, length, pair.b(), 11);
            pair.a().success(id);
            // On UC the sender's completion says nothing about the other side: a message behind it does.
            pair.b().receive(1000, 250_000, 8);
            pair.a().send(1001, 0, 8);
            pair.b().success(1000);
            pair.a().success(1001);
            assertThat(pair.b().bytes(11, length)).isEqualTo(message);
            id++;
        }
    }

    @Test
    void aReadOfAnyLengthFetchesByteByByte() {
        Pair pair = pair();
        long id = 1;
        for (int length : LENGTHS) {
            byte[] message = Pattern.bytes(id, length);
            pair.b().fill(13, message);
            pair.a().read(id, 5, length, pair.b(), 13);
            Completion completion = pair.a().success(id);
            assertThat(completion.opcode()).isEqualTo(CompletionOpcode.RDMA_READ);
            assertThat(pair.a().bytes(5, length)).isEqualTo(message);
            id++;
        }
        pair.b().nothing();
    }

    @Test
    void aWriteTouchesNothingBesideItsTarget() {
        Pair pair = pair();
        byte[] old = Pattern.bytes(1, 16_384);
        byte[] message = Pattern.bytes(2, 3001);
        pair.b().fill(0, old);
        pair.a().fill(0, message);

        pair.a().write(1, 0, message.length, pair.b(), 4093);
        pair.a().success(1);

        System.arraycopy(message, 0, old, 4093, message.length);
        assertThat(pair.b().bytes(0, 16_384)).isEqualTo(old);
    }

    @Test
    void aReadTouchesNothingBesideItsTarget() {
        Pair pair = pair();
        byte[] old = Pattern.bytes(1, 16_384);
        byte[] message = Pattern.bytes(2, 3001);
        pair.a().fill(0, old);
        pair.b().fill(77, message);

        pair.a().read(1, 4093, message.length, pair.b(), 77);
        pair.a().success(1);

        System.arraycopy(message, 0, old, 4093, message.length);
        assertThat(pair.a().bytes(0, 16_384)).isEqualTo(old);
    }

    @Test
    void aWriteOrReadOfNothingNeedsNoValidKey() {
        Pair pair = pair();
        End a = pair.a();

        assertThat(a.qp.postWrite(1, a.at(0), 0, a.lkey(), 0, 0, SendFlags.SIGNALED))
                .isZero();
        a.success(1);
        assertThat(a.qp.postRead(2, a.at(0), 0, a.lkey(), 0, 0, SendFlags.SIGNALED))
                .isZero();
        a.success(2);
    }

    @Test
    void aWriteTakesNoReceive() {
        Pair pair = pair();
        pair.b().receive(1, 8192, 64);

        pair.a().write(2, 0, 64, pair.b(), 0);
        pair.a().success(2);
        pair.b().nothing();

        pair.a().send(3, 0, 32);
        assertThat(pair.b().success(1).lengthBytes()).isEqualTo(32);
    }

    @Test
    void aWriteWithImmediateLandsAndTakesAReceiveOnReliableConnections() {
        writeWithImmediate(pair());
    }

    @Test
    void aWriteWithImmediateLandsAndTakesAReceiveOnUnreliableConnections() {
        writeWithImmediate(plan(QueuePairType.UC).connect());
    }

    private static void writeWithImmediate(Pair pair) {
        End a = pair.a();
        End b = pair.b();
        for (int length : new int[] {0, 1, 1024, 5000}) {
            byte[] message = Pattern.bytes(length, length);
            byte[] receiveBuffer = Pattern.bytes(77, 16);
            a.fill(0, message);
            b.fill(100_000, receiveBuffer);
            b.receive(1, 100_000, 16);

            assertThat(a.qp.postWriteWithImmediate(
                            2, a.at(0), length, a.lkey(), b.at(3), b.rkey(), 0xcafe_0000 + length, SendFlags.SIGNALED))
                    .isZero();

            Completion received = b.success(1);
            Completion sent = a.success(2);
            assertThat(sent.opcode()).isEqualTo(CompletionOpcode.RDMA_WRITE);
            assertThat(received.opcode()).isEqualTo(CompletionOpcode.RECV_RDMA_WITH_IMM);
            assertThat(received.has(WorkCompletions.WITH_IMMEDIATE)).isTrue();
            assertThat(received.immediate()).isEqualTo(0xcafe_0000 + length);
            assertThat(received.lengthBytes()).isEqualTo(length);
            assertThat(b.bytes(3, length)).isEqualTo(message);
            assertThat(b.bytes(100_000, 16))
                    .as("the receive's buffer is not touched")
                    .isEqualTo(receiveBuffer);
        }
    }

    @Test
    void aWriteWithImmediateTakesAReceiveWithoutABuffer() {
        Pair pair = pair();
        End a = pair.a();
        End b = pair.b();
        assertThat(b.qp.postReceive(1, new ScatterGatherList(1))).isZero();

        assertThat(a.qp.postWriteWithImmediate(2, a.at(0), 100, a.lkey(), b.at(0), b.rkey(), 5, SendFlags.SIGNALED))
                .isZero();

        assertThat(b.success(1).immediate()).isEqualTo(5);
        a.success(2);
    }

    @Test
    void manyReadsCanBeUnderWayAtOnce() {
        Pair pair = pair();
        int reads = 48;
        for (int index = 0; index < reads; index++) {
            pair.b().fill(index * 2048L, Pattern.bytes(index, 2048));
        }
        for (int index = 0; index < reads; index++) {
            pair.a().read(index, index * 2048L, 2048, pair.b(), index * 2048L);
        }
        for (int index = 0; index < reads; index++) {
            pair.a().success(index);
            assertThat(pair.a().bytes(index * 2048L, 2048)).isEqualTo(Pattern.bytes(index, 2048));
        }
    }

    @Test
    void bothSidesReadAndWriteAtOnce() {
        SplittableRandom random = random("both sides read and write at once");
        Pair pair = pair();
        for (int round = 0; round < 30; round++) {
            int length = 1 + random.nextInt(20_000);
            pair.a().fill(0, Pattern.bytes(round, length));
            pair.b().fill(0, Pattern.bytes(-1 - round, length));
            pair.a().write(1, 0, length, pair.b(), 32_768);
            pair.b().write(1, 0, length, pair.a(), 32_768);
            pair.a().read(2, 65_536, length, pair.b(), 0);
            pair.b().read(2, 65_536, length, pair.a(), 0);
            for (End end : new End[] {pair.a(), pair.b()}) {
                end.success(1);
                end.success(2);
            }
            // Both sides' writes are acknowledged by now.
            assertThat(pair.b().bytes(32_768, length)).isEqualTo(Pattern.bytes(round, length));
            assertThat(pair.a().bytes(32_768, length)).isEqualTo(Pattern.bytes(-1 - round, length));
            assertThat(pair.a().bytes(65_536, length)).isEqualTo(Pattern.bytes(-1 - round, length));
            assertThat(pair.b().bytes(65_536, length)).isEqualTo(Pattern.bytes(round, length));
        }
    }

    @Test
    void operationsThatATypeDoesNotHaveAreRefusedByName() {
        End unreliable = plan(QueuePairType.UC).connect().a();
        End datagram = plan(QueuePairType.UD).connect().a();

        assertThatThrownBy(() -> unreliable.read(1, 0, 8, unreliable, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RDMA_READ");
        assertThatThrownBy(() -> unreliable.qp.postFetchAndAdd(
                        1, unreliable.at(0), unreliable.lkey(), unreliable.at(8), unreliable.rkey(), 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ATOMIC_FETCH_AND_ADD");
        assertThatThrownBy(() -> datagram.write(1, 0, 8, datagram, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RDMA_WRITE");
        assertThatThrownBy(() -> datagram.send(1, 0, 8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("address handle");
    }
}
