package dev.verbena.memory;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory may be registered, and so locked, at a time. It is asked before memory is allocated, so that a length
 * from a peer cannot take what the rest of the program needs.
 *
 * <p>Threading: any thread.
 */
public final class LockedMemoryBudget {
    /** What has registered memory that nobody uses at the moment. */
    interface Reclaimer {
        /** Deregisters what it can do without. Called by any thread, which holds no lock of a reclaimer. */
        void reclaim();
    }

    private final String owner;
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final List<Reclaimer> reclaimers = new CopyOnWriteArrayList<>();

    /**
     * A budget.
     *
     * @param owner whose it is, for messages: {@code device rxe0}
     * @param limitBytes at least 1
     */
    public LockedMemoryBudget(String owner, long limitBytes) {
        if (limitBytes < 1) {
            throw new IllegalArgumentException("a budget of " + limitBytes + " bytes is less than 1");
        }
        this.owner = owner;
        this.limitBytes = limitBytes;
    }

    /** What may be registered at a time. */
    public long limitBytes() {
        return limitBytes;
    }

    /** What is registered. */
    public long usedBytes() {
        return usedBytes.get();
    }

    /** Takes so many bytes out of the budget; false, and nothing taken, when they are not there. */
    public boolean tryReserve(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("length " + bytes);
        }
        long used = usedBytes.get();
        while (bytes <= limitBytes - used) {
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return true;
            }
            used = usedBytes.get();
        }
        return false;
    }

    /**
     * As {@link #tryReserve}; what is registered and unused is given up for it, whoever has it.
     *
     * @throws VerbsException ENOMEM that says what was asked for, what is used, and how to raise the budget
     */
    public void reserve(long bytes) {
        if (tryReserve(bytes)) {
            return;
        }
        if (bytes <= limitBytes) {
            for (Reclaimer reclaimer : reclaimers) {
                reclaimer.reclaim();
                if (tryReserve(bytes)) {
                    return;
                }
            }
        }
        throw spent(bytes);
    }

    /** From now on it is asked when the budget is spent. */
    void add(Reclaimer reclaimer) {
        reclaimers.add(reclaimer);
    }

    /** It is asked no more. */
    void remove(Reclaimer reclaimer) {
        reclaimers.remove(reclaimer);
    }

    VerbsException spent(long bytes) {
        return new VerbsException(
                "ibv_reg_mr",
                owner + ", " + text(bytes),
                Errno.ENOMEM,
                "the budget for locked memory is " + text(limitBytes) + ", " + text(usedBytes())
                        + " of it are in use: release buffers, or raise it with"
                        + " QueuePairManagerConfig.lockedMemoryMaxBytes");
    }

    /** Gives bytes back. */
    public void release(long bytes) {
        long left = usedBytes.addAndGet(-bytes);
        if (left < 0) {
            throw new IllegalStateException("the budget of " + owner + " got back more than was taken: " + left);
        }
    }

    /** A length as people read it: {@code 8.0 MiB}. */
    public static String text(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
