package dev.verbena.disni;

import com.ibm.disni.verbs.IbvCQ;
import dev.verbena.verbs.CompletionQueue;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A completion queue as DiSNI sees it.
 *
 * <p>Threading: any thread.
 */
final class DisniCompletionQueue extends IbvCQ {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final CompletionQueue queue;

    DisniCompletionQueue(DisniContext context, @Nullable DisniCompletionChannel channel, CompletionQueue queue)
            throws IOException {
        super(context, channel, NUMBERS.incrementAndGet());
        this.queue = queue;
        this.cqe = queue.entries();
        Abandoned.closeWith(this, queue);
    }

    CompletionQueue queue() {
        return queue;
    }

    static DisniCompletionQueue of(IbvCQ cq, String name) throws IOException {
        DisniCompletionQueue own = Failure.cast(DisniCompletionQueue.class, cq, name);
        Failure.requireOpen(own.isOpen(), own.queue.toString());
        return own;
    }
}
