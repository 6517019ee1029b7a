package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

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

    /** Tells it, if somebody records; then alone the texts are made. Any thread. */
    public static void tell(Object connection, Enum<?> reason, @Nullable String cause, Counters counters) {
        ConnectionEndedEvent event = new ConnectionEndedEvent();
        if (event.shouldCommit()) {
            event.connection = connection.toString();
            event.reason = reason.name();
            event.cause = String.valueOf(cause);
            event.messagesSent = counters.messagesSent;
            event.messagesReceived = counters.messagesReceived;
            event.commit();
        }
    }
}
