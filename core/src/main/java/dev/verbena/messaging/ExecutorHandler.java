package dev.verbena.messaging;

import io.netty.buffer.ByteBuf;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Hands messages over to an executor, where another handler takes them: one at a time and in order, whatever number of
 * threads the executor has. Messages that wait for it are retained, so a slow handler holds its own peer back and nobody
 * else.
 *
 * <p>Threading: {@link #onMessage} on the loop's thread, {@link #run} on the executor's. Each message costs an object.
 */
public final class ExecutorHandler implements MessageHandler, Runnable {
    /** So many of one connection, then the executor's other tasks have their turn. */
    private static final int TURN = 64;

    private record Waiting(int type, ByteBuf message) {}

    private final Executor executor;
    private final MessageHandler handler;
    private final Consumer<Throwable> onFailure;
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    /** Messages handed over and not taken; whoever raises it from 0 asks the executor for a turn. */
    private final AtomicInteger count = new AtomicInteger();

    /**
     * A handler that hands over.
     *
     * @param executor runs the other one; what it accepts it has to run, else the messages stay retained
     * @param handler takes the messages
     * @param onFailure told, on any thread, what the handler threw, or that the executor refused
     */
    public ExecutorHandler(Executor executor, MessageHandler handler, Consumer<Throwable> onFailure) {
        this.executor = executor;
        this.handler = handler;
        this.onFailure = onFailure;
    }

    @Override
    public void onMessage(int type, ByteBuf message) {
        waiting.add(new Waiting(type, message.retain()));
        if (count.getAndIncrement() == 0) {
            askForTurn();
        }
    }

    private void askForTurn() {
        try {
            executor.execute(this);
        } catch (RuntimeException e) {
            // RejectedExecutionException: nobody will take them.
            take(Integer.MAX_VALUE, dropped -> {});
            onFailure.accept(e);
        }
    }

    @Override
    public void run() {
        if (take(TURN, this::handle)) {
            askForTurn();
        }
    }

    /** Takes messages until there are none, at most so many; answers whether there are more. */
    private boolean take(int most, Consumer<Waiting> what) {
        for (int taken = 0; taken < most; taken++) {
            Waiting next = waiting.remove();
            try {
                what.accept(next);
            } finally {
                next.message().release();
            }
            if (count.decrementAndGet() == 0) {
                return false;
            }
        }
        return true;
    }

    private void handle(Waiting next) {
        try {
            handler.onMessage(next.type(), next.message());
        } catch (Throwable e) {
            // Whatever it is, those behind it must not wait for ever.
            onFailure.accept(e);
        }
    }
}
