package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.spi.EventSource;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The one way to wait for an event: read, wait until there may be one, read again. */
final class Waiting {
    private Waiting() {}

    static <T> @Nullable T await(Lifetime lifetime, EventSource source, Duration timeout, Supplier<@Nullable T> read)
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
