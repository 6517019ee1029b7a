package dev.verbena.memory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The free blocks of one size class, the last one given first, since it is the one the caches still know. A stack whose
 * head is the number of the top block and a count of the changes, so that a block that went and came back meanwhile does
 * not look like one that stayed.
 *
 * <p>Threading: any thread; {@link #add} by one at a time. Hot path: {@link #poll}, {@link #offer}.
 */
final class FreeBlocks {
    private static final long NUMBER = 0xffffffffL;

    /** Block n - 1 at index n - 1; number 0 is the bottom. */
    private volatile RegisteredBlock[] blocks = {};

    private int count;
    private final AtomicLong head = new AtomicLong();

    /** Makes room for a block and numbers it; it is not free yet. */
    void add(RegisteredBlock block) {
        RegisteredBlock[] all = blocks;
        if (count == all.length) {
            all = Arrays.copyOf(all, Math.max(16, 2 * count));
        }
        all[count++] = block;
        block.number = count;
        blocks = all;
    }

    @Nullable
    RegisteredBlock poll() {
        while (true) {
            long top = head.get();
            int number = (int) (top & NUMBER);
            if (number == 0) {
                return null;
            }
            RegisteredBlock block = blocks[number - 1];
            if (head.compareAndSet(top, next(top, block.below))) {
                return block;
            }
        }
    }

    void offer(RegisteredBlock block) {
        while (true) {
            long top = head.get();
            block.below = (int) (top & NUMBER);
            if (head.compareAndSet(top, next(top, block.number))) {
                return;
            }
        }
    }

    private static long next(long top, int number) {
        return ((top & ~NUMBER) + (NUMBER + 1)) | number;
    }

    /** Takes all. */
    List<RegisteredBlock> drain() {
        List<RegisteredBlock> all = new ArrayList<>();
        for (RegisteredBlock block = poll(); block != null; block = poll()) {
            all.add(block);
        }
        return all;
    }
}
