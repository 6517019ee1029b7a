package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GidChoiceTest {
    private static GidEntry entry(int index, String gid, GidEntry.Type type) {
        return new GidEntry(1, index, Gid.parse(gid), type, "eth0");
    }

    private static final List<GidEntry> ROCE = List.of(
            entry(0, "fe80::1", GidEntry.Type.ROCE_V1),
            entry(1, "fe80::1", GidEntry.Type.ROCE_V2),
            entry(2, "2001:db8::1", GidEntry.Type.ROCE_V2),
            entry(3, "::ffff:10.7.0.1", GidEntry.Type.ROCE_V1),
            entry(4, "::ffff:10.7.0.1", GidEntry.Type.ROCE_V2));

    @Test
    void roceVersion2OverIpv4IsPreferredWhateverTheOrder() {
        List<GidEntry> shuffled = new ArrayList<>(ROCE);
        Collections.shuffle(shuffled, new Random(7));

        assertThat(GidChoice.choose("device rxe0", shuffled, null, null).index())
                .isEqualTo(4);
    }

    @Test
    void linkLocalIsTheLastResort() {
        assertThat(GidChoice.choose("device rxe0", ROCE.subList(0, 3), null, null)
                        .index())
                .isEqualTo(2);
        assertThat(GidChoice.choose("device rxe0", ROCE.subList(0, 2), null, null)
                        .index())
                .isEqualTo(1);
    }

    @Test
    void anAddressAskedForWinsInItsBetterVersion() throws Exception {
        assertThat(GidChoice.choose("device rxe0", ROCE, InetAddress.getByName("fe80::1"), null)
                        .index())
                .isEqualTo(1);
    }

    @Test
    void anInfiniBandPortHasLinkLocalGidsOnly() {
        List<GidEntry> infiniband = List.of(entry(0, "fe80::2", GidEntry.Type.IB));

        assertThat(GidChoice.choose("device mlx5_0", infiniband, null, null).index())
                .isEqualTo(0);
    }

    @Test
    void anOverrideWinsAndAWrongOneSaysWhatThereIs() {
        assertThat(GidChoice.choose("device rxe0", ROCE, null, "2").index()).isEqualTo(2);
        assertThatExceptionOfType(VerbsException.class)
                .isThrownBy(() -> GidChoice.choose("device rxe0", ROCE, null, "9"))
                .withMessageContaining("there is no GID index 9; the port has 4 0000:");
    }

    @Test
    void anAddressThatIsNotThePortsIsNamed() throws Exception {
        InetAddress foreign = InetAddress.getByName("192.0.2.1");

        assertThatExceptionOfType(VerbsException.class)
                .isThrownBy(() -> GidChoice.choose("device rxe0", ROCE, foreign, null))
                .withMessageContaining("no GID belongs to 192.0.2.1");
    }

    @Test
    void aPortWithoutGidsAsksForItsInterface() {
        assertThatExceptionOfType(VerbsException.class)
                .isThrownBy(() -> GidChoice.choose("device rxe0", List.of(), null, null))
                .withMessageContaining("is its network interface up");
    }
}
