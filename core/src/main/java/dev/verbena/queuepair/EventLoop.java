package dev.verbena.queuepair;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One completion queue and the one thread that polls it. Queue pairs are spread over the loops, and everything of a queue
 * pair happens on its loop's thread; other threads hand work over.
 *
 * <p>Threading: {@link #poll} on the loop's thread only; {@link #execute} and {@link #schedule} from any.
 *
 * <p>Hot path: {@link #poll}, {@link #schedule}.
 */
@SuppressWarnings("ReferenceEquality") // threads are compared by identity
public final class EventLoop implements Executor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);
    private static final int BATCH = 64;
    private static final int TASKS_CHUNK = 256;
    private static final int TASKS_PER_TURN = 64;
    /** Empty polls between looks at the clock. */
    private static final int POLLS_PER_CLOCK = 1 << 10;
    /** Empty polls before an adaptive loop sleeps: some tens of microseconds. */
    private static final int POLLS_BEFORE_SLEEP = 1 << 12;

    private static final int POLLS_PER_YIELD = 64;
    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final Duration NAP = Duration.ofMillis(10);
    private static final long CLOSE_TIMEOUT_MS = 10_000;

    private static final long RECEIVE = 1L << 63;
    private static final int GENERATION_SHIFT = 48;
    private static final int INDEX_SHIFT = 32;
    private static final int GENERATION_MASK = 0x7fff;
    private static final int INDEX_MASK = 0xffff;
    /** In the place of an end's index: a shared receive, whose end is found by the number of its queue pair. */
    private static final int SHARED = INDEX_MASK;

    private static final int ENDS_MAX = INDEX_MASK;

    private static final ThreadLocal<@Nullable EventLoop> CURRENT = new ThreadLocal<>();

    /**
     * What has to wait until all completions that were there have been served.
     *
     * @param afterPoll the number of the poll after which it was asked for
     * @param served so many completions later it is done, even if the queue is never empty
     */
    private record Drain(Runnable task, long afterPoll, long served) {}

    private final String name;
    private final WaitingPolicy policy;
    private final @Nullable CompletionChannel channel;
    private final int entriesMax;
    private final CompletionQueue queue;
    private final @Nullable SharedReceives shared;
    private final ArrayDeque<Drain> drains = new ArrayDeque<>();
    private final WorkCompletions completions = new WorkCompletions(BATCH);
    private final Queue<Runnable> tasks = new MpscUnboundedVarHandleArrayQueue<>(TASKS_CHUNK);
    private final Queue<QueuePairEnd> scheduled = new MpscVarHandleArrayQueue<>(ENDS_MAX);
    private final Object registering = new Object();
    private final AtomicInteger entriesReserved = new AtomicInteger();
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private final @Nullable Thread thread;

    private volatile @Nullable QueuePairEnd[] ends = new QueuePairEnd[16];
    private int[] generations = new int[16];
    private volatile @Nullable Thread owner;
    private volatile boolean closing;
    private volatile boolean ended;

    private QueuePairEnd[] touched = new QueuePairEnd[16];
    private int touchedCount;
    private boolean inTurn;
    private int idlePolls;
    private long lastTickNs = System.nanoTime();
    private long polls;
    private long emptyPolls;
    private long served;

    /**
     * A loop, running unless the application drives it.
     *
     * @param name of the loop and its thread
     * @param entries room of its completion queue, that of the shared receives included
     * @param shared its own from now on; null when every connection has its own receives
     */
    public EventLoop(
            Context context,
            String name,
            WaitingPolicy policy,
            int entries,
            @Nullable SharedReceives shared,
            ThreadFactory threads) {
        this.name = name;
        this.policy = policy;
        boolean sleeps = policy == WaitingPolicy.ADAPTIVE || policy == WaitingPolicy.EVENT;
        this.channel = sleeps ? context.createCompletionChannel() : null;
        this.queue = context.createCompletionQueue(entries, channel, 0);
        this.entriesMax = entries;
        this.shared = shared;
        if (shared != null) {
            reserve(shared.slotsMax());
        }
        if (policy == WaitingPolicy.APPLICATION) {
            this.thread = null;
        } else {
            this.thread = threads.newThread(this::run);
            this.thread.setName(name);
            this.thread.start();
        }
    }

    /** Whether the calling thread is some loop's thread, at work in it. */
    public static boolean isLoopThread() {
        EventLoop loop = CURRENT.get();
        return loop != null && (loop.policy != WaitingPolicy.APPLICATION || loop.inTurn);
    }

    /** Whether the calling thread is this loop's. */
    public boolean isOwner() {
        return owner == Thread.currentThread();
    }

    /** Its completion queue. */
    public CompletionQueue queue() {
        return queue;
    }

    /** The receives that its connections share; null when each has its own. */
    public @Nullable SharedReceives sharedReceives() {
        return shared;
    }

    /** Its waiting policy. */
    public WaitingPolicy policy() {
        return policy;
    }

    /** How often it polled. */
    public long polls() {
        return polls;
    }

    /** How often it polled for nothing. */
    public long emptyPolls() {
        return emptyPolls;
    }

    // ---------------------------------------------------------------- ends

    /**
     * Takes room in the completion queue for the requests of a new end: its send slots and its receives.
     *
     * @throws VerbsException ENOSPC with the sum
     */
    public void reserve(int entries) {
        int reserved = entriesReserved.addAndGet(entries);
        // What was asked for: a device that grants more would make connectionsPerLoopMax another number.
        if (reserved > entriesMax) {
            entriesReserved.addAndGet(-entries);
            throw new VerbsException(
                    "ibv_create_qp",
                    queue.toString(),
                    Errno.ENOSPC,
                    String.format(
                            "%,d more completions can be outstanding, %,d of %,d are spoken for: raise"
                                    + " QueuePairManagerConfig.connectionsPerLoopMax, or add loops",
                            entries, reserved - entries, entriesMax));
        }
    }

    /** Gives back what {@link #reserve} took. */
    public void unreserve(int entries) {
        entriesReserved.addAndGet(-entries);
    }

    /**
     * Adds an end, before its first request can complete.
     *
     * @return the base of its request ids
     */
    public long register(QueuePairEnd end) {
        synchronized (registering) {
            QueuePairEnd[] all = ends;
            int index = 0;
            while (index < all.length && all[index] != null) {
                index++;
            }
            if (index == ENDS_MAX) {
                throw new IllegalStateException(name + " serves " + ENDS_MAX + " queue pairs already");
            }
            if (index == all.length) {
                all = Arrays.copyOf(all, 2 * index);
                generations = Arrays.copyOf(generations, 2 * index);
            }
            all[index] = end;
            ends = all;
            return ((long) generations[index] << GENERATION_SHIFT) | ((long) index << INDEX_SHIFT);
        }
    }

    /** Removes an end; its late completions are counted and dropped. */
    public void unregister(long base) {
        synchronized (registering) {
            int index = (int) (base >>> INDEX_SHIFT) & INDEX_MASK;
            QueuePairEnd[] all = ends;
            all[index] = null;
            generations[index] = (generations[index] + 1) & GENERATION_MASK;
            ends = all;
        }
    }

    /** Has completions of shared receives dispatched to an end. On the loop's thread, see {@link #whenDrained}. */
    public void serve(int queuePairNumber, QueuePairEnd end) {
        sharing().ends().put(queuePairNumber, end);
    }

    /** From now on the end's completions of shared receives are reaped. On the loop's thread. */
    public void unserve(int queuePairNumber, QueuePairEnd end) {
        sharing().ends().remove(queuePairNumber, end);
    }

    private SharedReceives sharing() {
        SharedReceives receives = shared;
        if (receives == null) {
            throw new IllegalStateException(name + " has no shared receives");
        }
        return receives;
    }

    /**
     * Runs a task when every completion that is in the queue now has been served. On the loop's thread. Numbers of queue
     * pairs are reused: what a queue pair has left in the queue is served before one that has its number now.
     */
    public void whenDrained(Runnable task) {
        drains.add(new Drain(task, polls, served + queue.entries() + BATCH));
    }

    static long sharedId(int slot) {
        return RECEIVE | (long) SHARED << INDEX_SHIFT | slot;
    }

    static long sendId(long base, int sequence) {
        return base | Integer.toUnsignedLong(sequence);
    }

    static long receiveId(long base, int slot) {
        return base | RECEIVE | slot;
    }

    // ---------------------------------------------------------------- from other threads

    /** Runs a task on the loop's thread. */
    @Override
    public void execute(Runnable task) {
        if (ended) {
            throw new RejectedExecutionException(name + " is closed");
        }
        tasks.offer(task);
        wake();
        if (ended) {
            end();
        }
    }

    /** Has {@link QueuePairEnd#onScheduled} called on the loop's thread, once for many calls. */
    public void schedule(QueuePairEnd end) {
        if (!end.scheduled.get() && end.scheduled.compareAndSet(false, true)) {
            scheduled.offer(end);
            wake();
        }
    }

    private void wake() {
        CompletionChannel sleepingOn = channel;
        if (sleepingOn != null && sleeping.get() && sleeping.compareAndSet(true, false)) {
            sleepingOn.wakeUp();
        }
    }

    // ---------------------------------------------------------------- the turn

    /** Has {@link QueuePairEnd#onTurnEnd} called at the end of this turn. On the loop's thread. */
    public void touch(QueuePairEnd end) {
        if (!end.touched) {
            end.touched = true;
            if (touchedCount == touched.length) {
                touched = Arrays.copyOf(touched, 2 * touchedCount);
            }
            touched[touchedCount++] = end;
        }
    }

    /** Whether a turn is under way, so that what is staged now is handed over at its end. */
    public boolean inTurn() {
        return inTurn;
    }

    /**
     * One turn: work of other threads, completions, and what follows from them. Never blocks.
     *
     * @return how much there was to do, 0 for nothing
     * @throws IllegalStateException on another thread than the loop's
     */
    public int poll() {
        requireOwner();
        inTurn = true;
        int work = runTasks() + runScheduled();
        polls++;
        int polled = queue.poll(completions);
        for (int i = 0; i < polled; i++) {
            dispatch(i);
        }
        if (!drains.isEmpty()) {
            served += polled;
            work += runDrained(polled < BATCH, false);
        }
        if (polled == 0) {
            emptyPolls++;
        }
        endTurn();
        work += polled;
        idlePolls = work > 0 ? 0 : idlePolls + 1;
        if (polls % POLLS_PER_CLOCK == 0) {
            // Busy or not: bounds on waits hold under traffic as well.
            tick();
        }
        return work;
    }

    /** Tasks that waited, and those that still do: both are work, so that the loop does not sleep. */
    private int runDrained(boolean empty, boolean last) {
        int work = drains.size();
        for (Drain drain = drains.peek();
                drain != null && (last || (polls > drain.afterPoll && (empty || served - drain.served >= 0)));
                drain = drains.peek()) {
            drains.remove();
            try {
                drain.task.run();
            } catch (RuntimeException | Error e) {
                LOG.error("{}: a task failed", name, e);
            }
        }
        return work;
    }

    private void requireOwner() {
        if (owner != Thread.currentThread()) {
            adopt();
        }
    }

    private void adopt() {
        if (policy != WaitingPolicy.APPLICATION) {
            throw new IllegalStateException(name + " runs by itself; only WaitingPolicy.APPLICATION loops are polled");
        }
        Thread before = owner;
        if (before != null) {
            throw new IllegalStateException(name + " belongs to thread " + before.getName() + ", it is polled from "
                    + Thread.currentThread().getName());
        }
        owner = Thread.currentThread();
        CURRENT.set(this);
    }

    private int runTasks() {
        int count = 0;
        for (Runnable task = tasks.poll(); task != null; task = ++count < TASKS_PER_TURN ? tasks.poll() : null) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.error("{}: a task failed", name, e);
            }
        }
        return count;
    }

    private int runScheduled() {
        int count = 0;
        for (QueuePairEnd end = scheduled.poll();
                end != null;
                end = ++count < TASKS_PER_TURN ? scheduled.poll() : null) {
            // First the flag: what is left from now on is scheduled again.
            end.scheduled.set(false);
            try {
                end.onScheduled();
            } catch (RuntimeException | Error e) {
                fault(end, e);
            }
        }
        return count;
    }

    private void dispatch(int index) {
        long id = completions.id(index);
        QueuePairEnd[] all = ends;
        int at = (int) (id >>> INDEX_SHIFT) & INDEX_MASK;
        QueuePairEnd end = at < all.length ? all[at] : null;
        if (at == SHARED) {
            dispatchShared((int) id, index);
            return;
        }
        if (end == null || generations[at] != ((int) (id >>> GENERATION_SHIFT) & GENERATION_MASK)) {
            // Of an end that is gone; its place may be another's by now.
            return;
        }
        try {
            if (id < 0) {
                end.onReceiveCompletion((int) id, completions, index);
            } else {
                end.onSendCompletion((int) id, completions, index);
            }
        } catch (RuntimeException | Error e) {
            fault(end, e);
        }
    }

    private void dispatchShared(int slot, int index) {
        SharedReceives receives = sharing();
        receives.served(slot);
        QueuePairEnd end = receives.ends().get(completions.queuePairNumber(index));
        if (end == null) {
            receives.reap(slot);
            return;
        }
        try {
            end.onReceiveCompletion(slot, completions, index);
        } catch (RuntimeException | Error e) {
            fault(end, e);
        }
        receives.settle(slot);
    }

    /** What an application's code, or ours, throws for one end ends that one and is no other's business. */
    private void fault(QueuePairEnd end, Throwable thrown) {
        LOG.error("{}: {}", name, end, thrown);
        try {
            end.onFault(thrown);
        } catch (RuntimeException | Error e) {
            LOG.error("{}: {} cannot be ended", name, end, e);
        }
    }

    private void endTurn() {
        SharedReceives receives = shared;
        if (receives != null) {
            receives.flush();
        }
        for (int i = 0; i < touchedCount; i++) {
            QueuePairEnd end = touched[i];
            end.touched = false;
            try {
                end.onTurnEnd();
            } catch (RuntimeException | Error e) {
                fault(end, e);
            }
        }
        touchedCount = 0;
        inTurn = false;
    }

    private void tick() {
        long nowNs = System.nanoTime();
        if (nowNs - lastTickNs >= TICK_NS) {
            lastTickNs = nowNs;
            inTurn = true;
            for (QueuePairEnd end : ends) {
                if (end != null) {
                    try {
                        end.onTick(nowNs);
                    } catch (RuntimeException | Error e) {
                        fault(end, e);
                    }
                }
            }
            SharedReceives receives = shared;
            if (receives != null) {
                receives.tick();
            }
            endTurn();
        }
    }

    // ---------------------------------------------------------------- the thread

    @SuppressWarnings("ThreadPriorityCheck") // with few processors the peer may need this one
    private void run() {
        owner = Thread.currentThread();
        CURRENT.set(this);
        while (!closing) {
            try {
                int work = poll();
                if (work == 0) {
                    idle();
                }
            } catch (RuntimeException | Error e) {
                LOG.error("{}: a turn failed", name, e);
                endTurn();
            }
        }
        end();
    }

    /** No task is taken any more; those that were are run, so that nobody waits for one for ever. */
    private void end() {
        ended = true;
        synchronized (tasks) {
            // And what waited for completions: the queue is closed next.
            while (runTasks() + runDrained(true, true) > 0) {
                // until there are none
            }
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // with few processors the peer may need this one
    private void idle() {
        if (policy == WaitingPolicy.BUSY || (policy == WaitingPolicy.ADAPTIVE && idlePolls < POLLS_BEFORE_SLEEP)) {
            if (policy == WaitingPolicy.ADAPTIVE && idlePolls % POLLS_PER_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
            return;
        }
        sleep();
    }

    private void sleep() {
        CompletionChannel waitingOn = channel;
        if (waitingOn == null) {
            return;
        }
        queue.requestNotify(false);
        sleeping.set(true);
        // A last look, after the arming: what came before it makes no event.
        if (poll() == 0 && tasks.isEmpty() && scheduled.isEmpty() && !closing) {
            try {
                waitingOn.await(NAP);
            } catch (InterruptedException e) {
                LOG.debug("{}: interrupted", name);
            }
            tick();
        }
        sleeping.set(false);
        while (waitingOn.poll() != null) {
            // Only that there was an event matters.
        }
    }

    /** Ends the thread, bounded in time, then closes the completion queue with what is left on it. Idempotent. */
    @Override
    public void close() {
        closing = true;
        wake();
        Thread running = thread;
        if (running != null && running != Thread.currentThread()) {
            try {
                running.join(CLOSE_TIMEOUT_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (running.isAlive()) {
                LOG.warn("{}: its thread has not ended for {} ms", name, CLOSE_TIMEOUT_MS);
            }
        }
        end();
        queue.close();
        SharedReceives receives = shared;
        if (receives != null) {
            receives.close();
        }
        CompletionChannel waitedOn = channel;
        if (waitedOn != null) {
            waitedOn.close();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
