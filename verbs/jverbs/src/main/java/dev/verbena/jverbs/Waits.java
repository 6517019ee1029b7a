package dev.verbena.jverbs;

import dev.verbena.verbs.VerbsException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Waits as jVerbs counts them: milliseconds, 0 looks once, -1 waits until there is something. Also the last one ends: with an
 * interrupt, and when the object is destroyed.
 *
 * <p>Threading: pure functions.
 */
public final class Waits {
    /** Of a wait without an end; after each the source is asked again whether it is still there. */
    private static final Duration SLICE = Duration.ofSeconds(1);

    /** What is waited for. */
    public interface Source<T> {
        /** The next one; null when the time is over or the wait was woken up. */
        @Nullable
        T await(Duration timeout) throws InterruptedException, IOException;
    }

    private Waits() {}

    /**
     * Waits.
     *
     * @return null when the time is over
     * @throws InterruptedIOException on an interrupt, which stays set
     * @throws IOException when the source is closed
     */
    public static <T> @Nullable T await(int timeoutMs, Source<T> source) throws IOException {
        if (timeoutMs < -1) {
            throw new IllegalArgumentException("timeout " + timeoutMs + " is less than -1");
        }
        long endNs = System.nanoTime() + timeoutMs * 1_000_000L;
        try {
            while (true) {
                Duration left = timeoutMs < 0 ? SLICE : Duration.ofNanos(Math.max(0, endNs - System.nanoTime()));
                T next = source.await(left);
                if (next != null || left.isZero()) {
                    return next;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting");
            interrupted.initCause(e);
            throw interrupted;
        } catch (VerbsException | IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
