package dev.verbena.verbs.internal;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time into the data path of an object, at the price of two plain stores while it is always the
 * same thread. Another thread takes the gate over by itself (tens of microseconds); after {@value #TRANSFERS_MAX}
 * transfers the gate becomes an ordinary lock. Closing waits until the thread inside has left.
 *
 * <p>How it works: the owner announces itself (an odd sequence), then looks again whether it still is the owner. Whoever
 * takes over replaces the owner, then makes every thread pass a full fence, then looks whether the former owner is
 * inside. The fence is one-sided: closing a shared {@link Arena} makes the JVM shake hands with every thread, so the
 * owner's side needs only a barrier for the compiler.
 *
 * <p>Hot path: {@link #enter()}, {@link #exit(Hold)}. Not reentrant.
 */
@SuppressWarnings({
    "ReferenceEquality", // threads are compared by identity
    "LockNotBeforeTry" // the lock of the shared mode is taken by enter and released by exit
})
public final class OwnerGate {
    /** After so many changes of the owner the gate stays a plain lock. */
    static final int TRANSFERS_MAX = 16;

    private static final long LEAVE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final VarHandle HOLD;
    private static final VarHandle SEQUENCE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HOLD = lookup.findVarHandle(OwnerGate.class, "hold", Hold.class);
            SEQUENCE = lookup.findVarHandle(Hold.class, "sequence", int.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One owner's place; its sequence is odd while the owner is inside. Written by that owner only. */
    public static final class Hold {
        private final @Nullable Thread thread;

        @SuppressWarnings("UnusedVariable") // through SEQUENCE
        private int sequence;

        private Hold(@Nullable Thread thread) {
            this.thread = thread;
        }
    }

    private static final Hold FREE = new Hold(null);
    private static final Hold SHARED = new Hold(null);
    private static final Hold CLOSED = new Hold(null);

    private final String name;
    private final Object transferLock = new Object();
    private final ReentrantLock sharedLock = new ReentrantLock(true);
    private Hold hold = FREE;
    private int transfers;

    /** A gate before the object with this name. */
    public OwnerGate(String name) {
        this.name = name;
    }

    /**
     * Enters; every call is paired with {@link #exit(Hold)}.
     *
     * @throws IllegalStateException when the object is closed
     */
    public Hold enter() {
        Hold mine = hold;
        if (mine.thread == Thread.currentThread()) {
            int sequence = (int) SEQUENCE.get(mine);
            SEQUENCE.setOpaque(mine, sequence + 1);
            // Keeps the compiler from reading the owner before it has announced us; the processor's side of this
            // store-load order is the taker's fence.
            VarHandle.releaseFence();
            VarHandle.acquireFence();
            if ((Hold) HOLD.getOpaque(this) == mine) {
                return mine;
            }
            SEQUENCE.setRelease(mine, sequence + 2);
        }
        return enterSlowly();
    }

    /** Leaves. */
    public void exit(Hold entered) {
        if (entered == SHARED) {
            sharedLock.unlock();
        } else {
            SEQUENCE.setRelease(entered, (int) SEQUENCE.get(entered) + 1);
        }
    }

    /** Whether {@link #close()} was called. */
    public boolean isClosed() {
        return HOLD.getAcquire(this) == CLOSED;
    }

    private Hold enterSlowly() {
        while (true) {
            if (HOLD.getAcquire(this) == SHARED) {
                sharedLock.lock();
                if (HOLD.getAcquire(this) == SHARED) {
                    return SHARED;
                }
                sharedLock.unlock();
            }
            synchronized (transferLock) {
                Hold former = (Hold) HOLD.getAcquire(this);
                if (former == CLOSED) {
                    throw new IllegalStateException(name + " is closed");
                }
                if (former == SHARED) {
                    continue;
                }
                if (former != FREE && ++transfers > TRANSFERS_MAX) {
                    HOLD.setRelease(this, SHARED);
                    awaitOutside(former, true);
                    continue;
                }
                Hold mine = new Hold(Thread.currentThread());
                HOLD.setRelease(this, mine);
                awaitOutside(former, true);
                SEQUENCE.setRelease(mine, 1);
                // A taker waits for transferLock, so nobody can have replaced us before we announced ourselves.
                return mine;
            }
        }
    }

    /**
     * Shuts the gate for good and waits until nobody is inside.
     *
     * @return false when it was shut already
     */
    public boolean close() {
        synchronized (transferLock) {
            Hold former = (Hold) HOLD.getAcquire(this);
            if (former == CLOSED) {
                return false;
            }
            HOLD.setRelease(this, CLOSED);
            if (former == SHARED) {
                sharedLock.lock();
                sharedLock.unlock();
            } else {
                awaitOutside(former, former.thread != Thread.currentThread());
            }
            return true;
        }
    }

    /**
     * Waits until whoever was inside when {@link #fence()} was called has left once. Call the fence first, after
     * publishing what must be seen by those who enter later.
     */
    public void awaitPassage() {
        Hold current = (Hold) HOLD.getAcquire(this);
        if (current == SHARED) {
            sharedLock.lock();
            sharedLock.unlock();
        } else {
            awaitOutside(current, false);
        }
    }

    /** Makes every thread of the JVM pass a full memory fence. */
    public static void fence() {
        VarHandle.fullFence();
        Arena.ofShared().close();
        VarHandle.fullFence();
    }

    private void awaitOutside(Hold former, boolean fenced) {
        if (former.thread == null || former.thread == Thread.currentThread()) {
            return;
        }
        if (fenced) {
            fence();
        }
        int seen = (int) SEQUENCE.getAcquire(former);
        if ((seen & 1) == 0) {
            return;
        }
        long start = System.nanoTime();
        for (int round = 0; (int) SEQUENCE.getAcquire(former) == seen; round++) {
            if (round < 1000) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(50_000);
                if (System.nanoTime() - start > LEAVE_TIMEOUT_NS) {
                    throw new IllegalStateException(
                            "thread " + former.thread.getName() + " has been inside a call on " + name + " for 10 s");
                }
            }
        }
    }
}
