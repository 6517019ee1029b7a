package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.Refusal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all prepared methods do. jVerbs declares no exception for an execution, so the reason of a failure is kept for
 * {@code toString} and logged, once for each method.
 *
 * <p>Threading: one thread at a time. Hot path: {@link #run}.
 */
abstract class PreparedMethod {
    /** A {@link #perform} that did all of it. */
    static final int DONE = 0;

    private static final Logger LOG = LoggerFactory.getLogger(PreparedMethod.class);

    private boolean freed;
    private boolean success;
    private boolean logged;
    private int refusal;
    private @Nullable String failure;

    /** Executes; a negative answer is a {@link Refusal}. */
    abstract int perform();

    /** Whether the object it works on is there. */
    abstract boolean hasObject();

    /** What it does and on what. */
    abstract String describe();

    final void run() {
        if (freed) {
            return;
        }
        success = false;
        refusal = DONE;
        failure = null;
        try {
            int result = perform();
            if (result >= DONE) {
                success = true;
            } else {
                refused(result);
            }
        } catch (RuntimeException e) {
            failed(String.valueOf(e.getMessage()));
        }
    }

    /** A full queue is what a program polls for and tries again: no word of it in the log. */
    private void refused(int result) {
        refusal = result;
        if (result == Refusal.DEVICE_ERROR) {
            log();
        }
    }

    final void failed(String reason) {
        failure = reason;
        log();
    }

    /** A method on what another thread has just destroyed fails by the program's own will. */
    private void log() {
        if (!logged && hasObject()) {
            logged = true;
            LOG.warn("{}", this);
        }
    }

    final void release() {
        freed = true;
    }

    /** See {@link StatefulVerbsMethod#isValid}. */
    public boolean isValid() {
        return !freed && hasObject();
    }

    /** See {@link StatefulVerbsMethod#isSuccess}. */
    public boolean isSuccess() {
        return success;
    }

    /** What it does, and why its last execution failed. */
    @Override
    public String toString() {
        if (failure != null) {
            return describe() + " failed: " + failure;
        }
        if (refusal < DONE) {
            return describe() + " was refused: " + Refusal.name(refusal);
        }
        return describe() + (freed ? ", freed" : "");
    }
}
