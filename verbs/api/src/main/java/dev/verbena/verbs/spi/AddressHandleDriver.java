package dev.verbena.verbs.spi;

/** An address handle. */
public interface AddressHandleDriver extends AutoCloseable {
    /** ibv_destroy_ah(3). */
    @Override
    void close();
}
