package dev.verbena.bench.perftest;

import static dev.verbena.bench.perftest.Test.SEND_LAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.Gid;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** perftest's texts on the wire and on the screen. */
final class PerftestTextsTest {
    private static final PeerRecord RECORD =
            new PeerRecord(0x12, 16, 0x11a, 0xc0ffee, 0x1a2b3c, 0x7f00_1234_5678L, Gid.parse("::ffff:10.7.0.1"));

    /** What printf makes of perftest's format. */
    private static final String LONG = "0012:0010:00011a:c0ffee:001a2b3c:00007f0012345678:"
            + "00:00:00:00:00:00:00:00:00:00:ff:ff:0a:07:00:01:00000000:";

    private static final String SHORT = "0012:0010:00011a:c0ffee:001a2b3c:00007f0012345678:00000000";

    @Test
    void aRecordHasPerftestsFormAndLength() {
        assertThat(text(RECORD.encode(true))).isEqualTo(LONG + "\0").hasSize(108);
        assertThat(text(RECORD.encode(false))).isEqualTo(SHORT + "\0").hasSize(59);
    }

    @Test
    void aRecordIsReadAsItWasWritten() {
        assertThat(PeerRecord.decode(wire(LONG))).isEqualTo(RECORD);
        PeerRecord withoutGid = PeerRecord.decode(wire(SHORT));
        assertThat(withoutGid.gid().isZero()).isTrue();
        assertThat(withoutGid.address()).isEqualTo(RECORD.address());
        assertThat(withoutGid.rkey()).isEqualTo(RECORD.rkey());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0012:0010:00011a:c0ffee:001a2b3c:00007f0012345678:0000000g",
                "0012:0010:00011a:c0ffee:001a2b3c:00007f0012345678 00000000",
                "123456789:0010:00011a:c0ffee:01a2b3c:0007f0012345678:00000"
            })
    void anythingElseIsRefused(String text) {
        byte[] wire = Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), PeerRecord.SHORT_BYTES);

        assertThatThrownBy(() -> PeerRecord.decode(wire))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("it sent '");
    }

    @Test
    void linesAreThoseOfPerftest() {
        assertThat(RECORD.line("local", Verb.SEND)).isEqualTo(" local address: LID 0x12 QPN 0x011a PSN 0xc0ffee");
        assertThat(RECORD.line("remote", Verb.READ))
                .isEqualTo(" remote address: LID 0x12 QPN 0x011a PSN 0xc0ffee OUT 0x10 RKey 0x1a2b3c"
                        + " VAddr 0x007f0012345678");
        assertThat(RECORD.gidLine()).isEqualTo(" GID: 00:00:00:00:00:00:00:00:00:00:255:255:10:07:00:01");
    }

    /** Ten times of 2 us each way, and two long ones, which no column but t_max shows. */
    @Test
    void aLatencyLineLeavesTheTwoLongestOut() {
        long[] each = new long[12];
        Arrays.fill(each, 4000);
        each[3] = 900_000;
        each[7] = 800_000;

        LatencyResult result = LatencyResult.of(64, 13, each, 0.5);

        assertThat(result.min()).isEqualTo(2);
        assertThat(result.typical()).isEqualTo(2);
        assertThat(result.average()).isEqualTo(2);
        assertThat(result.deviation()).isZero();
        assertThat(result.max()).isEqualTo(400);
        assertThat(result.line().trim().split("\\s+", -1))
                .containsExactly("64", "13", "2.00", "400.00", "2.00", "2.00", "0.00", "400.00", "400.00");
    }

    @Test
    void bandwidthIsInMebibytesOrGigabits() {
        BandwidthResult result = new BandwidthResult(65_536, 1000, 20.5, 10.25, 0.000164);

        assertThat(result.line(false))
                .isEqualTo(" 65536      1000             20.50              10.25  \t\t   0.000164");
        assertThat(new BandwidthResult(2, 1000, 0, 0.05, 0.003).line(true))
                .isEqualTo(" 2          1000           0.000000            0.050000            0.003000");
        assertThat(BandwidthResult.heading(true)).contains("BW average[Gb/sec]");
    }

    /** Messages are due every millisecond; the fifth answer comes 20 ms late, and those behind it count their wait. */
    @Test
    void aFixedRateHidesNoWait() {
        Times times = new Times(latency(1000));

        for (int i = 0; i < 10; i++) {
            assertThat(times.begin(i)).isTrue();
            if (i == 4) {
                busy(20_000_000);
            }
            times.end();
        }

        long[] each = times.each();
        assertThat(each).hasSize(10);
        assertThat(each[4]).isGreaterThanOrEqualTo(20_000_000);
        assertThat(each[5]).isGreaterThanOrEqualTo(19_000_000 - 1_000_000).isLessThan(each[4] + 10_000_000);
        assertThat(each[9]).isGreaterThanOrEqualTo(15_000_000 - 1_000_000);
    }

    /** Without a rate a time lasts from one post to the next. */
    @Test
    void withoutARateThereIsOneTimeLessThanIterations() {
        Times times = new Times(latency(0));

        for (int i = 0; i < 10; i++) {
            assertThat(times.begin(i)).isTrue();
            busy(i == 4 ? 5_000_000 : 0);
            times.end();
        }

        assertThat(times.each()).hasSize(9);
        assertThat(times.each()[4]).isGreaterThanOrEqualTo(5_000_000);
    }

    private static void busy(long ns) {
        long end = System.nanoTime() + ns;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    /** lid, reads, number, psn, rkey, padding, address, GID, and what this side does not use. */
    @Test
    void aRecordOverAQueuePairIsPerftestsStructureInNetworkOrder() {
        Gid gid = Gid.parse("fe80::5054:ff:fe12:3456");
        PeerRecord record = new PeerRecord(0x1234, 16, 0x000011, 0xabcdef, 0x89abcdef, 0x7f0102030405L, gid);

        byte[] wire = record.encodeBinary();

        assertThat(HexFormat.of().formatHex(wire))
                .isEqualTo("00001234" + "00000010" + "00000011" + "00abcdef" + "89abcdef" + "00000000"
                        + "00007f0102030405" + "fe80000000000000505400fffe123456" + "0000000000000000");
        assertThat(PeerRecord.decodeBinary(wire)).isEqualTo(record);
    }

    private static Settings latency(double perSecond) {
        return new Settings(
                SEND_LAT,
                true,
                2,
                false,
                10,
                0,
                1,
                1,
                10,
                -1,
                1,
                1,
                QueuePairType.RC,
                false,
                false,
                false,
                Mtu.UNKNOWN,
                perSecond,
                Duration.ofSeconds(1));
    }

    private static String text(byte[] wire) {
        return new String(wire, StandardCharsets.US_ASCII);
    }

    private static byte[] wire(String text) {
        return (text + "\0").getBytes(StandardCharsets.US_ASCII);
    }
}
