package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection is open. */
@Name("dev.verbena.ConnectionOpened")
@Label("Connection Opened")
@Category("Verbena")
@StackTrace(false)
public final class ConnectionOpenedEvent extends Event {
    /** The connection. */
    @Label("Connection")
    public String connection = "";

    /** Its loop. */
    @Label("Loop")
    public String loop = "";

    /** Not committed. */
    public ConnectionOpenedEvent() {}
}
