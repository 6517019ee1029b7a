package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/**
 * Requests were under way on a connection, or long messages offered, and none was finished: the duration is how long, as the
 * loop's ticks of 10 ms saw it.
 */
@Name("dev.verbena.SlowOperation")
@Label("Slow Operation")
@Category("Verbena")
@StackTrace(false)
@Threshold("100 ms")
public final class SlowOperationEvent extends Event {
    /** The connection. */
    @Label("Connection")
    public String connection = "";

    /** Requests and offers that were still under way then. */
    @Label("Requests")
    public int requests;

    /** Not begun. */
    public SlowOperationEvent() {}
}
