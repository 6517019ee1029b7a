package dev.verbena.verbs.rdmacore;

import java.util.ArrayList;
import java.util.List;

/**
 * A non-blocking descriptor that events are read from: waits for it with a bound, and ends waits from another thread.
 *
 * <p>Threading: any thread.
 */
final class Descriptor {
    private final int fd;
    private final List<Poller.Waiter> waiters = new ArrayList<>();
    private boolean woken;

    Descriptor(int fd, String object) {
        this.fd = fd;
        Poller.makeNonBlocking(fd, object);
    }

    /** Waits until the descriptor is readable, {@link #wake()} is called, or the time is over. */
    void await(long timeoutNs) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (timeoutNs <= 0 || Poller.isReadable(fd)) {
            return;
        }
        Poller.Waiter waiter = new Poller.Waiter(fd);
        synchronized (this) {
            if (woken) {
                woken = false;
                return;
            }
            waiters.add(waiter);
        }
        Poller poller = Poller.instance();
        poller.add(waiter);
        try {
            Poller.park(waiter, timeoutNs);
        } finally {
            poller.remove(waiter);
            synchronized (this) {
                waiters.remove(waiter);
            }
        }
    }

    /** Ends every wait under way; with none, the next one ends at once, since it may just be about to begin. */
    synchronized void wake() {
        woken = waiters.isEmpty();
        for (Poller.Waiter waiter : waiters) {
            waiter.finish();
        }
    }
}
