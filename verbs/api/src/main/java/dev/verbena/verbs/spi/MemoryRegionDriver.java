package dev.verbena.verbs.spi;

/** A registered memory region. */
public interface MemoryRegionDriver extends AutoCloseable {
    /** Key for local use. */
    int lkey();

    /** Key for peers. */
    int rkey();

    /** ibv_dereg_mr(3). Throws a VerbsException while memory windows are bound to it. */
    @Override
    void close();
}
