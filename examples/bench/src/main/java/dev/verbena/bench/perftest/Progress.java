package dev.verbena.bench.perftest;

import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A bar on standard error for runs that take longer than a moment.
 *
 * <p>Threading: a daemon thread draws; {@link #close} wipes.
 */
final class Progress implements AutoCloseable {
    private static final long FIRST_MS = 1500;
    private static final long EVERY_MS = 250;
    private static final int WIDTH = 40;

    private final Run run;
    private final long messages;
    private final int seconds;
    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread drawing = new Thread(this::draw, "verbena-bench-progress");
    private final long start = System.nanoTime();

    /** Draws the messages done of so many, or the seconds gone of so many. */
    Progress(Run run, long messages, int seconds) {
        this.run = run;
        this.messages = messages;
        this.seconds = seconds;
        drawing.setDaemon(true);
        drawing.start();
    }

    private void draw() {
        boolean drawn = false;
        try {
            long waitMs = FIRST_MS;
            while (!over.await(waitMs, TimeUnit.MILLISECONDS)) {
                System.err.print(bar());
                System.err.flush();
                drawn = true;
                waitMs = EVERY_MS;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (drawn) {
            System.err.print("\r" + " ".repeat(WIDTH + 30) + "\r");
            System.err.flush();
        }
    }

    private String bar() {
        double gone = (System.nanoTime() - start) / 1e9;
        double share = Math.clamp(seconds > 0 ? gone / seconds : run.done() / (double) messages, 0, 1);
        int full = (int) (share * WIDTH);
        return String.format(
                Locale.ROOT,
                "\r[%s%s] %3.0f %%  %.0f s",
                "=".repeat(full),
                " ".repeat(WIDTH - full),
                share * 100,
                gone);
    }

    @Override
    public void close() {
        over.countDown();
        try {
            drawing.join(EVERY_MS * 4);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
