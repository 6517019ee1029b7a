package dev.verbena.verbs.embedded;

import dev.verbena.verbs.spi.CompletionChannelDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import org.jspecify.annotations.Nullable;

/** A channel of completion events: a queue in this process. */
final class EmbeddedCompletionChannel implements CompletionChannelDriver {
    private final Signal<EmbeddedCompletionQueue> events = new Signal<>();

    void add(EmbeddedCompletionQueue queue) {
        events.add(queue);
    }

    void forget(EmbeddedCompletionQueue queue) {
        events.removeIf(event -> event == queue);
    }

    @Override
    public @Nullable CompletionQueueDriver poll() {
        return events.poll();
    }

    @Override
    public void awaitReady(long timeoutNs) throws InterruptedException {
        events.await(timeoutNs);
    }

    @Override
    public void wake() {
        events.wake();
    }

    @Override
    public void close() {
        events.wake();
    }
}
