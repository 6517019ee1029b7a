package dev.verbena.verbs.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OwnerGateTest {
    private static final int SCALE = Integer.getInteger("scale", 1);

    /** What the gate guards: two plain fields that are equal whenever nobody is inside. */
    private static final class Guarded {
        private long left;
        private long right;
        private boolean destroyed;
    }

    @Test
    void oneThreadAtATimeIsInsideWhoeverComes() throws Exception {
        for (int threads : new int[] {2, 4}) {
            OwnerGate gate = new OwnerGate("test");
            Guarded guarded = new Guarded();
            int rounds = 200_000 * SCALE;
            List<Future<?>> done = new ArrayList<>();
            try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
                for (int thread = 0; thread < threads; thread++) {
                    done.add(executor.submit(() -> {
                        for (int round = 0; round < rounds; round++) {
                            OwnerGate.Hold hold = gate.enter();
                            try {
                                assertThat(guarded.left).isEqualTo(guarded.right);
                                guarded.left++;
                                guarded.right++;
                            } finally {
                                gate.exit(hold);
                            }
                        }
                    }));
                }
                for (Future<?> future : done) {
                    future.get(60, SECONDS);
                }
            }
            assertThat(guarded.left).isEqualTo((long) threads * rounds);
        }
    }

    /** Fails within its three seconds when the taker's fence is left out, on a machine with two free processors. */
    @Test
    void aTakeoverFromABusyOwnerWaitsUntilTheOwnerIsOutside() throws Exception {
        // Given one owner that goes from gate to gate, in and out of each without a pause
        int gates = 20_000 * SCALE;
        Occupied[] places = new Occupied[gates + 1];
        Arrays.setAll(places, _ -> new Occupied());
        AtomicInteger current = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        Thread owner = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                visit(places[current.getAcquire()]);
            }
        });

        // When another thread takes over each gate once
        int overlaps = 0;
        long endNs = System.nanoTime() + SECONDS.toNanos(3L * SCALE);
        for (int round = 0; round < gates && System.nanoTime() - endNs < 0; round++) {
            Occupied place = places[round];
            for (int spin = 0; place.visits < 3 && spin < 100_000; spin++) {
                Thread.onSpinWait();
            }
            OwnerGate.Hold hold = place.gate.enter();
            for (int look = 0; look < 20; look++) {
                overlaps += place.inside ? 1 : 0;
            }
            current.setRelease(round + 1);
            place.gate.exit(hold);
        }
        stop.set(true);
        owner.join();

        // Then it never met the owner inside
        assertThat(overlaps).isZero();
    }

    private static void visit(Occupied place) {
        OwnerGate.Hold hold = place.gate.enter();
        place.inside = true;
        for (int spin = 0; spin < 20; spin++) {
            place.work = spin;
        }
        place.inside = false;
        int before = place.visits;
        place.visits = before + 1;
        place.gate.exit(hold);
    }

    private static final class Occupied {
        private final OwnerGate gate = new OwnerGate("test");
        private volatile boolean inside;

        @SuppressWarnings("UnusedVariable") // keeps the owner inside for a while
        private volatile int work;

        private volatile int visits;
    }

    @Test
    void closingWaitsForTheThreadInsideAndShutsTheGateForAll() throws Exception {
        for (int round = 0; round < 100 * SCALE; round++) {
            OwnerGate gate = new OwnerGate("qp 0x7");
            Guarded guarded = new Guarded();
            AtomicBoolean usedAfterDestroy = new AtomicBoolean();
            CountDownLatch running = new CountDownLatch(1);
            Thread owner = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        OwnerGate.Hold hold = gate.enter();
                        if (guarded.destroyed) {
                            usedAfterDestroy.set(true);
                        }
                        gate.exit(hold);
                        running.countDown();
                    }
                } catch (IllegalStateException closed) {
                    assertThat(closed).hasMessage("qp 0x7 is closed");
                }
            });
            assertThat(running.await(10, SECONDS)).isTrue();

            assertThat(gate.close()).isTrue();
            guarded.destroyed = true;
            owner.join();

            assertThat(usedAfterDestroy).isFalse();
            assertThat(gate.close()).isFalse();
        }
    }

    @Test
    void aClosedGateNamesItsObject() {
        OwnerGate gate = new OwnerGate("qp 0x8");
        gate.close();

        assertThatIllegalStateException().isThrownBy(gate::enter).withMessage("qp 0x8 is closed");
        assertThat(gate.isClosed()).isTrue();
    }

    @Test
    void aFenceAndAPassageEndEveryUseOfWhatWasClosedBefore() throws Exception {
        for (int round = 0; round < 100 * SCALE; round++) {
            OwnerGate gate = new OwnerGate("test");
            boolean[] open = {true};
            boolean[] freed = {false};
            AtomicBoolean stop = new AtomicBoolean();
            AtomicBoolean usedAfterFree = new AtomicBoolean();
            CountDownLatch running = new CountDownLatch(1);
            Thread owner = Thread.ofPlatform().start(() -> {
                while (!stop.get()) {
                    OwnerGate.Hold hold = gate.enter();
                    if (open[0] && freed[0]) {
                        usedAfterFree.set(true);
                    }
                    gate.exit(hold);
                    running.countDown();
                }
            });
            assertThat(running.await(10, SECONDS)).isTrue();

            open[0] = false;
            OwnerGate.fence();
            gate.awaitPassage();
            freed[0] = true;
            stop.set(true);
            owner.join();

            assertThat(usedAfterFree).isFalse();
        }
    }
}
