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

    /** Tells it, if somebody records; then alone the texts are made. Any thread. */
    public static void tell(Object connection, Object loop) {
        ConnectionOpenedEvent event = new ConnectionOpenedEvent();
        if (event.shouldCommit()) {
            event.connection = connection.toString();
            event.loop = loop.toString();
            event.commit();
        }
    }
}
