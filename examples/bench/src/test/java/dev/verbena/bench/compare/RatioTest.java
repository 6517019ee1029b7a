package dev.verbena.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.bench.results.Spread;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How two peers' repeats become a ratio. */
final class RatioTest {
    private static final List<Peer> PEERS = new Peers(new Processors(0, 1), false).list();

    private static Measurement echoes(String peer, double bareNs, double... roundTripsNs) {
        Measurement measurement = new Measurement(
                PEERS.stream()
                        .filter(one -> one.name().equals(peer))
                        .findFirst()
                        .orElseThrow(),
                Operation.ECHO);
        for (int i = 0; i < roundTripsNs.length; i++) {
            measurement.add(i, 10, new HashMap<>(Map.of("p50", roundTripsNs[i])), bareNs);
        }
        return measurement;
    }

    @Test
    void thePeersOfOneRepeatAreDividedAndTheMedianDecides() {
        Ratio ratio = Ratio.of("x", echoes("tcp", 100, 40, 60, 90), echoes("unix", 100, 10, 20, 30), "p50", 3.0, true);

        assertThat(ratio.spread()).isEqualTo(new Spread(3, 3, 4, 3));
        assertThat(ratio.met()).isTrue();
        assertThat(ratio.name()).isEqualTo("x");
    }

    @Test
    void throughMemoryBothAreFirstDividedByTheBareTripBesideThem() {
        // given: the same code, while the processors were near each other and while they were far apart
        Measurement near = echoes("verbs", 100, 300);
        Measurement far = echoes("aeron", 500, 1500);

        Ratio ratio = Ratio.of("x", near, far, "p50", 1.1, true);

        assertThat(ratio.spread()).isEqualTo(new Spread(1, 1, 1, 1));
        assertThat(ratio.name()).isEqualTo("x, per bare trip");
    }

    @Test
    void aRepeatThatOnlyOneOfThemHasCountsForNothing() {
        Ratio ratio = Ratio.of("x", echoes("tcp", 100), echoes("unix", 100, 10), "p50", 1.0, false);

        assertThat(ratio.spread()).isNull();
        assertThat(ratio.met()).isNull();
    }
}
