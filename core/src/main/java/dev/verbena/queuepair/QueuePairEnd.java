package dev.verbena.queuepair;

import dev.verbena.verbs.WorkCompletions;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What an event loop serves: one queue pair and what is built on it. All methods are called on the loop's thread.
 *
 * <p>Threading: of the loop; {@link #scheduled} is for {@link EventLoop#schedule}.
 */
public abstract class QueuePairEnd {
    /** Whether it stands in the loop's queue of ends that other threads have work for. */
    final AtomicBoolean scheduled = new AtomicBoolean();

    /** Whether it stands in the loop's list of ends to be flushed at the end of the turn. */
    boolean touched;

    /** An end that no loop serves yet. */
    protected QueuePairEnd() {}

    /** A send request has finished, well or not. */
    protected abstract void onSendCompletion(int sequence, WorkCompletions completions, int index);

    /** A receive has finished, well or not. */
    protected abstract void onReceiveCompletion(int slot, WorkCompletions completions, int index);

    /** Another thread has left work, see {@link EventLoop#schedule}. */
    protected abstract void onScheduled();

    /** The end of a turn in which it was touched: hand over what was staged. */
    protected abstract void onTurnEnd();

    /** The device did not take what was staged. */
    protected abstract void onPostFailed(String why);

    /** What was called for it threw: it cannot go on. */
    protected abstract void onFault(Throwable thrown);

    /** Some milliseconds have passed. */
    protected abstract void onTick(long nowNs);
}
