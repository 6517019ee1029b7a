package dev.verbena.metrics;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** Messages waited because the peer had granted no credit; the duration is how long, as the loop's ticks of 10 ms saw it. */
@Name("dev.verbena.CreditStall")
@Label("Credit Stall")
@Category("Verbena")
@StackTrace(false)
@Threshold("10 ms")
public final class CreditStallEvent extends Event {
    /** The connection. */
    @Label("Connection")
    public String connection = "";

    /** Not begun. */
    public CreditStallEvent() {}
}
