package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayNameGeneration;

/** What every contract stands on: both devices, opened when a test first asks, closed after it within a bound. */
@DisplayNameGeneration(SentenceNames.class)
abstract class Contract {
    /** No close waits for anything; generous because the lab's machines are slow. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final List<Context> opened = new ArrayList<>();
    private @Nullable Context contextA;
    private @Nullable Context contextB;
    private @Nullable GidEntry gidA;
    private @Nullable GidEntry gidB;

    final ConformanceTarget target() {
        return ConformanceTarget.current();
    }

    final Context contextA() {
        if (contextA == null) {
            contextA = open(Part.A);
        }
        return contextA;
    }

    final Context contextB() {
        if (contextB == null) {
            contextB = open(Part.B);
        }
        return contextB;
    }

    final GidEntry gidA() {
        if (gidA == null) {
            gidA = target().gid(Part.A, contextA());
        }
        return gidA;
    }

    final GidEntry gidB() {
        if (gidB == null) {
            gidB = target().gid(Part.B, contextB());
        }
        return gidB;
    }

    /** Opens a part once more; closed after the test. */
    final Context open(Part part) {
        Context context = target().open(part);
        opened.add(context);
        return context;
    }

    /** A plan for a pair of a type; skips where the device does not have the type. */
    final PairPlan plan(QueuePairType type) {
        needs(
                switch (type) {
                    case RC -> Capability.RELIABLE_CONNECTED;
                    case UC -> Capability.UNRELIABLE_CONNECTED;
                    case UD -> Capability.UNRELIABLE_DATAGRAM;
                });
        return new PairPlan(this, type);
    }

    /** A connected RC pair. */
    final Pair pair() {
        return plan(QueuePairType.RC).connect();
    }

    /** Skips the test where a device lacks something, with the reason. */
    final void needs(Capability capability) {
        for (Context context : List.of(contextA(), contextB())) {
            Assumptions.assumeTrue(context.has(capability), () -> context + " lacks " + capability.text());
        }
    }

    /** The other way round: what is refused where the device lacks something. */
    final void needsMissing(Capability capability) {
        Assumptions.assumeFalse(contextA().has(capability), () -> contextA() + " has " + capability.text());
    }

    /** A source of randomness whose seed is printed; {@code -Dseed=} repeats it. */
    static SplittableRandom random(String what) {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println(what + ": -Dseed=" + seed);
        return new SplittableRandom(seed);
    }

    /** How much longer than usual the long tests shall be. */
    static int scale() {
        return Math.max(1, Integer.getInteger("scale", 1));
    }

    /** Reads asynchronous events until one of a kind comes. */
    static AsyncEvent awaitEvent(Context context, AsyncEventType type) {
        return Bounded.until(type + " on " + context, () -> {
            AsyncEvent event = context.pollAsyncEvent();
            return event != null && event.type() == type ? event : null;
        });
    }

    @AfterEach
    final void closeDevices() {
        long start = System.nanoTime();
        opened.reversed().forEach(Context::close);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("closing the devices with all that was made from them")
                .isLessThan(CLOSE_LIMIT);
    }
}
