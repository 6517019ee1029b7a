package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.Waiting;
import dev.verbena.verbs.spi.CompletionChannelDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where completion queues tell that they have something; see ibv_create_comp_channel(3) and ibv_get_cq_event(3). Events are
 * acknowledged as they are read, so no close waits for them. After an event ask again with
 * {@link CompletionQueue#requestNotify}, then poll once more.
 *
 * <p>Threading: any thread.
 */
public final class CompletionChannel implements AutoCloseable {
    private final Context context;
    private final CompletionChannelDriver driver;
    private final Lifetime lifetime;

    CompletionChannel(Context context, CompletionChannelDriver driver) {
        this.context = context;
        this.driver = driver;
        this.lifetime = new Lifetime("completion channel on " + context, this, context.lifetime());
    }

    /** The context it was made from. */
    public Context context() {
        return context;
    }

    CompletionChannelDriver driver() {
        return driver;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    <T> T call(Supplier<T> call) {
        lifetime.enter();
        try {
            return call.get();
        } finally {
            lifetime.exit();
        }
    }

    /** The queue that has the next event; null when there is none. Never blocks. */
    public @Nullable CompletionQueue poll() {
        lifetime.enter();
        try {
            return read();
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Waits for the next event.
     *
     * @return the queue it is about; null when the time is over or {@link #wakeUp()} was called
     * @throws InterruptedException within 100 ms of an interrupt
     */
    public @Nullable CompletionQueue await(Duration timeout) throws InterruptedException {
        return Waiting.await(lifetime, driver, timeout, this::read);
    }

    /** Ends every {@link #await} that is under way. */
    public void wakeUp() {
        driver.wake();
    }

    private @Nullable CompletionQueue read() {
        while (true) {
            CompletionQueueDriver queue = driver.poll();
            if (queue == null) {
                return null;
            }
            CompletionQueue known = context.completionQueue(queue);
            if (known != null) {
                return known;
            }
        }
    }

    /** Closes the completion queues that use it, then the channel. Idempotent. */
    @Override
    public void close() {
        lifetime.close(driver::wake, driver::close);
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
