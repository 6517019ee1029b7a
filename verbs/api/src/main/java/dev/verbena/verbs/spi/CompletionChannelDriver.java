package dev.verbena.verbs.spi;

import org.jspecify.annotations.Nullable;

/** A channel of completion events. */
public interface CompletionChannelDriver extends EventSource {
    /** Reads and acknowledges the next event and tells whose it is; null when there is none. Never blocks. */
    @Nullable
    CompletionQueueDriver poll();
}
