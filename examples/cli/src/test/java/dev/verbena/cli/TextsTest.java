package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.cli.DemoProtocol.Hello;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands read and write, without a device. */
final class TextsTest {
    @Test
    void theTextOfRpingIsTheOneThatRdmaCoresClientSends() {
        String first = new String(RpingText.of(0, 64), StandardCharsets.US_ASCII);
        String hundredth = new String(RpingText.of(99, 27), StandardCharsets.US_ASCII);

        assertThat(first).isEqualTo("rdma-ping-0: ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqr\0");
        assertThat(hundredth).isEqualTo("rdma-ping-99: jklmnopqrstu\0".substring(0, 26) + "\0");
    }

    @Test
    void theTextOfRpingEndsAtItsFirstZero() {
        MemorySegment memory = MemorySegment.ofArray("abc\0def".getBytes(StandardCharsets.US_ASCII));

        assertThat(RpingText.length(memory, 7)).isEqualTo(4);
        assertThat(RpingText.length(memory, 2)).isEqualTo(2);
        assertThat(RpingText.show(memory, 7)).isEqualTo("abc");
        assertThat(RpingText.show(memory, 2)).isEqualTo("ab");
    }

    @Test
    void whatRpingTellsIsInNetworkOrder() {
        MemorySegment memory = MemorySegment.ofArray(new byte[16]);
        RpingInfo info = new RpingInfo(0x0102030405060708L, 0x11121314, 0x21222324);

        info.write(memory, 0);

        assertThat((byte[]) memory.heapBase().orElseThrow())
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24);
        assertThat(RpingInfo.read(memory, 0)).isEqualTo(info);
    }

    @Test
    void aHelloOfTheDemoComesBackAndAForeignOneIsRefused() {
        Hello hello = new Hello(4096, 0x7f00_1234_5678L, -7);

        assertThat(Hello.decode(hello.encode())).isEqualTo(hello);
        assertThatThrownBy(() -> Hello.decode(new byte[56]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no 'verbena demo'");
        assertThatThrownBy(() -> Hello.decode(new Hello(1 << 30, 0, 0).encode()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1073741824 bytes");
    }

    @ParameterizedTest
    @CsvSource({"30,30000", "30s,30000", "500ms,500", "2m,120000", "1h,3600000"})
    void aTimeIsReadWithItsUnit(String text, long ms) {
        assertThat(new DurationConverter().convert(text)).isEqualTo(Duration.ofMillis(ms));
    }

    @ParameterizedTest
    @CsvSource({
        "10.7.0.2,10.7.0.2:7174",
        "10.7.0.2:99,10.7.0.2:99",
        "fd07::2,[fd07:0:0:0:0:0:0:2]:7174",
        "[fd07::2]:99,[fd07:0:0:0:0:0:0:2]:99",
        "[fd07::2],[fd07:0:0:0:0:0:0:2]:7174"
    })
    void anAddressMayHaveAPort(String text, String expected) {
        assertThat(Addresses.text(Addresses.parse(text, 7174))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.7.0.2:", "10.7.0.2:-1", "10.7.0.2:65536", ":99", "[fd07::2]99", "[fd07::2"})
    void aWrongAddressIsRefused(String text) {
        assertThatThrownBy(() -> Addresses.parse(text, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aHostThatNobodyKnowsIsUnreachable() {
        assertThatThrownBy(() -> Addresses.parse("no-such-host.invalid", 1))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(Failure.Code.PEER_UNREACHABLE));
    }

    @Test
    void percentilesAreSamples() {
        Latencies times = new Latencies(100);
        for (int i = 100; i >= 1; i--) {
            times.add(i);
        }
        times.add(1_000_000);

        assertThat(times.count()).isEqualTo(100);
        assertThat(times.percentile(0)).isEqualTo(1);
        assertThat(times.percentile(50)).isEqualTo(50);
        assertThat(times.percentile(99)).isEqualTo(99);
        assertThat(times.percentile(100)).isEqualTo(100);
    }

    @Test
    void aPatternIsFoundAgainAndAWrongByteIsFound() {
        TestPattern pattern = new TestPattern(1000);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1100);
            pattern.fill(memory, 7, -3);

            assertThat(pattern.mismatch(memory, 7, -3)).isEqualTo(-1);
            assertThat(pattern.mismatch(memory, 7, -2)).isNotNegative();
            memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 7 + 999, (byte)
                    ~memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 7 + 999));
            assertThat(pattern.mismatch(memory, 7, -3)).isEqualTo(999);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "WR_FLUSH_ERR,PEER_LOST",
        "RETRY_EXC_ERR,PEER_LOST",
        "RNR_RETRY_EXC_ERR,PEER_LOST",
        "REM_OP_ERR,PEER_LOST",
        "REM_ACCESS_ERR,PEER_REFUSED",
        "REM_INV_REQ_ERR,PEER_REFUSED",
        "LOC_PROT_ERR,FAILED",
        "LOC_LEN_ERR,FAILED"
    })
    void anErrorCompletionSaysWhetherThePeerIsTheReason(CompletionStatus status, Failure.Code code) {
        assertThat(Failure.codeOf(status)).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({"19,NO_DEVICE", "38,NO_DEVICE", "110,TIMEOUT", "111,PEER_REFUSED", "113,PEER_UNREACHABLE", "22,FAILED"})
    void anErrorNumberHasItsExitCode(int errno, Failure.Code code) {
        Failure failure = Failure.of(new VerbsException("rdma_resolve_addr", "an id", errno, ""));

        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.line()).contains(Errno.name(errno));
    }
}
