package dev.verbena.connection;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whether a peer that says nothing is still there: asked after one interval without a frame, taken for lost after two.
 *
 * <p>Threading: the loop's thread.
 */
final class Heartbeat {
    /** What is to be done now. */
    enum Verdict {
        NOTHING,
        ASK,
        LOST
    }

    private final @Nullable Duration interval;
    private long framesHeard;
    private long heardNs;
    private boolean asked;

    /** Without an interval nobody is asked. */
    Heartbeat(@Nullable Duration interval) {
        this.interval = interval;
    }

    /** The connection is open from now on. */
    void open(long nowNs) {
        heardNs = nowNs;
    }

    /** Looks at how many frames have arrived in all. */
    Verdict look(long frames, long nowNs) {
        if (interval == null) {
            return Verdict.NOTHING;
        }
        if (frames != framesHeard) {
            framesHeard = frames;
            heardNs = nowNs;
            asked = false;
            return Verdict.NOTHING;
        }
        long silentNs = nowNs - heardNs;
        if (silentNs >= 2 * interval.toNanos()) {
            return Verdict.LOST;
        }
        if (!asked && silentNs >= interval.toNanos()) {
            asked = true;
            return Verdict.ASK;
        }
        return Verdict.NOTHING;
    }
}
