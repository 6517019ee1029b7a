package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How receives are told from sends where the device does not tell, as kernel Soft-RoCE does not. */
class RequestIdTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 4711, -4711, 1L << 61, -(1L << 62), 0x7fff_ffff_f000L})
    void aFailedReceiveIsToldByItsIdAndASendToo(long id) {
        int flushed = CompletionStatus.WR_FLUSH_ERR.code();

        assertThat(RequestId.isReceive(CompletionOpcode.SEND, flushed, RequestId.ofReceive(id)))
                .isTrue();
        assertThat(RequestId.isReceive(CompletionOpcode.SEND, flushed, id)).isFalse();
        assertThat(RequestId.ofReceive(RequestId.ofReceive(id))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, 0x5555_5555_5555_5555L})
    void ofASuccessTheOpcodeTellsWhateverTheIdIs(long id) {
        assertThat(RequestId.isReceive(CompletionOpcode.SEND, 0, id)).isFalse();
        assertThat(RequestId.isReceive(CompletionOpcode.RECV, 0, id)).isTrue();
        assertThat(RequestId.isReceive(CompletionOpcode.RECV_RDMA_WITH_IMM, 0, id))
                .isTrue();
    }

    @Test
    void aDeviceThatTellsTheOpcodeOfFailuresIsBelieved() {
        long unusual = Long.MAX_VALUE;

        assertThat(RequestId.isReceive(
                        CompletionOpcode.RECV, CompletionStatus.WR_FLUSH_ERR.code(), RequestId.ofReceive(unusual)))
                .isTrue();
    }
}
