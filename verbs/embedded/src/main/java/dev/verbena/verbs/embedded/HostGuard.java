package dev.verbena.verbs.embedded;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Keeps visitors out of an object while its host is inside, and the host while a visitor is. The host is whoever the API
 * lets in, one thread at a time; so it pays two plain stores and a load, and the visitors, such as the agent, pay for the
 * fence between them ({@link Fences}). Not reentrant. Taken before every {@link Guard}.
 *
 * <p>Threading: as above. Hot path: {@link #enter}, {@link #leave}.
 */
final class HostGuard {
    private static final VarHandle INSIDE;
    private static final VarHandle VISITED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            INSIDE = lookup.findVarHandle(HostGuard.class, "inside", boolean.class);
            VISITED = lookup.findVarHandle(HostGuard.class, "visited", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("UnusedVariable") // through INSIDE
    private boolean inside;

    @SuppressWarnings("UnusedVariable") // through VISITED
    private boolean visited;

    /** The host enters. */
    void enter() {
        INSIDE.setOpaque(this, true);
        Fences.light();
        if ((boolean) VISITED.getAcquire(this)) {
            enterSlowly();
        }
    }

    private void enterSlowly() {
        do {
            INSIDE.setRelease(this, false);
            for (int round = 0; (boolean) VISITED.getAcquire(this); round++) {
                Guard.pause(round);
            }
            INSIDE.setOpaque(this, true);
            Fences.light();
        } while ((boolean) VISITED.getAcquire(this));
    }

    /** The host leaves. */
    void leave() {
        INSIDE.setRelease(this, false);
    }

    /** A visitor enters when the host and other visitors are outside. */
    void visit() {
        for (int round = 0; !VISITED.compareAndSet(this, false, true); round++) {
            Guard.pause(round);
        }
        Fences.heavy();
        for (int round = 0; (boolean) INSIDE.getAcquire(this); round++) {
            Guard.pause(round);
        }
    }

    /** A visitor enters if nobody is inside. */
    boolean tryVisit() {
        if ((boolean) INSIDE.getAcquire(this) || !VISITED.compareAndSet(this, false, true)) {
            return false;
        }
        Fences.heavy();
        if ((boolean) INSIDE.getAcquire(this)) {
            depart();
            return false;
        }
        return true;
    }

    /** The visitor leaves. */
    void depart() {
        VISITED.setRelease(this, false);
    }
}
