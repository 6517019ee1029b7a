package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How receives are told from sends where the device does not tell, as kernel Soft-RoCE does not. */
class RequestIdTest {
    private static WorkCompletions completion(long id, int status, int opcode) {
        WorkCompletions completions = new WorkCompletions(1);
        long[] words = completions.words();
        words[0] = id;
        words[1] = Integer.toUnsignedLong(status) | (long) opcode << 32;
        return completions;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 4711, -4711, 1L << 61, -(1L << 62), 0x7fff_ffff_f000L})
    void aFailedReceiveIsToldByItsIdAndASendToo(long id) {
        int flushed = CompletionStatus.WR_FLUSH_ERR.code();

        assertThat(RequestId.isReceive(completion(RequestId.ofReceive(id), flushed, CompletionOpcode.SEND), 0))
                .isTrue();
        assertThat(RequestId.isReceive(completion(id, flushed, CompletionOpcode.SEND), 0))
                .isFalse();
        assertThat(RequestId.ofReceive(RequestId.ofReceive(id))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, 0x5555_5555_5555_5555L})
    void ofASuccessTheOpcodeTellsWhateverTheIdIs(long id) {
        assertThat(RequestId.isReceive(completion(id, 0, CompletionOpcode.SEND), 0))
                .isFalse();
        assertThat(RequestId.isReceive(completion(id, 0, CompletionOpcode.RECV), 0))
                .isTrue();
        assertThat(RequestId.isReceive(completion(id, 0, CompletionOpcode.RECV_RDMA_WITH_IMM), 0))
                .isTrue();
    }

    @Test
    void aDeviceThatTellsTheOpcodeOfFailuresIsBelieved() {
        long unusual = Long.MAX_VALUE;

        assertThat(RequestId.isReceive(
                        completion(
                                RequestId.ofReceive(unusual),
                                CompletionStatus.WR_FLUSH_ERR.code(),
                                CompletionOpcode.RECV),
                        0))
                .isTrue();
    }
}
