package dev.verbena.verbs.embedded;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a thread is inside the short way of a request, to two kinds of askers. Those of this process who want a
 * {@link Guard} ask a field. Those of any process who take memory back ask a word in the control segment, odd while the
 * thread is inside an access; it is touched only by who has the guards, since without them the segment itself may be gone.
 * While a thread is present it waits for nobody.
 *
 * <p>Threading: {@link #awaitOutside} by any thread, the rest by its own. Hot path.
 */
@SuppressWarnings("ReferenceEquality") // threads are compared by identity
final class Presence {
    /** No thread is ever present here. */
    static final Presence NOBODY = new Presence(null, 0);

    private static final VarHandle INSIDE;

    static {
        try {
            INSIDE = MethodHandles.lookup().findVarHandle(Presence.class, "inside", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private final @Nullable Thread thread;
    private final long word;

    @SuppressWarnings("UnusedVariable") // through INSIDE
    private boolean inside;

    Presence(@Nullable Thread thread, long word) {
        this.thread = thread;
        this.word = word;
    }

    long word() {
        return word;
    }

    /** Whether it is the calling thread's. */
    boolean isMine() {
        return thread == Thread.currentThread();
    }

    /** The thread is inside: guards that lean to it from here on do so until it leaves. */
    void enter() {
        INSIDE.setOpaque(this, true);
        Fences.light();
    }

    /** With the guards: memory that it finds from here on stays until {@link #endAccess}. */
    void beginAccess() {
        Memory.putLong(word, Memory.getLong(word) + 1);
        Fences.light();
    }

    void endAccess() {
        Memory.putLongRelease(word, Memory.getLong(word) + 1);
    }

    void leave() {
        INSIDE.setRelease(this, false);
    }

    /** Waits until the thread is outside; after a heavy fence. */
    void awaitOutside() {
        for (int round = 0; (boolean) INSIDE.getAcquire(this); round++) {
            Guard.pause(round);
        }
    }
}
