package dev.verbena.verbs.spi;

/** A device that can be opened. */
public interface DeviceDriver {
    /** Its name: {@code rxe0}. */
    String name();

    /** Its globally unique identifier, 0 when unknown. */
    long nodeGuid();

    /** Opens it. */
    ContextDriver open();
}
