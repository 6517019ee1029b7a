package dev.verbena.verbs.conformance;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waiting by asking again, with an end. On the caller's thread, so that no object changes its owner. */
final class Bounded {
    /** Much more than anything here takes; the emulated machines of the lab are slow. */
    static final Duration LIMIT = Duration.ofSeconds(20);

    private static final int SPINS = 200;
    private static final long PAUSE_NS = 20_000;

    private Bounded() {}

    /** Asks until the answer is not null. */
    static <T> T until(String what, Supplier<@Nullable T> question) {
        return until(what, LIMIT, question);
    }

    static <T> T until(String what, Duration limit, Supplier<@Nullable T> question) {
        long start = System.nanoTime();
        for (int round = 0; ; round++) {
            T answer = question.get();
            if (answer != null) {
                return answer;
            }
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new AssertionError(what + " did not happen within " + limit.toMillis() + " ms");
            }
            if (round < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }

    /** Asks until it is so. */
    static void untilTrue(String what, BooleanSupplier question) {
        until(what, () -> question.getAsBoolean() ? Boolean.TRUE : null);
    }
}
