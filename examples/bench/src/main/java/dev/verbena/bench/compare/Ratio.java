package dev.verbena.bench.compare;

import dev.verbena.bench.results.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One peer's figure divided by another's, repeat by repeat: the two samples of a repeat lie as near to each other in time as
 * the run allows. Where both go through memory each is first divided by the bare round trip beside it, since the machine may
 * have changed in between.
 *
 * <p>Threading: immutable.
 *
 * @param name for people
 * @param spread over the repeats that have both; null when there is none
 * @param target what is wanted, null for nothing
 * @param isLess whether the ratio shall be at most the target, not at least
 */
record Ratio(
        String name,
        String numerator,
        String denominator,
        @Nullable Spread spread,
        @Nullable Double target,
        boolean isLess) {

    /** Of two measurements of the same figure. */
    static Ratio of(
            String name, Measurement above, Measurement below, String key, @Nullable Double target, boolean isLess) {
        boolean perTrip = above.peer().isOverMemory() && below.peer().isOverMemory() && !key.equals(Measurement.CPU);
        // A time grows with the bare round trip, a rate shrinks; of large messages it says nothing.
        double power =
                !perTrip || above.operation() == Operation.BULK ? 0 : above.operation() == Operation.ECHO ? -1 : 1;
        List<Double> values = new ArrayList<>();
        for (Map.Entry<Integer, Map<String, Double>> repeat : above.repeats().entrySet()) {
            Map<String, Double> other = below.repeats().get(repeat.getKey());
            Double a = repeat.getValue().get(key);
            Double b = other == null ? null : other.get(key);
            if (a != null && b != null && other != null && b > 0) {
                double bare = repeat.getValue().getOrDefault("bare_round_trip_ns", Double.NaN)
                        / other.getOrDefault("bare_round_trip_ns", Double.NaN);
                values.add(a / b * (power == 0 ? 1 : Math.pow(bare, power)));
            }
        }
        return new Ratio(
                name + (power == 0 ? "" : ", per bare trip"),
                above.peer().name() + " " + above.operation().title() + " " + key,
                below.peer().name() + " " + below.operation().title() + " " + key,
                Spread.of(values),
                target,
                isLess);
    }

    /** Whether the median is as wanted; null where nothing is wanted or known. */
    @Nullable
    Boolean met() {
        if (target == null || spread == null) {
            return null;
        }
        return isLess ? spread.median() <= target : spread.median() >= target;
    }

    /** For people. */
    String wanted() {
        return target == null ? "" : (isLess ? "at most " : "at least ") + Numbers.plain(target);
    }
}
