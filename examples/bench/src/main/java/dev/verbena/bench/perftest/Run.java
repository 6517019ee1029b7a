package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a measuring loop looks at now and then: whether it shall stop, whether the other side is still there, and whether a
 * wait takes too long.
 *
 * <p>Threading: the measuring thread; {@link #stop} and {@link #done} from any.
 */
final class Run {
    /** Empty polls between two looks, where nobody else wants the processor. */
    private static final int POLLS_PER_LOOK = 1 << 12;

    /** Empty polls after which a rehearsal gives the processor to its other half. */
    private static final int POLLS_PER_YIELD = 32;

    private static final long GRACE_NS = 500_000_000;

    private static final VarHandle DONE;

    static {
        try {
            DONE = MethodHandles.lookup().findVarHandle(Run.class, "done", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final @Nullable PeerChannel peer;
    private final Duration timeout;
    private final int pollsPerLook;
    private volatile boolean stopped;

    @SuppressWarnings("UnusedVariable") // by its handle
    private long done;

    private long waitingSince;
    private long goneSince;

    /**
     * A run.
     *
     * @param peer the other side; null for a rehearsal, both sides of which are threads of this process
     * @param timeout of one wait
     */
    Run(@Nullable PeerChannel peer, Duration timeout) {
        this(peer, timeout, peer == null ? POLLS_PER_YIELD : POLLS_PER_LOOK);
    }

    /** A run whose other side is watched by somebody else, for instance by a connection of the core. */
    Run(Duration timeout) {
        this(null, timeout, POLLS_PER_LOOK);
    }

    private Run(@Nullable PeerChannel peer, Duration timeout, int pollsPerLook) {
        this.peer = peer;
        this.timeout = timeout;
        this.pollsPerLook = pollsPerLook;
    }

    /** Ctrl-C: the measuring thread ends its run with {@link Stopped} at its next look. */
    void stop() {
        stopped = true;
    }

    /** How many messages there have been at the last look. */
    long done() {
        return (long) DONE.getOpaque(this);
    }

    /** To be called now and then while there is something to do. */
    void checkpoint(long messages) {
        DONE.setOpaque(this, messages);
        if (stopped) {
            throw new Stopped();
        }
    }

    /** Counts an empty poll; looks around at every so many-th. Answers the next count. */
    int idle(int empty, String what) {
        if (empty + 1 < pollsPerLook) {
            Thread.onSpinWait();
            return empty + 1;
        }
        look(what);
        return 0;
    }

    /** A wait has ended, or begins. */
    void busy() {
        waitingSince = 0;
    }

    /** Looks around. */
    @SuppressWarnings("ThreadPriorityCheck") // the other half of a rehearsal may need this processor
    void look(String what) {
        if (stopped) {
            throw new Stopped();
        }
        long now = System.nanoTime();
        if (waitingSince == 0) {
            waitingSince = now;
        } else if (now - waitingSince > timeout.toNanos()) {
            throw Failure.timeout(what, timeout);
        }
        if (pollsPerLook == POLLS_PER_YIELD) {
            Thread.yield();
        } else if (peer != null && peer.isGone()) {
            requireWithinGrace(peer, now);
        }
    }

    /** A perftest that has all it wants closes at once, while the last completion here is still on its way. */
    private void requireWithinGrace(PeerChannel gone, long now) {
        if (goneSince == 0) {
            goneSince = now;
        } else if (now - goneSince > GRACE_NS) {
            throw gone.lost();
        }
    }

    /** Says that a run was stopped before its end. */
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;

        Stopped() {
            super("stopped", null, false, false);
        }
    }
}
