package dev.verbena.verbs.embedded;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A queue of events that can be waited for, with a bound, and woken.
 *
 * <p>Threading: any thread.
 *
 * @param <T> the events
 */
final class Signal<T> {
    private final Queue<T> events = new ArrayDeque<>();
    private int waiters;
    private long wakes;
    private boolean wakePending;

    synchronized void add(T event) {
        events.add(event);
        notifyAll();
    }

    synchronized @Nullable T poll() {
        return events.poll();
    }

    synchronized void removeIf(java.util.function.Predicate<T> which) {
        events.removeIf(which);
    }

    /** Ends every wait under way; with none, the next one ends at once. */
    synchronized void wake() {
        wakes++;
        wakePending = waiters == 0;
        notifyAll();
    }

    synchronized void await(long timeoutNs) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (wakePending) {
            wakePending = false;
            return;
        }
        long start = System.nanoTime();
        long woken = wakes;
        waiters++;
        try {
            while (events.isEmpty() && wakes == woken) {
                long left = timeoutNs - (System.nanoTime() - start);
                if (left <= 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1));
            }
        } finally {
            waiters--;
        }
    }
}
