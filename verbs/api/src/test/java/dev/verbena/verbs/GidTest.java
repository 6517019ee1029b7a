package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class GidTest {
    @Test
    void anIpv4AddressBecomesTheMappedForm() throws Exception {
        Gid gid = Gid.of(InetAddress.getByName("10.7.0.1"));

        assertThat(gid).hasToString("0000:0000:0000:0000:0000:ffff:0a07:0001");
        assertThat(gid.isIpv4Mapped()).isTrue();
        assertThat(gid.address().getHostAddress()).isEqualTo("10.7.0.1");
    }

    @Test
    void itsTextReadsBack() {
        Gid gid = new Gid(0xfe80_0000_0000_0000L, 0x0202_c9ff_fe00_0001L);

        assertThat(Gid.parse(gid.toString())).isEqualTo(gid);
        assertThat(Gid.parse("fe80::202:c9ff:fe00:1")).isEqualTo(gid);
        assertThat(gid.isLinkLocal()).isTrue();
        assertThat(gid.isIpv4Mapped()).isFalse();
        assertThat(Gid.of(gid.bytes())).isEqualTo(gid);
    }

    @Test
    void theMappedTextReadsBackToo() throws Exception {
        Gid gid = Gid.of(InetAddress.getByName("192.168.1.250"));

        assertThat(Gid.parse(gid.toString())).isEqualTo(gid);
    }

    @Test
    void whatIsNoGidIsRefusedWithoutAskingANameServer() {
        assertThatIllegalArgumentException().isThrownBy(() -> Gid.parse("example.org"));
        assertThatIllegalArgumentException().isThrownBy(() -> Gid.parse("1:2"));
        assertThatIllegalArgumentException().isThrownBy(() -> Gid.of(new byte[4]));
    }
}
