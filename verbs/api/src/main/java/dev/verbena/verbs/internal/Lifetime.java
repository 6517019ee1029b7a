package dev.verbena.verbs.internal;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one object of the control path: who was made from it, who is inside a call, and the one time it is closed.
 * Closing a parent closes what was made from it first, newest first, so no order of closing can fail. Objects that are
 * open are held strongly from {@link #ROOT}, so the collector never takes memory that a device may still write.
 *
 * <p>Threading: any thread.
 */
public final class Lifetime {
    /** The parent of those that have no other. */
    public static final Lifetime ROOT = new Lifetime();

    private static final Logger LOG = LoggerFactory.getLogger("dev.verbena.verbs");
    private static final long CALLS_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private enum State {
        OPEN,
        CLOSING,
        CLOSED
    }

    private final String name;
    private final AutoCloseable self;
    private final List<Lifetime> parents;
    private final Set<Lifetime> children = new LinkedHashSet<>();
    private State state = State.OPEN;
    private int callers;

    private Lifetime() {
        this.name = "root";
        this.self = () -> {};
        this.parents = List.of();
    }

    /**
     * A life that ends with its parents'. The caller holds every parent (see {@link #enter()}).
     *
     * @param name how messages call the object
     * @param self closes the object
     * @param parents what it was made from
     */
    public Lifetime(String name, AutoCloseable self, Lifetime... parents) {
        this.name = name;
        this.self = self;
        this.parents = List.of(parents);
        for (Lifetime parent : parents) {
            synchronized (parent) {
                parent.children.add(this);
            }
        }
    }

    /** How messages call the object. */
    public String name() {
        return name;
    }

    /** Whether it is neither closed nor being closed. */
    public synchronized boolean isOpen() {
        return state == State.OPEN;
    }

    /**
     * Begins a call on the object, which is not destroyed before {@link #exit()}.
     *
     * @throws IllegalStateException when it is closed
     */
    public synchronized void enter() {
        if (state != State.OPEN) {
            throw new IllegalStateException(name + " is closed");
        }
        callers++;
    }

    /** Ends a call. */
    public synchronized void exit() {
        callers--;
        if (callers == 0) {
            notifyAll();
        }
    }

    /**
     * Closes once: {@code wake} ends calls that wait inside, then the children are closed, then {@code destroy} runs. What
     * fails is logged, not thrown. A second call returns at once.
     */
    public void close(Runnable wake, Runnable destroy) {
        try {
            closeOrThrow(wake, destroy);
        } catch (RuntimeException e) {
            LOG.warn("closing {}: {}", name, e.getMessage());
            finish();
        }
    }

    /** As {@link #close}, but when {@code destroy} throws, the object stays open and the exception goes on. */
    public void closeOrThrow(Runnable wake, Runnable destroy) {
        synchronized (this) {
            if (state != State.OPEN) {
                return;
            }
            state = State.CLOSING;
        }
        wake.run();
        boolean idle = awaitCallers();
        closeChildren();
        if (idle) {
            try {
                destroy.run();
            } catch (RuntimeException e) {
                synchronized (this) {
                    state = State.OPEN;
                }
                throw e;
            }
        }
        finish();
    }

    private void finish() {
        synchronized (this) {
            state = State.CLOSED;
        }
        for (Lifetime parent : parents) {
            synchronized (parent) {
                parent.children.remove(this);
            }
        }
    }

    /** Twice, since what refuses at first (a region with bound windows) may be free after the others are closed. */
    private void closeChildren() {
        for (int pass = 0; pass < 2; pass++) {
            for (Lifetime child : childrenNewestFirst()) {
                try {
                    child.self.close();
                } catch (Exception e) {
                    if (pass > 0) {
                        LOG.warn("closing {} with {}: {}", child.name, name, e.getMessage());
                    }
                }
            }
        }
    }

    private synchronized List<Lifetime> childrenNewestFirst() {
        return new ArrayList<>(children).reversed();
    }

    private synchronized boolean awaitCallers() {
        long start = System.nanoTime();
        boolean interrupted = false;
        while (callers > 0) {
            long left = CALLS_TIMEOUT_NS - (System.nanoTime() - start);
            if (left <= 0) {
                LOG.warn("{} is not destroyed: a call on it has not returned for 10 s", name);
                break;
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return callers == 0;
    }
}
