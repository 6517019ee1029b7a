package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.spi.VerbsProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Processes are killed at random moments while both sides send, write, read and count as fast as they can. The survivor is
 * told, gets back whatever it had posted, finds no wrong byte, keeps nothing, and its other connections go on.
 */
final class DeathTest {
    /** Of every build; {@code -Drounds=200} is what a release has to pass. */
    private static final int ROUNDS = Integer.getInteger("rounds", 40);

    private static final int LARGE_ROUNDS = 3;
    private static final int PEERS = 3;
    private static final int WARM_UP = 20;
    /** What docs/embedded.md promises. */
    private static final Duration PROMISE = Duration.ofMillis(100);
    /** For single rounds, in which a shared machine has not let the survivor run. */
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private static final Duration SETTLED = Duration.ofSeconds(10);

    private static final long HEAP_GROWTH_BYTES = 8 << 20;

    @Test
    @Timeout(value = 400, unit = TimeUnit.SECONDS)
    void aPeerKilledAtARandomMomentHarmsNobody() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println("kill -9 at random moments: -Dseed=" + seed);
        int rounds = Math.max(ROUNDS, WARM_UP + 1) * Math.max(1, Integer.getInteger("scale", 1));
        VerbsProvider provider = Verbs.provider("embedded");
        List<Survivor.Death> deaths = new ArrayList<>();
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider);
                Survivor survivor = new Survivor(context, channel, new SplittableRandom(seed), PEERS, List.of())) {
            Jvm.Held before = null;
            while (deaths.size() < rounds) {
                deaths.add(survivor.surviveOne(LIMIT));
                if (deaths.size() == WARM_UP) {
                    survivor.settle();
                    before = Jvm.Held.now();
                }
            }
            survivor.settle();
            Jvm.Held after = Jvm.Held.now();
            System.err.println("held before " + before + ", after " + after);
            survivor.requireNothingLost();
            if (before != null) {
                int most = before.descriptors();
                // The pipes of a killed process are closed by a thread of the JDK, some time after its end.
                await().atMost(SETTLED)
                        .untilAsserted(() -> assertThat(Jvm.Held.now().descriptors())
                                .as("open descriptors")
                                .isLessThanOrEqualTo(most));
                assertThat(after.mappings()).as("shared mappings").isLessThanOrEqualTo(before.mappings());
                assertThat(after.sharedBytes())
                        .as("resident shared bytes")
                        // Entries of the own tables are used in random order: each page of them is touched one day.
                        .isLessThanOrEqualTo(before.sharedBytes() + Layout.CONTROL_BYTES);
                assertThat(after.heapBytes() - before.heapBytes())
                        .as("growth of the heap")
                        .isLessThan(HEAP_GROWTH_BYTES);
            }
        }
        assertThat(median("any process", deaths))
                .as("the median round, all flushed")
                .isLessThan(PROMISE);
    }

    /** The kernel tells the end of a process when its memory is given back, so size matters. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void theEndOfALargeProcessIsToldInTime() throws Exception {
        int mebibytes = 1024 * Math.max(1, Integer.getInteger("scale", 1));
        VerbsProvider provider = Verbs.provider("embedded");
        List<Survivor.Death> deaths = new ArrayList<>();
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider);
                Survivor survivor =
                        new Survivor(context, channel, new SplittableRandom(42), 1, List.of("resident=" + mebibytes))) {
            for (int round = 0; round < LARGE_ROUNDS; round++) {
                deaths.add(survivor.surviveOne(LIMIT));
            }
            survivor.settle();
        }
        Duration median = median(mebibytes + " MiB resident", deaths);
        if (mebibytes == 1024) {
            assertThat(median).as("the median round, all flushed").isLessThan(PROMISE);
        }
    }

    private static Duration median(String what, List<Survivor.Death> deaths) {
        long[] sorted =
                deaths.stream().mapToLong(Survivor.Death::flushedNs).sorted().toArray();
        int last = sorted.length - 1;
        System.err.printf(
                "%s: from kill -9 until DISCONNECTED and everything flushed, ms: median %.1f, 90 %% %.1f, most %.1f%n",
                what, sorted[last / 2] / 1e6, sorted[last * 9 / 10] / 1e6, sorted[last] / 1e6);
        return Duration.ofNanos(sorted[last / 2]);
    }
}
