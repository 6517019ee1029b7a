package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.conformance.differential.Bench;
import dev.verbena.verbs.conformance.differential.Differential;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random programs against the model of the rules: half of them within one node, half between two, which reach each other through
 * sockets and mappings as two processes do.
 *
 * <p>{@code -Dseed=} begins elsewhere, {@code -Dprograms=} runs more, or one alone.
 */
final class DifferentialTest {
    private static final long SEED = Long.getLong("seed", 1);
    private static final int PROGRAMS = Integer.getInteger("programs", 1000);
    /** Far more than any wait takes when all is well. */
    private static final Duration LIMIT = Duration.ofSeconds(20);
    /** 17 ms. */
    private static final int SILENCE = 12;

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void embeddedDoesWhatTheRulesAllow() {
        int within = (PROGRAMS + 1) / 2;
        int between = PROGRAMS == 1 ? 1 : PROGRAMS - within;

        Differential oneNode = judge(1, SEED, within);
        System.setProperty(EmbeddedProvider.DEVICES_PROPERTY, "2");
        Differential twoNodes = judge(2, PROGRAMS == 1 ? SEED : SEED + within, between);

        assertThat(oneNode.decided()).isEqualTo(within);
        assertThat(twoNodes.decided()).isEqualTo(between);
        if (PROGRAMS >= 1000) {
            assertThat(oneNode.coverage().keySet()).containsAll(Differential.everything());
            assertThat(twoNodes.coverage().keySet()).containsAll(Differential.everything());
        }
    }

    @AfterEach
    void oneDeviceAgain() {
        System.clearProperty(EmbeddedProvider.DEVICES_PROPERTY);
    }

    private static Differential judge(int nodes, long seed, int programs) {
        try (Bench bench = bench(Verbs.devices(new MutatedProvider(nodes, Mutation.NONE)), LIMIT)) {
            Differential differential = new Differential(Map.of("embedded", bench));
            assertThat(differential.run(seed, programs)).isEmpty();
            return differential;
        }
    }

    static Bench bench(List<Device> devices, Duration limit) {
        Context a = devices.getFirst().open();
        Context b = devices.getLast().open();
        return new Bench(a, a.chooseGid(1, null), b, b.chooseGid(1, null), limit, SILENCE);
    }
}
