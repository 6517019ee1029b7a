package dev.verbena.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FreeBlocksTest {
    @Test
    void blocksThatWereRemovedAreForgottenAndTheirNumbersGivenAgain() {
        try (RegisteredMemory memory = new RegisteredMemory(16 << 20)) {
            FreeBlocks free = new FreeBlocks();
            List<RegisteredBlock> blocks = new ArrayList<>();
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 100; i++) {
                    RegisteredBlock block = memory.local.take(64);
                    blocks.add(block);
                    free.add(block);
                    assertThat(block.number).isBetween(1, 100);
                    free.offer(block);
                }
                assertThat(free.known()).isEqualTo(100);

                assertThat(free.drain()).containsExactlyElementsOf(blocks.reversed());
                blocks.forEach(free::remove);

                assertThat(free.known()).isZero();
                assertThat(free.poll()).isNull();
                blocks.clear();
            }
        }
    }
}
