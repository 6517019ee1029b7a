package dev.verbena.verbs.spi;

/** A memory window. */
public interface MemoryWindowDriver extends AutoCloseable {
    /** The key of the last binding. */
    int rkey();

    /** ibv_dealloc_mw(3). */
    @Override
    void close();
}
