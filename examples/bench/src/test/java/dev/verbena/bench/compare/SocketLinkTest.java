package dev.verbena.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a sender that hands over its pages must know. */
final class SocketLinkTest {
    @Test
    void pagesThatAreUnderWayAreAsManyAsTheKernelSaysAndNotItsFirstDigit() throws Exception {
        Process cat = new ProcessBuilder("cat", "/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem").start();
        String[] words = new String(cat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                .trim()
                .split("\\s+", -1);
        assertThat(cat.waitFor()).isZero();

        assertThat(SocketLink.underWayMax()).isEqualTo(Long.parseLong(words[2]) + Long.parseLong(words[5]));
    }
}
