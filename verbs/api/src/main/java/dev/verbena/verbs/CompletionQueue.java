package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.OwnerGate;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import org.jspecify.annotations.Nullable;

/**
 * Where finished work requests are reported; see ibv_create_cq(3). It must have room for every request of its queue pairs
 * that can make a completion: a device drops what does not fit and raises CQ_ERR.
 *
 * <p>Threading: any thread, one at a time by itself; fast as long as it is the same thread. Closing from another thread
 * waits until the poll under way has returned.
 *
 * <p>Hot path: {@link #poll}, {@link #requestNotify}.
 */
public final class CompletionQueue implements AutoCloseable {
    private final Context context;
    private final @Nullable CompletionChannel channel;
    private final CompletionQueueDriver driver;
    private final Lifetime lifetime;
    private final OwnerGate gate;
    private final boolean guardsItself;

    CompletionQueue(Context context, @Nullable CompletionChannel channel, CompletionQueueDriver driver) {
        this.context = context;
        this.channel = channel;
        this.driver = driver;
        this.guardsItself = driver.guardsItself();
        String name = "completion queue on " + context;
        this.gate = new OwnerGate(name);
        this.lifetime = channel == null
                ? new Lifetime(name, this, context.lifetime())
                : new Lifetime(name, this, context.lifetime(), channel.lifetime());
        context.remember(driver, this);
    }

    /** The context it was made from. */
    public Context context() {
        return context;
    }

    /** Where its events go, null when it is only polled. */
    public @Nullable CompletionChannel channel() {
        return channel;
    }

    /** Room for completions as the device granted it. */
    public int entries() {
        return driver.entries();
    }

    CompletionQueueDriver driver() {
        return driver;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    /**
     * Takes what has finished, oldest first, as much as fits; never blocks. ibv_poll_cq(3).
     *
     * @return how many completions were written
     * @throws VerbsException when the device failed
     * @throws IllegalStateException when the queue is closed
     */
    public int poll(WorkCompletions completions) {
        int polled = guardsItself ? driver.poll(completions) : pollGated(completions);
        if (polled < 0) {
            completions.size(0);
            throw refused(polled);
        }
        completions.size(polled);
        return polled;
    }

    private int pollGated(WorkCompletions completions) {
        OwnerGate.Hold hold = gate.enter();
        try {
            return driver.poll(completions);
        } finally {
            gate.exit(hold);
        }
    }

    private RuntimeException refused(int result) {
        return result == Integer.MIN_VALUE
                ? new IllegalStateException(lifetime.name() + " is closed")
                : failed("ibv_poll_cq", result);
    }

    /**
     * Asks for one event on the channel at the next completion; poll once more after it. ibv_req_notify_cq(3).
     *
     * @param solicitedOnly only for completions that the peer flagged, and errors
     */
    public void requestNotify(boolean solicitedOnly) {
        int result;
        OwnerGate.Hold hold = gate.enter();
        try {
            result = driver.requestNotify(solicitedOnly);
        } finally {
            gate.exit(hold);
        }
        if (result < 0) {
            throw failed("ibv_req_notify_cq", result);
        }
    }

    private VerbsException failed(String verb, int result) {
        return new VerbsException(verb, lifetime.name(), -result, "");
    }

    /** Changes the room; what is in the queue stays. ibv_resize_cq(3). */
    public int resize(int entries) {
        Limits.within("entries", entries, 1, Integer.MAX_VALUE);
        context.require(Capability.RESIZE_COMPLETION_QUEUE, "ibv_resize_cq");
        OwnerGate.Hold hold = gate.enter();
        try {
            return driver.resize(entries);
        } finally {
            gate.exit(hold);
        }
    }

    /** Closes the queue pairs that use it, then the queue, unread events or not. Idempotent. */
    @Override
    public void close() {
        lifetime.close(() -> {}, () -> {
            gate.close();
            context.forget(driver);
            driver.close();
        });
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
