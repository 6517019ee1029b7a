package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import java.util.EnumSet;
import java.util.Set;

/**
 * Where the rules depend on what a device declares that it can do.
 *
 * @param exactStatus every failure has the status that the specification names
 * @param windowBounds the bounds of memory windows are checked
 * @param sendQueueErrorState a failed send of an unreliable queue pair ends its send queue only
 * @param slotsFreedByPolling queues have the size that was asked for, and a slot is free when its completion was polled
 * @param resumesAfterDraining what was held back while the send queue was drained goes on without another post
 * @param lastReceive it tells when a queue pair on a shared receive queue has taken its last receive
 * @param multicast it has multicast groups
 * @param sound it does not stop or fail where kernel Soft-RoCE, which is known here by its want of exact statuses, does so: at
 *     BIND_MW and LOCAL_INV behind other requests, at a fence behind a message that waits for a receive, at wrong keys to be
 *     invalidated, at too long unreliable messages, at receives posted to a queue pair that has failed by itself; and the receive
 *     for a WRITE with immediate data that is refused is flushed; and SQ_DRAINED comes only when it was asked for
 */
record Rules(
        boolean exactStatus,
        boolean windowBounds,
        boolean sendQueueErrorState,
        boolean slotsFreedByPolling,
        boolean resumesAfterDraining,
        boolean lastReceive,
        boolean multicast,
        boolean sound) {
    /** The specification, to the letter. */
    static final Rules STRICT = new Rules(true, true, true, true, true, true, true, true);

    /** Statuses that a device without exact statuses confuses. RNR_RETRY_EXC_ERR, RETRY_EXC_ERR, WR_FLUSH_ERR are exact. */
    private static final Set<CompletionStatus> VAGUE = EnumSet.of(
            CompletionStatus.LOC_LEN_ERR,
            CompletionStatus.LOC_QP_OP_ERR,
            CompletionStatus.LOC_PROT_ERR,
            CompletionStatus.MW_BIND_ERR,
            CompletionStatus.LOC_ACCESS_ERR,
            CompletionStatus.REM_INV_REQ_ERR,
            CompletionStatus.REM_ACCESS_ERR,
            CompletionStatus.REM_OP_ERR);

    static Rules of(Context context) {
        return new Rules(
                context.has(Capability.EXACT_ERROR_STATUS),
                context.has(Capability.MEMORY_WINDOW_BOUNDS),
                context.has(Capability.SEND_QUEUE_ERROR_STATE),
                context.has(Capability.SEND_SLOTS_FREED_BY_POLLING),
                context.has(Capability.RESUMES_AFTER_DRAINING),
                context.has(Capability.LAST_WQE_REACHED),
                context.has(Capability.MULTICAST),
                context.has(Capability.EXACT_ERROR_STATUS));
    }

    /** The statuses that a device may give where the specification names one. */
    Set<CompletionStatus> allowed(CompletionStatus exact) {
        return exactStatus || !VAGUE.contains(exact) ? EnumSet.of(exact) : EnumSet.copyOf(VAGUE);
    }
}
