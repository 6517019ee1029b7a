package dev.verbena.connection;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whether a peer that says nothing is still there: asked after one interval without a frame, taken for lost when it has
 * not answered after another one. Nobody is lost who was not asked, however long this side did not look.
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
    private long askedNs;

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
        if (asked) {
            return nowNs - askedNs >= interval.toNanos() ? Verdict.LOST : Verdict.NOTHING;
        }
        if (nowNs - heardNs >= interval.toNanos()) {
            asked = true;
            askedNs = nowNs;
            return Verdict.ASK;
        }
        return Verdict.NOTHING;
    }
}
