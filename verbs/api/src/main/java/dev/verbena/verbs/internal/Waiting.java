package dev.verbena.verbs.internal;

import dev.verbena.verbs.spi.EventSource;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one way to wait for an event: read, wait until there may be one, read again.
 *
 * <p>Threading: any thread.
 */
public final class Waiting {
    private Waiting() {}

    /** The event, or null when the time is over, the source was woken, or the object is being closed. */
    public static <T> @Nullable T await(
            Lifetime lifetime, EventSource source, Duration timeout, Supplier<@Nullable T> read)
            throws InterruptedException {
        lifetime.enter();
        try {
            T event = read.get();
            if (event != null || timeout.isNegative() || timeout.isZero()) {
                return event;
            }
            source.awaitReady(saturatedNanos(timeout));
            return lifetime.isOpen() ? read.get() : null;
        } finally {
            lifetime.exit();
        }
    }

    private static long saturatedNanos(Duration timeout) {
        return timeout.toSeconds() >= Long.MAX_VALUE / 1_000_000_000L ? Long.MAX_VALUE : timeout.toNanos();
    }
}
