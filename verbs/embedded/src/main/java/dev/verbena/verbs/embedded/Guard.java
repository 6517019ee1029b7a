package dev.verbena.verbs.embedded;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A lock that is almost always free: one compare-and-set in, one store out. Who finds it taken spins shortly, then pauses.
 * Not reentrant. Guards are taken in this order: queue pair, completion queue, shared receive queue, ring.
 *
 * <p>Threading: any thread; held by one. Hot path.
 */
final class Guard {
    private static final int SPINS = 100;
    private static final long PAUSE_NS = 20_000;
    private static final VarHandle TAKEN;

    static {
        try {
            TAKEN = MethodHandles.lookup().findVarHandle(Guard.class, "taken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("UnusedVariable") // through TAKEN
    private boolean taken;

    void lock() {
        if (!TAKEN.compareAndSet(this, false, true)) {
            lockSlowly();
        }
    }

    boolean tryLock() {
        return TAKEN.compareAndSet(this, false, true);
    }

    void unlock() {
        TAKEN.setRelease(this, false);
    }

    private void lockSlowly() {
        for (int round = 0; !TAKEN.compareAndSet(this, false, true); round++) {
            if (round < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }
}
