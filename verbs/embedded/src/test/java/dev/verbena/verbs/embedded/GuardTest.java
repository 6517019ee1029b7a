package dev.verbena.verbs.embedded;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** One thread at a time is inside, whoever owns the guard and whoever visits. */
@SuppressWarnings("ReferenceEquality") // holds are compared by identity
final class GuardTest {
    private static final int SCALE = Integer.getInteger("scale", 1);
    private static final int ROUNDS = 100_000 * SCALE;

    /** Two plain fields that are equal whenever nobody is inside. */
    private static final class Guarded {
        private final MemorySegment control = Arena.ofAuto().allocate(Layout.CONTROL_BYTES, 64);
        private final Guard guard = new Guard(new Presences(control.address()));
        private long left;
        private long right;
        private long torn;

        private void change() {
            torn += left == right ? 0 : 1;
            left++;
            right++;
        }

        private boolean changeByTheOwner() {
            Guard.Hold hold = guard.lock();
            change();
            guard.unlock(hold);
            return true;
        }
    }

    /** Without the fence of the visitor's side this fails within its second, on a machine with two free processors. */
    @Test
    void anOwnerAndAVisitorTakeTurns() throws Exception {
        Guarded guarded = new Guarded();
        besideAVisitor(guarded, guarded::changeByTheOwner);
    }

    /** The owner takes no lock: it is present, and looks how the guard leans. */
    @Test
    void anOwnerThatIsPresentAndAVisitorTakeTurns() throws Exception {
        Guarded guarded = new Guarded();
        AtomicLong present = new AtomicLong();
        besideAVisitor(guarded, () -> {
            Guard.Hold mine = guarded.guard.leaning();
            Presence me = mine.presence();
            if (!me.isMine()) {
                guarded.changeByTheOwner();
                return true;
            }
            me.enter();
            boolean still = guarded.guard.lean() == mine;
            if (still) {
                guarded.change();
                present.setPlain(present.getPlain() + 1);
            }
            me.leave();
            return still;
        });
        assertThat(present.get()).isPositive();
    }

    /** The owner tries to change what is guarded for a second, and says each time whether it did; a visitor does, too. */
    private static void besideAVisitor(Guarded guarded, BooleanSupplier owner) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        long changes = 0;
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<Long> visits = executor.submit(() -> {
                long count = 0;
                while (!stop.get()) {
                    Guard.Hold hold = guarded.guard.visit();
                    guarded.change();
                    guarded.guard.unlock(hold);
                    count++;
                }
                return count;
            });

            long end = System.nanoTime() + SECONDS.toNanos(SCALE);
            while (System.nanoTime() - end < 0) {
                changes += owner.getAsBoolean() ? 1 : 0;
            }
            stop.set(true);

            long count = visits.get(60, SECONDS);
            assertThat(count).isPositive();
            assertThat(guarded.torn).isZero();
            assertThat(guarded.left).isEqualTo(changes + count).isEqualTo(guarded.right);
        }
    }

    @Test
    void manyOwnersEndUpWithALock() throws Exception {
        Guarded guarded = new Guarded();
        List<Future<?>> done = new ArrayList<>();
        int threads = 3;
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            for (int thread = 0; thread < threads; thread++) {
                done.add(executor.submit(() -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        Guard.Hold hold = guarded.guard.lock();
                        guarded.change();
                        guarded.guard.unlock(hold);
                    }
                }));
            }
            for (Future<?> each : done) {
                each.get(60, SECONDS);
            }
        }

        assertThat(guarded.torn).isZero();
        assertThat(guarded.left).isEqualTo((long) threads * ROUNDS).isEqualTo(guarded.right);
    }
}
