package dev.verbena.verbs.spi;

import dev.verbena.verbs.WorkCompletions;

/** A completion queue. */
public interface CompletionQueueDriver extends AutoCloseable {
    /** Room for entries as the device granted it. */
    int entries();

    /**
     * Takes up to {@code completions.capacity()} entries, oldest first, writes them in the layout of
     * {@link WorkCompletions} and answers how many; a negative errno when the device failed. Hot path.
     */
    int poll(WorkCompletions completions);

    /**
     * Whether {@link #poll} may be called by several threads at once, and also during and after {@link #close()}, when it
     * answers {@link Integer#MIN_VALUE}. Then the API calls it as it is.
     */
    default boolean guardsItself() {
        return false;
    }

    /** Asks for one event at the next completion; ibv_req_notify_cq(3). Returns 0 or a negative errno. */
    int requestNotify(boolean solicitedOnly);

    /** ibv_resize_cq(3); answers the new room. */
    int resize(int entries);

    @Override
    void close();
}
