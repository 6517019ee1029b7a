package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The successful completions of one queue: polled, or waited for asleep.
 *
 * <p>Hot path: {@link #await} and {@link #poll}. Threading: one thread.
 */
final class Completions {
    private static final int BATCH = 16;
    private static final Duration NAP = Duration.ofMillis(100);

    private final CompletionQueue queue;
    private final @Nullable CompletionChannel channel;
    private final WorkCompletions batch = new WorkCompletions(BATCH);
    private final String what;

    /**
     * Completions of a queue.
     *
     * @param channel the queue's, to sleep on; null for polling
     * @param what they are of, for a failure
     */
    Completions(CompletionQueue queue, @Nullable CompletionChannel channel, String what) {
        this.queue = queue;
        this.channel = channel;
        this.what = what;
    }

    /** Takes what is there, at most 16. */
    int poll() {
        int polled = queue.poll(batch);
        for (int i = 0; i < polled; i++) {
            if (!batch.succeeded(i)) {
                throw failed(i);
            }
        }
        return polled;
    }

    /** Waits until there is something; answers how much. 0 when the time is over. */
    int await(Run run, long endNs) {
        int polled = poll();
        if (polled > 0) {
            return polled;
        }
        run.busy();
        return channel == null ? spin(run, endNs) : sleep(channel, run, endNs);
    }

    private int spin(Run run, long endNs) {
        int empty = 0;
        while (true) {
            int polled = poll();
            if (polled > 0) {
                return polled;
            }
            empty = run.idle(empty, what);
            if (empty == 0 && endNs != Long.MAX_VALUE && System.nanoTime() - endNs >= 0) {
                return 0;
            }
        }
    }

    private int sleep(CompletionChannel sleeping, Run run, long endNs) {
        while (true) {
            queue.requestNotify(false);
            int polled = poll();
            if (polled > 0) {
                return polled;
            }
            try {
                sleeping.await(NAP);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Run.Stopped();
            }
            run.look(what);
            if (endNs != Long.MAX_VALUE && System.nanoTime() - endNs >= 0) {
                return 0;
            }
        }
    }

    /** The id of one that was taken. */
    long id(int index) {
        return batch.id(index);
    }

    private Failure failed(int index) {
        CompletionStatus status = batch.statusOf(index);
        String text = what + ": " + status + ", " + status.meaning();
        Failure.Code code = Failure.codeOf(status);
        return new Failure(
                code,
                text,
                code == Failure.Code.PEER_LOST
                        ? "the other side ended, or is not reached any more"
                        : "are the options the same on the other side?");
    }
}
