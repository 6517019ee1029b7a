package dev.verbena.queuepair;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Slots begin an odd number of cache lines apart, and never overlap. */
final class ReceivesTest {
    @ParameterizedTest
    @CsvSource({"1,64", "64,64", "65,192", "192,192", "4032,4032", "4033,4160", "4096,4160"})
    void strides(int slotBytes, int strideBytes) {
        assertThat(Receives.strideBytes(slotBytes)).isEqualTo(strideBytes);
    }
}
