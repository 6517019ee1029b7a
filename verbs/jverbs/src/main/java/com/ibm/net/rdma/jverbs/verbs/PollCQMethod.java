package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.WorkCompletions;

/**
 * Takes what has finished from a completion queue.
 *
 * <p>Threading: one thread at a time. Hot path.
 */
public final class PollCQMethod extends PreparedMethod implements StatefulVerbsMethod<PollCQMethod> {
    private final CompletionQueue queue;
    private final WorkCompletion[] list;
    private final WorkCompletions polled;
    private int polls;

    PollCQMethod(CompletionQueue queue, WorkCompletion[] list, int max) {
        this.queue = queue;
        this.list = list;
        this.polled = new WorkCompletions(Math.min(max, 1 << 16));
    }

    @Override
    int perform() {
        polls = 0;
        int count = queue.queue().poll(polled);
        for (int index = 0; index < count; index++) {
            list[index].read(polled, index);
        }
        polls = count;
        return DONE;
    }

    @Override
    boolean hasObject() {
        return queue.isOpen();
    }

    @Override
    String describe() {
        return "poll of " + queue;
    }

    @Override
    public PollCQMethod execute() {
        run();
        return this;
    }

    @Override
    public PollCQMethod free() {
        release();
        return this;
    }

    /** How many completions the last execution brought. */
    public int getPolls() {
        return polls;
    }
}
