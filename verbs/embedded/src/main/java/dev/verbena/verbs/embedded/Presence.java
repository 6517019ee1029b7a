package dev.verbena.verbs.embedded;

import org.jspecify.annotations.Nullable;

/**
 * Says whether a thread is inside the short way of a request: one word in the control segment, odd meanwhile. One word
 * answers two questions: those of this process who want a {@link Guard} wait for it, and so do those of any process who
 * take memory back. While a thread is present it waits for nobody.
 *
 * <p>Threading: {@link #enter} and {@link #leave} by its thread, the rest by any. Hot path.
 */
@SuppressWarnings("ReferenceEquality") // threads are compared by identity
final class Presence {
    /** No thread is ever present here. */
    static final Presence NOBODY = new Presence(null, 0);

    private final @Nullable Thread thread;
    private final long word;

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

    /** The thread is inside: what it looks at from here on stays until it leaves. */
    void enter() {
        Memory.putLong(word, Memory.getLong(word) + 1);
        Fences.light();
    }

    void leave() {
        Memory.putLongRelease(word, Memory.getLong(word) + 1);
    }

    /** Waits until the thread is outside, or has been; after a heavy fence. */
    void awaitOutside() {
        long seen = word == 0 ? 0 : Memory.getLongAcquire(word);
        for (int round = 0; (seen & 1) != 0 && Memory.getLongAcquire(word) == seen; round++) {
            Guard.pause(round);
        }
    }
}
