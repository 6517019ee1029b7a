package dev.verbena.disni;

import com.ibm.disni.verbs.SVCReqNotify;
import dev.verbena.verbs.CompletionQueue;
import java.io.IOException;

/**
 * Asks for an event at the next completion, as often as it is executed.
 *
 * <p>Threading: any thread. Hot path: {@link #execute}.
 */
final class NotifyCall extends SVCReqNotify {
    private final DisniCompletionQueue owner;
    private final CompletionQueue queue;
    private final boolean solicitedOnly;
    private boolean valid = true;

    NotifyCall(DisniCompletionQueue owner, boolean solicitedOnly) {
        this.owner = owner;
        this.queue = owner.queue();
        this.solicitedOnly = solicitedOnly;
    }

    @Override
    public SVCReqNotify execute() throws IOException {
        if (!valid || !owner.isOpen()) {
            throw new IOException(valid ? queue + " is closed" : "this call was freed: prepare another one");
        }
        try {
            queue.requestNotify(solicitedOnly);
        } catch (RuntimeException e) {
            throw Failure.of(e);
        }
        return this;
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCReqNotify free() {
        valid = false;
        return this;
    }
}
