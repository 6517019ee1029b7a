package dev.verbena.memory;

import java.util.ArrayDeque;
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
 * <p>Threading: any thread; {@link #add} and {@link #remove} by one at a time. Hot path: {@link #poll}, {@link #offer}.
 */
final class FreeBlocks {
    private static final long NUMBER = 0xffffffffL;

    /** Block n - 1 at index n - 1; number 0 is the bottom. */
    private volatile @Nullable RegisteredBlock[] blocks = {};

    private int count;
    /** Numbers of blocks that were removed, for the next ones. */
    private final ArrayDeque<Integer> vacant = new ArrayDeque<>();

    private final AtomicLong head = new AtomicLong();

    /** Makes room for a block and numbers it; it is not free yet. */
    void add(RegisteredBlock block) {
        @Nullable RegisteredBlock[] all = blocks;
        Integer number = vacant.poll();
        if (number == null) {
            if (count == all.length) {
                all = Arrays.copyOf(all, Math.max(16, 2 * count));
            }
            number = ++count;
        }
        all[number - 1] = block;
        block.number = number;
        blocks = all;
    }

    /** Forgets a block that was polled and is not offered again. */
    void remove(RegisteredBlock block) {
        @Nullable RegisteredBlock[] all = blocks;
        all[block.number - 1] = null;
        vacant.push(block.number);
        blocks = all;
    }

    /** Blocks that it knows, free or not. */
    int known() {
        return count - vacant.size();
    }

    @Nullable
    RegisteredBlock poll() {
        while (true) {
            long top = head.get();
            int number = (int) (top & NUMBER);
            if (number == 0) {
                return null;
            }
            // None there: it was removed meanwhile, so the head has changed.
            RegisteredBlock block = blocks[number - 1];
            if (block != null && head.compareAndSet(top, next(top, block.below))) {
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
