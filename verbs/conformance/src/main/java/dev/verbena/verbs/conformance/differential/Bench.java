package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import java.time.Duration;

/**
 * Two open devices on which programs run.
 *
 * @param limit what one wait may take before it counts as never
 * @param silence the acknowledge timeout, as ibv_modify_qp(3) encodes it, after which a program that has a peer that does not
 *     answer tries again, once
 */
public record Bench(Context contextA, GidEntry gidA, Context contextB, GidEntry gidB, Duration limit, int silence)
        implements AutoCloseable {
    Context context(Side side) {
        return side == Side.A ? contextA : contextB;
    }

    GidEntry gid(Side side) {
        return side == Side.A ? gidA : gidB;
    }

    long limitNs() {
        return limit.toNanos();
    }

    Rules rules() {
        return Rules.of(contextA);
    }

    @Override
    public void close() {
        contextA.close();
        contextB.close();
    }
}
