package dev.verbena.connection;

import dev.verbena.metrics.CreditStallEvent;
import dev.verbena.metrics.SlowOperationEvent;
import org.jspecify.annotations.Nullable;

/**
 * Tells the flight recorder what takes long on a connection. It looks at ticks only, so nothing is measured on a message's
 * way, and what is shorter than a tick is not seen.
 *
 * <p>Threading: the loop's thread.
 */
final class SlowWatch {
    private @Nullable CreditStallEvent stall;
    private @Nullable SlowOperationEvent slow;
    private int lastProgress;

    /**
     * Looks at a connection.
     *
     * @param heldBack whether messages wait for a credit
     * @param underWay requests and offers that are not finished
     * @param progress a number that changes when one of them is
     */
    void look(Object connection, boolean heldBack, int underWay, int progress) {
        CreditStallEvent stalled = stall;
        if (heldBack && stalled == null) {
            CreditStallEvent event = new CreditStallEvent();
            event.begin();
            stall = event;
        } else if (!heldBack && stalled != null) {
            stall = null;
            stalled.end();
            if (stalled.shouldCommit()) {
                stalled.connection = connection.toString();
                stalled.commit();
            }
        }
        SlowOperationEvent waiting = slow;
        if (waiting != null && (underWay == 0 || progress != lastProgress)) {
            slow = null;
            waiting.end();
            if (waiting.shouldCommit()) {
                waiting.connection = connection.toString();
                waiting.requests = underWay;
                waiting.commit();
            }
        } else if (waiting == null && underWay > 0) {
            SlowOperationEvent event = new SlowOperationEvent();
            event.begin();
            slow = event;
        }
        lastProgress = progress;
    }
}
