package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.conformance.differential.Bench;
import dev.verbena.verbs.conformance.differential.Differential;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test that finds no mistake proves nothing: each of these is built in once, and must be found. */
final class MutationTest {
    /** As many as half of the differential test runs; most mistakes show within a tenth of that. */
    private static final int PROGRAMS = 500;
    /** A mistake may be that nothing comes any more; it is no mistake yet when it comes late. */
    private static final Duration LIMIT = Duration.ofSeconds(2);

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void theDifferentialTestFinds(Mutation mutation) {
        MutatedProvider provider = new MutatedProvider(1, mutation);
        try (Bench bench = DifferentialTest.bench(Verbs.devices(provider), LIMIT)) {
            Differential differential = new Differential(Map.of("the mutant", bench)).withoutShrinking();

            String found = differential.run(1, PROGRAMS);

            System.err.println(mutation + ": " + differential.decided() + " programs");
            assertThat(found)
                    .as("%s, %d programs", mutation, differential.decided())
                    .startsWith("the mutant breaks the rules");
        }
    }
}
