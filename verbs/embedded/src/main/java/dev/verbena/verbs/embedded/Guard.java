package dev.verbena.verbs.embedded;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A lock that leans towards the thread that uses it: for that owner it costs two plain stores, since the other side pays
 * for the fence between them ({@link Fences}). Another thread that locks it becomes the owner; after
 * {@value #OWNERS_MAX} changes nobody is, and the guard is an ordinary spinning lock. A visitor, such as the agent, locks
 * it and leaves the owner the owner. Not reentrant. Guards are taken in this order: queue pair, completion queue, shared
 * receive queue, ring.
 *
 * <p>How it works: the owner says that it is inside, then looks again whether the guard still leans to it. Whoever else
 * comes holds the lock behind it, takes the lean away, makes every processor pass a fence, and waits until the owner is
 * outside. While the lean is away the owner goes through the lock as well.
 *
 * <p>An owner with a {@link Presence} may do without locking: who is present, and finds the guard leaning to it, has it
 * until it leaves. Whoever takes the lean away waits for that, too.
 *
 * <p>Threading: any thread; held by one. Hot path.
 */
@SuppressWarnings("ReferenceEquality") // threads and holds are compared by identity
final class Guard {
    static final int OWNERS_MAX = 16;
    private static final int SPINS = 100;
    private static final long PAUSE_NS = 20_000;
    private static final VarHandle TAKEN;
    private static final VarHandle LEAN;
    private static final VarHandle INSIDE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TAKEN = lookup.findVarHandle(Guard.class, "taken", boolean.class);
            LEAN = lookup.findVarHandle(Guard.class, "lean", Hold.class);
            INSIDE = lookup.findVarHandle(Hold.class, "inside", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How the guard is held. */
    static final class Hold {
        private final @Nullable Thread thread;
        private final Presence presence;

        @SuppressWarnings("UnusedVariable") // through INSIDE
        private boolean inside;

        private Hold(@Nullable Thread thread, Presence presence) {
            this.thread = thread;
            this.presence = presence;
        }

        /** Where its owner can be present; {@link Presence#NOBODY} when it cannot. */
        Presence presence() {
            return presence;
        }
    }

    /** Nobody's fast way is open: no guard ever leans to it. */
    static final Hold NONE = new Hold(null, Presence.NOBODY);

    private static final Hold NOBODY = new Hold(null, Presence.NOBODY);
    /** Held through the lock behind. */
    private static final Hold LOCKED = new Hold(null, Presence.NOBODY);

    private final @Nullable Presences presences;

    /** The lock behind; whoever holds it may change the rest. */
    @SuppressWarnings("UnusedVariable") // through TAKEN
    private boolean taken;

    private Hold lean = NOBODY;
    private Hold afterwards = NOBODY;
    private int owners;

    /** @param presences where owners of it can be present, null when they have to lock */
    Guard(@Nullable Presences presences) {
        this.presences = presences;
    }

    /** How it leans: to a thread that is present and looks after it came, it is as good as locked. Hot path. */
    Hold lean() {
        return (Hold) LEAN.getAcquire(this);
    }

    /** How it leans to the calling thread; {@link #NONE} when it does not. */
    Hold leaning() {
        Hold now = (Hold) LEAN.getAcquire(this);
        return now.thread == Thread.currentThread() ? now : NONE;
    }

    /** Locks; every call is paired with {@link #unlock}. */
    Hold lock() {
        Hold mine = lean;
        if (mine.thread == Thread.currentThread()) {
            INSIDE.setOpaque(mine, true);
            Fences.light();
            if ((Hold) LEAN.getAcquire(this) == mine) {
                return mine;
            }
            INSIDE.setRelease(mine, false);
        }
        return lockSlowly(true);
    }

    /** Locks without becoming the owner. */
    Hold visit() {
        return lockSlowly(false);
    }

    /** Locks without becoming the owner, unless another thread holds it: then null. */
    @Nullable
    Hold tryVisit() {
        if (!TAKEN.compareAndSet(this, false, true)) {
            return null;
        }
        takeOver(false);
        return LOCKED;
    }

    void unlock(Hold hold) {
        if (hold == LOCKED) {
            LEAN.setRelease(this, afterwards);
            TAKEN.setRelease(this, false);
        } else {
            INSIDE.setRelease(hold, false);
        }
    }

    private Hold lockSlowly(boolean own) {
        for (int round = 0; !TAKEN.compareAndSet(this, false, true); round++) {
            pause(round);
        }
        takeOver(own);
        return LOCKED;
    }

    /** Under the lock behind: waits until the owner is outside, and decides who is the owner afterwards. */
    private void takeOver(boolean own) {
        Hold former = lean;
        afterwards = former;
        if (former.thread == Thread.currentThread()) {
            return;
        }
        if (former.thread != null) {
            LEAN.setRelease(this, NOBODY);
            Fences.heavy();
            for (int round = 0; (boolean) INSIDE.getAcquire(former); round++) {
                pause(round);
            }
            former.presence.awaitOutside();
        }
        if (own) {
            Thread owner = Thread.currentThread();
            Presence presence = presences == null ? Presence.NOBODY : presences.of(owner);
            afterwards = owners < OWNERS_MAX ? new Hold(owner, presence) : NOBODY;
            owners = Math.min(owners + 1, OWNERS_MAX);
        }
    }

    /** Between two looks at what another thread has to do first: spins, then sleeps. */
    static void pause(int round) {
        if (round < SPINS) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(PAUSE_NS);
        }
    }
}
