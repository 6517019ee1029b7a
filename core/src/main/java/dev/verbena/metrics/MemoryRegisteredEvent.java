package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** Memory was allocated and registered; the duration is what it took. */
@Name("dev.verbena.MemoryRegistered")
@Label("Memory Registered")
@Category("Verbena")
public final class MemoryRegisteredEvent extends Event {
    /** How much. */
    @Label("Bytes")
    @DataAmount
    public long bytes;

    /** The rights of the region. */
    @Label("Access")
    public String access = "";

    /** Not committed. */
    public MemoryRegisteredEvent() {}
}
