package dev.verbena.disni;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.ref.Cleaner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Closes what DiSNI forgets. Its passive endpoints make a completion queue and a channel for every connection and never
 * destroy them; they are closed when the program can reach them no more.
 *
 * <p>Threading: any thread.
 */
final class Abandoned {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final Condition CLOSED = LOCK.newCondition();
    private static long closed;

    private Abandoned() {}

    /** Closes a verbs object when DiSNI's object for it has become unreachable, unless it was closed before. */
    static void closeWith(Object disni, AutoCloseable verbs) {
        CLEANER.register(disni, () -> close(verbs));
    }

    private static void close(AutoCloseable verbs) {
        try {
            verbs.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            LOCK.lock();
            try {
                closed++;
                CLOSED.signalAll();
            } finally {
                LOCK.unlock();
            }
        }
    }

    /** Makes something; where descriptors or memory are used up, once more after abandoned objects have been closed. */
    static <T> T make(Supplier<T> maker) {
        try {
            return maker.get();
        } catch (VerbsException e) {
            if ((e.errno() != Errno.EMFILE && e.errno() != Errno.ENOMEM) || !collected()) {
                throw e;
            }
            return maker.get();
        }
    }

    private static boolean collected() {
        LOCK.lock();
        try {
            long before = closed;
            long left = PATIENCE_NS;
            System.gc();
            while (closed == before && left > 0) {
                left = CLOSED.awaitNanos(left);
            }
            return closed != before;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            LOCK.unlock();
        }
    }
}
