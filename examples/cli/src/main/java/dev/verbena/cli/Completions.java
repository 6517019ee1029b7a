package dev.verbena.cli;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes completions one by one, and waits for them: by polling for a while, then asleep. A wait ends with a failure when
 * its time is over or the connection is.
 *
 * <p>Threading: one thread.
 */
final class Completions {
    /** Says whether the connection still stands. */
    interface Connection {
        /** Why it does not; null while it does. */
        @Nullable
        Failure lost();
    }

    private static final int BATCH = 32;
    private static final int POLLS_PER_YIELD = 64;
    private static final int POLLS_BEFORE_SLEEP = 64 * POLLS_PER_YIELD;
    private static final Duration NAP = Duration.ofMillis(100);
    /** How long the connection manager may take to tell why a request was flushed. */
    private static final Duration REASON_TIMEOUT = Duration.ofMillis(500);

    private final CompletionQueue queue;
    private final CompletionChannel channel;
    private final boolean polling;
    private final Connection connection;
    private final WorkCompletions batch = new WorkCompletions(BATCH);
    private int next;

    /**
     * Completions of a queue.
     *
     * @param channel the queue's
     * @param polling whether to poll for a while before sleeping
     */
    Completions(CompletionQueue queue, CompletionChannel channel, boolean polling, Connection connection) {
        this.queue = queue;
        this.channel = channel;
        this.polling = polling;
        this.connection = connection;
    }

    /** Where the index that {@link #next} answers leads. */
    WorkCompletions batch() {
        return batch;
    }

    /**
     * Waits for a completion.
     *
     * @param what is waited for, for the failure
     * @return its index in {@link #batch()}; it succeeded
     */
    int next(Deadline deadline, String what) throws InterruptedException {
        if (next == batch.size()) {
            next = 0;
            if (!polling || !poll()) {
                sleep(deadline, what);
            }
        }
        int index = next++;
        if (!batch.succeeded(index)) {
            throw failed(index, what);
        }
        return index;
    }

    @SuppressWarnings("ThreadPriorityCheck") // with few processors the peer or the kernel may need this one
    private boolean poll() {
        for (int polls = 1; polls <= POLLS_BEFORE_SLEEP; polls++) {
            if (queue.poll(batch) > 0) {
                return true;
            }
            if (polls % POLLS_PER_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
        return false;
    }

    private void sleep(Deadline deadline, String what) throws InterruptedException {
        while (queue.poll(batch) == 0) {
            queue.requestNotify(false);
            if (queue.poll(batch) > 0) {
                return;
            }
            channel.await(deadline.left(NAP));
            check(deadline, what);
        }
    }

    private void check(Deadline deadline, String what) {
        Failure lost = connection.lost();
        if (lost != null) {
            throw lost;
        }
        deadline.check(what);
    }

    private Failure failed(int index, String what) {
        CompletionStatus status = batch.statusOf(index);
        String text = what + ": " + status + ", " + status.meaning();
        Failure.Code code = Failure.codeOf(status);
        Failure reason = code == Failure.Code.FAILED ? null : awaitReason();
        return reason == null ? new Failure(code, text) : reason;
    }

    private @Nullable Failure awaitReason() {
        Deadline deadline = Deadline.in(REASON_TIMEOUT);
        Failure reason = connection.lost();
        while (reason == null && !deadline.isOver()) {
            Thread.onSpinWait();
            reason = connection.lost();
        }
        return reason;
    }
}
