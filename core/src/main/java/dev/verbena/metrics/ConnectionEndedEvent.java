package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection has ended, in good order or not. */
@Name("dev.verbena.ConnectionEnded")
@Label("Connection Ended")
@Category("Verbena")
@StackTrace(false)
public final class ConnectionEndedEvent extends Event {
    /** The connection. */
    @Label("Connection")
    public String connection = "";

    /** Why, by its name. */
    @Label("Reason")
    public String reason = "";

    /** Why, in words. */
    @Label("Cause")
    public String cause = "";

    /** Messages it sent. */
    @Label("Messages Sent")
    public long messagesSent;

    /** Messages it received. */
    @Label("Messages Received")
    public long messagesReceived;

    /** Not committed. */
    public ConnectionEndedEvent() {}
}
