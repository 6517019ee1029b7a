package dev.verbena.verbs.spi;

/** Something that tells when events can be read from it. */
public interface EventSource extends AutoCloseable {
    /**
     * Waits until an event may be there, {@link #wake()} is called, or the time is over. May return early. Makes no blocking
     * downcall on the caller's thread.
     *
     * @throws InterruptedException within 100 ms of an interrupt
     */
    void awaitReady(long timeoutNs) throws InterruptedException;

    /** Ends every {@link #awaitReady} that is under way; when there is none, the next one returns at once. */
    void wake();

    @Override
    void close();
}
