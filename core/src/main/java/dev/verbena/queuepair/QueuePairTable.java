package dev.verbena.queuepair;

import org.jspecify.annotations.Nullable;

/**
 * The ends of a loop by the numbers of their queue pairs, for completions of shared receives, whose id says nothing of the
 * connection. Two array accesses: the upper and the lower half of the 24 bits.
 *
 * <p>Threading: the loop's thread. Hot path: {@link #get}.
 */
final class QueuePairTable {
    private static final int BITS = 12;
    private static final int PAGE = 1 << BITS;
    private static final int MASK = PAGE - 1;

    private final @Nullable QueuePairEnd[] @Nullable [] pages = new QueuePairEnd[PAGE][];

    @Nullable
    QueuePairEnd get(int number) {
        @Nullable QueuePairEnd[] page = pages[(number >>> BITS) & MASK];
        return page == null ? null : page[number & MASK];
    }

    void put(int number, QueuePairEnd end) {
        @Nullable QueuePairEnd[] page = pages[(number >>> BITS) & MASK];
        if (page == null) {
            page = new QueuePairEnd[PAGE];
            pages[(number >>> BITS) & MASK] = page;
        }
        if (page[number & MASK] != null) {
            throw new IllegalStateException(
                    String.format("queue pair number 0x%06x is taken by %s", number, page[number & MASK]));
        }
        page[number & MASK] = end;
    }

    @SuppressWarnings("ReferenceEquality") // whether it is that one
    void remove(int number, QueuePairEnd end) {
        @Nullable QueuePairEnd[] page = pages[(number >>> BITS) & MASK];
        if (page != null && page[number & MASK] == end) {
            page[number & MASK] = null;
        }
    }
}
