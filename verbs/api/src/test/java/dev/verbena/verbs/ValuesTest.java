package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionParameters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ValuesTest {
    @Test
    void foreignNumbersBecomeUnknownNeverACrash() {
        for (int code : new int[] {-1, 99, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(CompletionStatus.of(code)).isEqualTo(CompletionStatus.UNKNOWN);
            assertThat(AsyncEventType.of(code)).isEqualTo(AsyncEventType.UNKNOWN);
            assertThat(ConnectionEventType.of(code)).isEqualTo(ConnectionEventType.UNKNOWN);
            assertThat(QueuePairState.of(code)).isEqualTo(QueuePairState.UNKNOWN);
            assertThat(PortAttributes.State.of(code)).isEqualTo(PortAttributes.State.UNKNOWN);
            assertThat(PortAttributes.LinkLayer.of(code)).isEqualTo(PortAttributes.LinkLayer.UNKNOWN);
            assertThat(DeviceAttributes.AtomicCapability.of(code)).isEqualTo(DeviceAttributes.AtomicCapability.UNKNOWN);
            assertThat(Mtu.of(code)).isEqualTo(Mtu.UNKNOWN);
            assertThat(Opcode.name(code)).isEqualTo("UNKNOWN(" + code + ")");
            assertThat(CompletionOpcode.name(code)).isEqualTo("UNKNOWN(" + code + ")");
        }
    }

    @Test
    void numbersOfTheCEnumsAreKept() {
        assertThat(CompletionStatus.of(5)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(CompletionStatus.of(13)).isEqualTo(CompletionStatus.RNR_RETRY_EXC_ERR);
        assertThat(CompletionStatus.of(21)).isEqualTo(CompletionStatus.GENERAL_ERR);
        assertThat(AsyncEventType.of(9)).isEqualTo(AsyncEventType.PORT_ACTIVE);
        assertThat(AsyncEventType.of(15)).isEqualTo(AsyncEventType.SRQ_LIMIT_REACHED);
        assertThat(ConnectionEventType.of(9)).isEqualTo(ConnectionEventType.ESTABLISHED);
        assertThat(QueuePairState.of(3)).isEqualTo(QueuePairState.READY_TO_SEND);
        assertThat(Mtu.of(3).bytes()).isEqualTo(1024);
    }

    @Test
    void accessFlagsNeedLocalWriteForRemoteWrites() {
        AccessFlags.check(AccessFlags.REMOTE_READ);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AccessFlags.check(AccessFlags.REMOTE_WRITE))
                .withMessageContaining("need LOCAL_WRITE");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AccessFlags.check(1 << 30))
                .withMessageContaining("0x40000000");
    }

    @Test
    void aScatterGatherListHasABound() {
        ScatterGatherList list = new ScatterGatherList(2).add(1, 10, 7).add(2, 20, 7);

        assertThat(list.totalBytes()).isEqualTo(30);
        assertThatIllegalStateException().isThrownBy(() -> list.add(3, 1, 7));
        assertThatIllegalArgumentException().isThrownBy(() -> new ScatterGatherList(1).add(1, -1, 7));
        assertThat(list.clear().size()).isZero();
        assertThat(list.totalBytes()).isZero();
    }

    @Test
    void aFailedCompletionSaysWhatItMeans() {
        WorkCompletions completions = new WorkCompletions(2);
        MemorySegment records = completions.records();
        records.set(ValueLayout.JAVA_LONG, 48, 0x1234L);
        records.set(ValueLayout.JAVA_INT, 48 + 8, CompletionStatus.REM_ACCESS_ERR.code());
        records.set(ValueLayout.JAVA_INT, 48 + 28, 0x4f);

        assertThatExceptionOfType(VerbsException.class)
                .isThrownBy(() -> completions.requireSuccess(1))
                .withMessageContaining("work request 0x1234 failed on qp 0x00004f: REM_ACCESS_ERR (10)")
                .withMessageContaining("rkey");
        completions.requireSuccess(0);
    }

    @Test
    void completionsInNumbersReadAsThoseInMemory() {
        WorkCompletions completions = new WorkCompletions(2);
        completions.records().set(ValueLayout.JAVA_LONG, 48, 7L);
        long[] words = completions.words();
        int at = WorkCompletions.RECORD_WORDS;
        words[at] = 0x1234;
        words[at + 1] = 10L | (128L << 32);
        words[at + 2] = 5L | (64L << 32);
        words[at + 3] = 3L | (0x4fL << 32);
        words[at + 4] = 0x50L | (8L << 32);

        assertThat(completions.id(1)).isEqualTo(0x1234);
        assertThat(completions.status(1)).isEqualTo(10);
        assertThat(completions.isReceive(1)).isTrue();
        assertThat(completions.vendorError(1)).isEqualTo(5);
        assertThat(completions.lengthBytes(1)).isEqualTo(64);
        assertThat(completions.invalidatedKey(1)).isEqualTo(3);
        assertThat(completions.queuePairNumber(1)).isEqualTo(0x4f);
        assertThat(completions.sourceQueuePair(1)).isEqualTo(0x50);
        assertThat(completions.flags(1)).isEqualTo(WorkCompletions.WITH_INVALIDATE);
        // The provider that wrote last says where.
        assertThat(completions.address()).isNotZero();
        assertThat(completions.id(1)).isEqualTo(7);
    }

    @Test
    void immediateDataReadsAsTheSenderGaveIt() {
        WorkCompletions completions = new WorkCompletions(1);
        completions.records().set(ValueLayout.JAVA_BYTE, 24, (byte) 0x12);
        completions.records().set(ValueLayout.JAVA_BYTE, 27, (byte) 0x78);

        assertThat(completions.immediate(0)).isEqualTo(0x12000078);
    }

    @Test
    void anExceptionNamesVerbObjectAndErrno() {
        VerbsException exception = new VerbsException("ibv_reg_mr", "device rxe0", Errno.ENOMEM, "raise the limit");

        assertThat(exception).hasMessage("ibv_reg_mr failed on device rxe0: ENOMEM (12); raise the limit");
        assertThat(exception.errno()).isEqualTo(12);
    }

    @Test
    void memoryThatACallCanFreeIsToldFromMemoryThatItCannot() {
        assertThat(ManagedMemory.isManaged(Arena.global().allocate(8))).isTrue();
        assertThat(ManagedMemory.isManaged(Arena.ofAuto().allocate(8))).isTrue();
        assertThat(ManagedMemory.isManaged(MemorySegment.ofBuffer(ByteBuffer.allocateDirect(8))))
                .isTrue();
        try (Arena shared = Arena.ofShared();
                Arena confined = Arena.ofConfined()) {
            assertThat(ManagedMemory.isManaged(shared.allocate(8))).isFalse();
            assertThat(ManagedMemory.isManaged(confined.allocate(8))).isFalse();
            assertThat(ManagedMemory.isManaged(
                            MemorySegment.ofBuffer(shared.allocate(8).asByteBuffer())))
                    .isFalse();
        }
    }

    @Test
    void connectionParametersCopyTheirDataAndCheckTheirRanges() {
        byte[] data = {1, 2, 3};
        ConnectionParameters parameters = ConnectionParameters.DEFAULT.withPrivateData(data);
        data[0] = 9;

        assertThat(parameters.privateData()).containsExactly(1, 2, 3);
        assertThat(parameters.retryCount()).isEqualTo(6);
        assertThatIllegalArgumentException().isThrownBy(() -> parameters.withRetries(8, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> parameters.withReadDepth(256, 1));
    }
}
