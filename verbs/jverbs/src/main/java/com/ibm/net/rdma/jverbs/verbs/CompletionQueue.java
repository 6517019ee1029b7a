package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where finished requests are reported. It must have room for every completion that its queue pairs can make.
 *
 * <p>Threading: any thread.
 */
public final class CompletionQueue {
    private final VerbsContext context;
    private final @Nullable CompletionChannel channel;
    private final dev.verbena.verbs.CompletionQueue queue;
    private final int handle = Handles.next();
    private volatile boolean open = true;

    CompletionQueue(
            VerbsContext context, @Nullable CompletionChannel channel, dev.verbena.verbs.CompletionQueue queue) {
        this.context = context;
        this.channel = channel;
        this.queue = queue;
    }

    dev.verbena.verbs.CompletionQueue queue() {
        return queue;
    }

    boolean isOpen() {
        return open;
    }

    void destroy() {
        open = false;
        queue.close();
    }

    /** Where its events go; null when it is only polled. */
    public @Nullable CompletionChannel getChannel() {
        return channel;
    }

    /** The device it belongs to. */
    public VerbsContext getContext() {
        return context;
    }

    /** A number of its own. */
    public int getHandle() {
        return handle;
    }

    /** Completions that it has room for, as the device granted it. */
    public int getMaxEventEntries() {
        return queue.entries();
    }

    /**
     * Prepares to take what has finished, oldest first.
     *
     * @param workCompletionList where it is written, from index 0; the objects are used again by each execution
     * @param maxCompletionEvents how many an execution takes at most, 1 to the list's length
     */
    public PollCQMethod pollCQ(WorkCompletion[] workCompletionList, int maxCompletionEvents)
            throws IllegalArgumentException, IOException {
        Failures.present(workCompletionList, "list of work completions");
        if (maxCompletionEvents < 1 || maxCompletionEvents > workCompletionList.length) {
            throw new IllegalArgumentException(
                    maxCompletionEvents + " is not within 1 to the list's length " + workCompletionList.length);
        }
        for (int index = 0; index < maxCompletionEvents; index++) {
            Failures.present(workCompletionList[index], "work completion " + index);
        }
        return new PollCQMethod(this, workCompletionList, maxCompletionEvents);
    }

    /**
     * Prepares to ask for one event at the next completion; poll once more after it.
     *
     * @param solicitedOnly only for completions that the peer flagged, and errors
     */
    public RequestNotifyCQMethod requestNotifyCQ(boolean solicitedOnly) throws IOException {
        return new RequestNotifyCQMethod(this, solicitedOnly);
    }

    @Override
    public String toString() {
        return queue.toString();
    }
}
