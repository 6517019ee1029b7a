package dev.verbena.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a run has found, and how the peers stand to each other.
 *
 * <p>Threading: immutable.
 *
 * @param measurements in the order of reports
 * @param skipped what was not measured, and why
 * @param repeats that were begun of
 * @param warmUp what went before every sample
 * @param pinning which process had which processor
 * @param countedBy what counts system calls; null when nothing does
 */
record Comparison(
        List<Measurement> measurements,
        Map<String, String> skipped,
        int repeats,
        String warmUp,
        String pinning,
        @Nullable String countedBy) {

    @Nullable
    Measurement find(String peer, Operation operation) {
        return measurements.stream()
                .filter(measurement -> measurement.peer().name().equals(peer) && measurement.operation() == operation)
                .findFirst()
                .orElse(null);
    }

    /** How many repeats count, of the three operations; where all of them have as many, once. */
    String counts(Peer peer) {
        List<String> counts = new ArrayList<>();
        for (Operation operation : Operation.values()) {
            Measurement measurement = find(peer.name(), operation);
            if (measurement != null) {
                counts.add(String.valueOf(measurement.repeats().size()));
            }
        }
        return counts.stream().distinct().count() == 1 ? counts.getFirst() : String.join("/", counts);
    }

    /** What is behind the system calls, for people. */
    String callsText() {
        return countedBy == null ? "not counted" : "counted once, in the first repeat, by " + countedBy;
    }

    /** The peers that have anything, once each. */
    List<Peer> peers() {
        return measurements.stream().map(Measurement::peer).distinct().toList();
    }

    /** What the project promises, as far as both sides were measured, and what helps to understand it. */
    List<Ratio> ratios() {
        List<Ratio> found = new ArrayList<>();
        for (String ucx : List.of("ucx-am", "ucx-tag", "jucx")) {
            atMost(found, "verbs", ucx, Operation.ECHO, 0.8);
        }
        atMost(found, "verbs", "aeron", Operation.ECHO, 1.1);
        for (String other : List.of("ucx-am", "ucx-tag", "jucx", "aeron")) {
            atLeast(found, "verbs", other, Operation.RATE, 1);
        }
        for (String ucx : List.of("ucx-am", "ucx-tag", "jucx")) {
            atMost(found, "messages", ucx, Operation.ECHO, 1);
        }
        atMost(found, "messages", "aeron", Operation.ECHO, 1.25);
        for (String slow : List.of("netty-epoll", "tcp")) {
            for (String ours : List.of("verbs", "messages")) {
                atLeast(found, slow, ours, Operation.ECHO, 30);
            }
        }
        for (String ours : List.of("verbs", "messages")) {
            atLeast(found, ours, "tcp", Operation.BULK, 3);
            cpu(found, ours, "tcp", 0.3);
        }
        add(found, "verbs", "limits", Operation.ECHO, Operation.ECHO.key(), null, true);
        add(found, "messages", "verbs", Operation.ECHO, Operation.ECHO.key(), null, true);
        add(found, "verbs", "limits", Operation.BULK, Operation.BULK.key(), null, false);
        add(found, "messages", "limits", Operation.BULK, Operation.BULK.key(), null, false);
        return found;
    }

    private void atMost(List<Ratio> found, String above, String below, Operation operation, double target) {
        add(found, above, below, operation, operation.key(), target, true);
    }

    private void atLeast(List<Ratio> found, String above, String below, Operation operation, double target) {
        add(found, above, below, operation, operation.key(), target, false);
    }

    private void cpu(List<Ratio> found, String above, String below, double target) {
        add(found, above, below, Operation.BULK, Measurement.CPU, target, true);
    }

    private void add(
            List<Ratio> found,
            String above,
            String below,
            Operation operation,
            String key,
            @Nullable Double target,
            boolean isLess) {
        Measurement a = find(above, operation);
        Measurement b = find(below, operation);
        if (a != null && b != null) {
            String what = switch (key) {
                case "p50" -> "echo 64 B, p50";
                case Measurement.CPU -> "bulk, CPU seconds per GB";
                default -> operation == Operation.RATE ? "rate 64 B" : "bulk, bandwidth";
            };
            found.add(Ratio.of(what + ": " + above + " / " + below, a, b, key, target, isLess));
        }
    }

    /** How many of the ratios with a target are such. */
    static long count(List<Ratio> ratios, Predicate<Boolean> met) {
        return ratios.stream()
                .map(Ratio::met)
                .filter(value -> value != null && met.test(value))
                .count();
    }
}
