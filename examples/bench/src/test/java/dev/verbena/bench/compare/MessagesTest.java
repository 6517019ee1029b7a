package dev.verbena.bench.compare;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** What says that a message has arrived as it was sent. */
final class MessagesTest {
    private static final int BYTES = Messages.SMALL_BYTES;

    @Test
    void everyByteThatIsWrongIsFoundAndOnlyThen() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(BYTES, 8);
            Messages.write(memory.address(), BYTES, 7, true);
            Messages.check(memory.address(), BYTES, 7, true);

            for (int at = 0; at < BYTES; at++) {
                byte right = memory.get(ValueLayout.JAVA_BYTE, at);
                memory.set(ValueLayout.JAVA_BYTE, at, (byte) (right ^ 1));
                assertThatThrownBy(() -> Messages.check(memory.address(), BYTES, 7, true))
                        .hasMessageContaining("message 7 is not what was sent");
                memory.set(ValueLayout.JAVA_BYTE, at, right);
            }
            assertThatThrownBy(() -> Messages.check(memory.address(), BYTES, 8, false))
                    .hasMessageContaining("message 8");
        }
    }

    @Test
    void aStreamsPartsAreFoundWrongWhereverTheyBegin() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(BYTES, 8);
            Messages.write(memory.address(), BYTES, 9, true);
            for (int from = 0; from < BYTES; from++) {
                int offset = from;
                long address = memory.address() + from;
                assertThatCode(() -> Messages.checkPart(address, BYTES - offset, offset, BYTES, 9, true))
                        .doesNotThrowAnyException();
                byte right = memory.get(ValueLayout.JAVA_BYTE, from);
                memory.set(ValueLayout.JAVA_BYTE, from, (byte) (right ^ 0x80));
                assertThatThrownBy(() -> Messages.checkPart(address, BYTES - offset, offset, BYTES, 9, true))
                        .hasMessageContaining("message 9");
                memory.set(ValueLayout.JAVA_BYTE, from, right);
            }
        }
    }
}
