package dev.verbena.onesided;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class RemoteBufferTest {
    private static ByteBuffer wire(RemoteBuffer buffer) {
        ByteBuffer out = ByteBuffer.allocate(RemoteBuffer.WIRE_BYTES);
        buffer.encode(out);
        return out.flip();
    }

    @Test
    void theWireFormComesBackAsItWas() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            RemoteBuffer buffer = new RemoteBuffer(random.nextLong() >>> 1, random.nextLong() >>> 2, random.nextInt());
            assertThat(RemoteBuffer.decode(wire(buffer))).as("seed %d", seed).isEqualTo(buffer);
        }
    }

    @Test
    void aWireFormThatMakesNoSenseIsRefused() {
        ByteBuffer valid = wire(new RemoteBuffer(4096, 100, 7));
        assertThatThrownBy(() -> RemoteBuffer.decode(valid.duplicate().limit(23)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("23 bytes");
        ByteBuffer version = wire(new RemoteBuffer(4096, 100, 7)).put(0, (byte) 2);
        assertThatThrownBy(() -> RemoteBuffer.decode(version)).hasMessageContaining("version 2");
        ByteBuffer negative = wire(new RemoteBuffer(4096, 100, 7)).putLong(16, -1);
        assertThatThrownBy(() -> RemoteBuffer.decode(negative)).hasMessageContaining("do not fit");
        ByteBuffer beyond = wire(new RemoteBuffer(4096, 100, 7)).putLong(8, -50);
        assertThatThrownBy(() -> RemoteBuffer.decode(beyond)).hasMessageContaining("do not fit");
    }

    @Test
    void aSliceLiesInside() {
        RemoteBuffer buffer = new RemoteBuffer(4096, 100, 7);
        assertThat(buffer.slice(10, 90)).isEqualTo(new RemoteBuffer(4106, 90, 7));
        assertThat(buffer.at(92)).isEqualTo(new RemoteBuffer(4188, 8, 7));
        assertThatThrownBy(() -> buffer.slice(10, 91)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.at(93)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.slice(-1, 5)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
