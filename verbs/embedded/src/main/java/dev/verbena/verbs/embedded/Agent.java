package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that makes progress when nobody calls: it serves the sockets, keeps the timers, drives what has to wait, and
 * sleeps in ppoll(2) without a timeout while there is nothing of that.
 *
 * <p>Threading: everything but {@link #kick}, {@link #watch}, {@link #close}, {@link #drive} and {@link #run} runs on
 * the agent's own thread.
 */
final class Agent {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final int POLLFD_BYTES = 8;
    private static final long NEVER = Long.MAX_VALUE;
    private static final long FAILED_NS = 1_000_000_000;

    /** Reads from a descriptor. */
    interface Handler {
        void onReadable();
    }

    /** Something that has to wait. */
    interface Waiting {
        /** Tries again if it is time; answers when to come again, {@link Long#MAX_VALUE} for never. */
        long onTime(long nowNs, boolean something);
    }

    private final Node node;
    private final int wakeFd;
    private final Map<Integer, Handler> handlers = new ConcurrentHashMap<>();
    private final Queue<Waiting> arriving = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final MemorySegment one = Arena.ofAuto().allocate(8, 8);
    private final Thread thread;
    private volatile boolean stopping;
    private int spareFd;
    private boolean turnedAway;

    Agent(Node node, String name) {
        this.node = node;
        this.wakeFd = Linux.eventfd();
        if (wakeFd < 0) {
            throw new VerbsException("eventfd", name, -wakeFd, SharedMemory.explain(-wakeFd));
        }
        this.spareFd = Linux.eventfd();
        Memory.putLong(one.address(), 1);
        thread = Thread.ofPlatform().daemon(true).name(name).unstarted(this::loop);
    }

    void start() {
        thread.start();
    }

    /** The descriptor that wakes it; peers have it too. */
    int wakeFd() {
        return wakeFd;
    }

    /** Makes it look around. */
    void kick() {
        // EAGAIN: the counter is full, so it is awake.
        long _ = Linux.write(wakeFd, one.address(), 8);
    }

    void watch(int fd, Handler handler) {
        handlers.put(fd, handler);
        kick();
    }

    /** Closes a descriptor that was watched. */
    void close(int fd) {
        handlers.remove(fd);
        int _ = Linux.close(fd);
        // The poll under way still holds the socket: the peer sees its end when the poll returns.
        kick();
    }

    /** Drives something until it says never. */
    void drive(Waiting what) {
        arriving.add(what);
        kick();
    }

    /** Runs something soon on the agent's thread. */
    void run(Runnable task) {
        tasks.add(task);
        kick();
    }

    boolean isCurrentThread() {
        return Thread.currentThread().equals(thread);
    }

    /**
     * Accepts a connection only to close it, since there are too many descriptors to keep it: left in the queue it would
     * wake the agent for ever.
     */
    void turnAway(int listenFd) {
        if (!turnedAway) {
            turnedAway = true;
            LOG.warn("connections are turned away: {}", SharedMemory.explain(Errno.EMFILE));
        }
        int _ = Linux.close(spareFd);
        int visitor = Linux.accept(listenFd);
        if (visitor >= 0) {
            int _ = Linux.close(visitor);
        }
        spareFd = Linux.eventfd();
    }

    private void loop() {
        try (Arena arena = Arena.ofConfined()) {
            long counter = arena.allocate(8, 8).address();
            long timespec = arena.allocate(16, 8).address();
            MemorySegment pollfds = Arena.ofAuto().allocate(64L * POLLFD_BYTES, 8);
            long wakeAt = 0;
            while (!stopping) {
                List<Integer> fds = new ArrayList<>(handlers.keySet());
                if (pollfds.byteSize() < (fds.size() + 1L) * POLLFD_BYTES) {
                    pollfds = Arena.ofAuto().allocate(2L * (fds.size() + 1L) * POLLFD_BYTES, 8);
                }
                long base = pollfds.address();
                arm(base, wakeFd);
                for (int i = 0; i < fds.size(); i++) {
                    arm(base + (i + 1L) * POLLFD_BYTES, fds.get(i));
                }
                int ready = Linux.ppoll(base, fds.size() + 1L, timespec(timespec, wakeAt));
                boolean something = ready > 0;
                if (something && revents(base) != 0) {
                    long _ = Linux.read(wakeFd, counter, 8);
                }
                if (something) {
                    dispatch(base, fds);
                } else if (ready == -Errno.EBADF) {
                    LOG.warn("a descriptor was closed under the agent");
                }
                wakeAt = work(something);
            }
        } finally {
            ended.countDown();
        }
    }

    private static void arm(long pollfd, int fd) {
        Memory.putInt(pollfd, fd);
        Memory.putInt(pollfd + 4, Linux.POLLIN);
    }

    private static int revents(long pollfd) {
        return Memory.getInt(pollfd + 4) >>> 16;
    }

    private static long timespec(long address, long wakeAtNs) {
        if (wakeAtNs == NEVER) {
            return 0;
        }
        long left = Math.max(wakeAtNs - System.nanoTime(), 0);
        Memory.putLong(address, left / 1_000_000_000);
        Memory.putLong(address + 8, left % 1_000_000_000);
        return address;
    }

    private void dispatch(long base, List<Integer> fds) {
        for (int i = 0; i < fds.size(); i++) {
            Handler handler = handlers.get(fds.get(i));
            if (revents(base + (i + 1L) * POLLFD_BYTES) != 0 && handler != null) {
                guarded(handler::onReadable);
            }
        }
    }

    /** One duty cycle; answers when the next is due. */
    private long work(boolean something) {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            guarded(task);
        }
        if (something) {
            guarded(node::onKick);
        }
        for (Waiting next = arriving.poll(); next != null; next = arriving.poll()) {
            waiting.add(next);
        }
        long wakeAt = NEVER;
        long now = System.nanoTime();
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting next = all.next();
            long again = now + FAILED_NS;
            try {
                again = next.onTime(now, something);
            } catch (RuntimeException e) {
                LOG.error("the agent could not drive {}", next, e);
            }
            if (again == NEVER) {
                all.remove();
            } else {
                wakeAt = Math.min(wakeAt, again);
            }
        }
        return arriving.isEmpty() && tasks.isEmpty() ? wakeAt : 0;
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("the agent goes on after a failure", e);
        }
    }

    /** Closes the descriptor that wakes it, when nobody uses it any more. */
    void dispose() {
        int _ = Linux.close(wakeFd);
        int _ = Linux.close(spareFd);
    }

    /** Ends the thread and waits for it, bounded. */
    void stop() {
        stopping = true;
        kick();
        boolean interrupted = false;
        try {
            if (!isCurrentThread() && !ended.await(5, TimeUnit.SECONDS)) {
                LOG.warn("{} has not ended within 5 s", thread.getName());
                return;
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
