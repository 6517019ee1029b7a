package dev.verbena.queuepair;

/**
 * What an event loop does while there is nothing to do.
 *
 * <p>Threading: immutable.
 */
public enum WaitingPolicy {
    /** Polls without a pause: the shortest latency, and one processor for it. */
    BUSY,
    /** Polls for a while after the last work, then sleeps until the device or another thread wakes it. */
    ADAPTIVE,
    /** Sleeps at once: the least processor time, tens of microseconds per wake-up. */
    EVENT,
    /** Has no thread: the application calls {@link EventLoop#poll}, always from the same thread. */
    APPLICATION
}
