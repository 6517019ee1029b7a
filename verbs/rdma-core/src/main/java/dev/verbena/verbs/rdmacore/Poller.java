package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.Libc;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.rdmacore.ffi.Pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

/**
 * One platform thread that waits in poll(2) for all descriptors that somebody waits for, so that no caller's thread, which
 * may be a virtual one, ever blocks in a downcall. The callers park, and can be interrupted at any time.
 *
 * <p>Threading: any thread may wait. The descriptor array is rebuilt by the poller's thread alone; the list of
 * waiters is guarded by this object's monitor; an eventfd tells the thread that the list has changed. The thread is a
 * daemon, starts with the first waiter, and sleeps without a timeout's cost while nobody waits.
 */
final class Poller {
    /** Upper bound of one poll(2), so that even a lost wake-up is noticed. */
    private static final int POLL_MS = 1000;

    private static final ThreadFactory THREADS =
            Thread.ofPlatform().name("verbena-rdma-core-events").daemon(true).factory();

    /** Somebody who waits for one descriptor. */
    static final class Waiter {
        private final int fd;
        private final Thread thread = Thread.currentThread();
        private volatile boolean done;

        Waiter(int fd) {
            this.fd = fd;
        }

        /** Ends the wait. */
        void finish() {
            done = true;
            LockSupport.unpark(thread);
        }
    }

    private static final class Holder {
        static final Poller INSTANCE = new Poller();
    }

    private final int wakeFd;
    private final List<Waiter> waiters = new ArrayList<>();
    private boolean started;

    private Poller() {
        wakeFd =
                Failure.check("eventfd", "the event poller", Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK), "");
    }

    static Poller instance() {
        return Holder.INSTANCE;
    }

    /** Whether something can be read from the descriptor now. Does not block. */
    static boolean isReadable(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            long pollfd = arena.allocate(Pollfd.SIZE, Long.BYTES).address();
            Pollfd.set(pollfd, fd, Pollfd.POLLIN);
            return Libc.poll(pollfd, 1, 0) > 0;
        }
    }

    /** Begins to wait; {@link #remove} must follow. */
    void add(Waiter waiter) {
        synchronized (this) {
            waiters.add(waiter);
            if (!started) {
                started = true;
                THREADS.newThread(this::run).start();
            }
        }
        wake();
    }

    /** Ends a wait. The thread forgets the descriptor at once, so that it can be closed. */
    void remove(Waiter waiter) {
        boolean present;
        synchronized (this) {
            present = waiters.remove(waiter);
        }
        if (present) {
            wake();
        }
    }

    /** Parks until the waiter is finished or the time is over. */
    static void park(Waiter waiter, long timeoutNs) throws InterruptedException {
        long start = System.nanoTime();
        while (!waiter.done) {
            long left = timeoutNs - (System.nanoTime() - start);
            if (left <= 0) {
                return;
            }
            LockSupport.parkNanos(waiter, left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private void wake() {
        try (Arena arena = Arena.ofConfined()) {
            long one = arena.allocate(Long.BYTES, Long.BYTES).address();
            Memory.putLong(one, 1);
            // EAGAIN means that the counter is full, and then the thread is awake anyway.
            long _ = Libc.write(wakeFd, one, Long.BYTES);
        }
    }

    private void run() {
        MemorySegment block = Arena.ofAuto().allocate(64 * (long) Pollfd.SIZE, Long.BYTES);
        long counter = Arena.global().allocate(Long.BYTES, Long.BYTES).address();
        List<Waiter> polled = new ArrayList<>();
        while (true) {
            polled.clear();
            synchronized (this) {
                polled.addAll(waiters);
            }
            long needed = (polled.size() + 1L) * Pollfd.SIZE;
            if (block.byteSize() < needed) {
                block = Arena.ofAuto().allocate(2 * needed, Long.BYTES);
            }
            long fds = block.address();
            Pollfd.set(fds, wakeFd, Pollfd.POLLIN);
            for (int i = 0; i < polled.size(); i++) {
                Pollfd.set(fds + (i + 1L) * Pollfd.SIZE, polled.get(i).fd, Pollfd.POLLIN);
            }
            int ready = Libc.poll(fds, polled.size() + 1L, POLL_MS);
            if (ready > 0) {
                dispatch(fds, polled, counter);
            }
        }
    }

    private void dispatch(long fds, List<Waiter> polled, long counter) {
        if (Pollfd.revents(fds) != 0) {
            long _ = Libc.read(wakeFd, counter, Long.BYTES);
        }
        for (int i = 0; i < polled.size(); i++) {
            if (Pollfd.revents(fds + (i + 1L) * Pollfd.SIZE) != 0) {
                Waiter waiter = polled.get(i);
                synchronized (this) {
                    waiters.remove(waiter);
                }
                waiter.finish();
            }
        }
    }

    /** Makes reads from a descriptor answer EAGAIN instead of waiting. */
    static void makeNonBlocking(int fd, String object) {
        int flags = Libc.fcntl(fd, Libc.F_GETFL, 0);
        int result = flags < 0 ? flags : Libc.fcntl(fd, Libc.F_SETFL, flags | Libc.O_NONBLOCK);
        if (result < 0) {
            throw new VerbsException("fcntl", object, -result, "");
        }
    }
}
