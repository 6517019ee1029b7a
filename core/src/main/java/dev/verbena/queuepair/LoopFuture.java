package dev.verbena.queuepair;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future that an event loop completes. Waiting for it on a loop's own thread would wait for ever, so it throws.
 *
 * <p>Threading: any thread.
 */
public class LoopFuture<T> extends CompletableFuture<T> {
    /** Not completed. */
    public LoopFuture() {}

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new LoopFuture<>();
    }

    private void refuseOnLoop() {
        if (!isDone() && EventLoop.isLoopThread()) {
            throw new IllegalStateException("waiting on an event loop's own thread ("
                    + Thread.currentThread().getName()
                    + ") would never end: go on in thenAccept(...), or wait on another thread");
        }
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        refuseOnLoop();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        refuseOnLoop();
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        refuseOnLoop();
        return super.join();
    }
}
