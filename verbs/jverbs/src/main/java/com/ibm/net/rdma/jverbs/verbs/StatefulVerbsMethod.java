package com.ibm.net.rdma.jverbs.verbs;

/**
 * A verb with its parameters, prepared once and executed as often as wanted. What is executed is what was given when it was
 * prepared: later changes of the objects given then do not reach it.
 *
 * <p>Threading: one thread at a time.
 *
 * @param <T> the method itself, which answers for the result
 */
public interface StatefulVerbsMethod<T> {
    /** Executes it; does nothing once it is freed. {@link #isSuccess} tells the outcome, and {@code toString} why it failed. */
    T execute();

    /** Gives up what it holds; a result that it has stays readable. */
    T free();

    /** Whether it can be executed: neither freed nor its object destroyed. */
    boolean isValid();

    /** Whether the last execution succeeded; false before the first. */
    boolean isSuccess();
}
