package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What peers say of themselves is taken when it makes sense and refused when it does not. */
final class HandshakeTest {
    @Test
    void aMillionRandomHandshakesAreRefusedOrMakeSense() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] valid = new Handshake(112, 16, 4096).encode();
        int accepted = 0;
        for (int i = 0; i < 1_000_000; i++) {
            byte[] data = Arrays.copyOf(valid, random.nextInt(8) == 0 ? random.nextInt(57) : 56);
            for (int flips = random.nextInt(4); flips > 0 && data.length > 0; flips--) {
                data[random.nextInt(Math.min(data.length, 16))] = (byte) random.nextInt();
            }
            try {
                Handshake decoded = Handshake.decode(data);
                accepted++;
                if (decoded.dataCredits() < 1
                        || decoded.dataCredits() > 65_535
                        || decoded.frameMaxBytes() < Handshake.FRAME_MIN_BYTES
                        || decoded.frameMaxBytes() > Handshake.FRAME_MAX_BYTES) {
                    throw new AssertionError("seed " + seed + ": " + decoded);
                }
            } catch (ConnectionException e) {
                if (e.reason() != Reason.PROTOCOL) {
                    throw new AssertionError("seed " + seed, e);
                }
            }
        }
        assertThat(accepted).isBetween(100_000, 900_000);
    }

    @Test
    void aHandshakeComesBackAsItWas() {
        Handshake handshake = new Handshake(65_535, 255, Handshake.FRAME_MAX_BYTES);
        assertThat(Handshake.decode(handshake.encode())).isEqualTo(handshake);
        assertThatThrownBy(() -> Handshake.decode(new byte[15])).isInstanceOf(ConnectionException.class);
    }
}
