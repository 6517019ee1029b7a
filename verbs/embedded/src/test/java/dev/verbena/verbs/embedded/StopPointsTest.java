package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
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

/** A peer is killed, or stopped, at each point of a request where it has done one thing and not yet the next. */
final class StopPointsTest {
    private static final int SIGKILL = 9;
    private static final int SIGSTOP = 19;
    private static final Duration LIMIT = Duration.ofSeconds(2);
    /** Deregistration gives a peer that does not move a second, once. */
    private static final Duration GIVEN_UP = Duration.ofSeconds(5);

    private static final int REFILLED_BYTES = 4 << 20;
    private static final byte REFILL = 0x11;

    private static Survivor.Plan plan(StopPoint point, int signal, int passage) {
        return new Survivor.Plan(
                Survivor.Moment.BY_ITSELF,
                point == StopPoint.CLAIMED || point == StopPoint.PUBLISHING || point == StopPoint.ASKING,
                point == StopPoint.ASKING,
                point == StopPoint.GRANTING ? List.of("shared") : List.of(),
                List.of("-D" + StopPoint.PROPERTY + "=" + point + ":" + signal + ":" + passage));
    }

    @Test
    @Timeout(value = 180, unit = TimeUnit.SECONDS)
    void aPeerThatDiesAtAnyPointLeavesAWholeSurvivor() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println("killed at every point: -Dseed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        VerbsProvider provider = Verbs.provider("embedded");
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider);
                Survivor survivor = new Survivor(context, channel, random.split(), 1, List.of())) {
            for (StopPoint point : StopPoint.values()) {
                Survivor.Death death = survivor.surviveItself(plan(point, SIGKILL, 1 + random.nextInt(50)), LIMIT);
                System.err.println(point + ": " + death);
            }
            survivor.settle();
            survivor.requireNothingLost();
        }
    }

    @Test
    @Timeout(value = 180, unit = TimeUnit.SECONDS)
    void aPeerThatIsStoppedAtAnyPointHoldsUpNobodyElseAndWritesNothingAnyMore() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println("stopped at every point: -Dseed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        VerbsProvider provider = Verbs.provider("embedded");
        try (Context context = Verbs.devices(provider).getFirst().open();
                EventChannel channel = EventChannel.open(provider);
                ProtectionDomain pd = context.allocateProtectionDomain();
                Survivor survivor = new Survivor(context, channel, random.split(), 1, List.of())) {
            List<MemoryRegion> refilled = new ArrayList<>();
            for (StopPoint point : StopPoint.values()) {
                Survivor.Peer peer = survivor.awaitStopped(plan(point, SIGSTOP, 1 + random.nextInt(50)));
                try {
                    Duration others = survivor.goOn(LIMIT, peer);
                    Duration givenUp = survivor.giveUp(peer);
                    System.err.println(point + ": the others went on within " + others + ", given up after " + givenUp);
                    assertThat(givenUp).as(point.toString()).isLessThan(GIVEN_UP);

                    MemoryRegion region = pd.allocate(REFILLED_BYTES, AccessFlags.LOCAL_WRITE);
                    region.memory().fill(REFILL);
                    refilled.add(region);
                    Jvm.signal(peer.process().toHandle(), "-CONT");
                    // What it is about goes nowhere, its connection is over, and it ends by itself.
                    assertThat(peer.process().waitFor(30, TimeUnit.SECONDS))
                            .as(point + " ends")
                            .isTrue();
                    assertThat(peer.process().exitValue()).as(point.toString()).isZero();
                } finally {
                    peer.process().destroyForcibly();
                }
            }
            for (MemoryRegion region : refilled) {
                assertThat(region.memory()
                                .mismatch(
                                        pd.allocate(REFILLED_BYTES, 0).memory().fill(REFILL)))
                        .as("the first byte that a stopped peer wrote")
                        .isEqualTo(-1);
            }
            survivor.settle();
        }
    }
}
