package dev.verbena.bench.compare;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.bench.results.Spread;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as docs/json/bench-compare.schema.json describes it.
 *
 * <p>Threading: pure functions.
 */
final class CompareDocument {
    private CompareDocument() {}

    /** The fields of a run of which nothing is known yet. */
    static void declare(ObjectNode fields) {
        fields.putArray("results");
        fields.putArray("ratios");
        fields.putArray("skipped");
    }

    static void fill(ObjectNode fields, Comparison comparison, String command) {
        ArrayNode results = fields.putArray("results");
        for (Measurement measurement : comparison.measurements()) {
            result(results.addObject(), measurement, comparison, command);
        }
        ArrayNode ratios = fields.putArray("ratios");
        for (Ratio ratio : comparison.ratios()) {
            ObjectNode node = ratios.addObject()
                    .put("name", ratio.name())
                    .put("numerator", ratio.numerator())
                    .put("denominator", ratio.denominator());
            Spread spread = ratio.spread();
            node.put("median", spread == null ? null : (Double) spread.median());
            node.put("min", spread == null ? null : (Double) spread.min());
            node.put("max", spread == null ? null : (Double) spread.max());
            node.put("target", ratio.target()).put("met", ratio.met());
        }
        ArrayNode skipped = fields.putArray("skipped");
        comparison
                .skipped()
                .forEach((name, reason) -> skipped.addObject().put("name", name).put("reason", reason));
    }

    private static void result(ObjectNode node, Measurement measurement, Comparison comparison, String command) {
        BenchDocument document = new BenchDocument(node, measurement.operation().title())
                .peer(measurement.peer().name())
                .work(measurement.operation().bytes(), measurement.messages())
                .conditions(comparison.warmUp(), comparison.pinning());
        Spread perSecond = measurement.spread("per_s");
        if (measurement.operation() == Operation.ECHO) {
            latency(node, measurement);
        } else if (perSecond != null) {
            document.rate(
                    perSecond.median(),
                    perSecond.median() * measurement.operation().bytes());
        }
        node.put("allocated_bytes_per_op", median(measurement, "allocated_per_message"));
        node.put("cpu_seconds", median(measurement, "cpu_s"));
        node.put(Measurement.CPU, median(measurement, Measurement.CPU));
        node.put(Measurement.CALLS, measurement.callsPerMessage());
        node.put("dropped", measurement.dropped());
        node.put("title", measurement.peer().title());
        node.put("command", command);
        measurement.repeats().forEach((repeat, row) -> {
            ObjectNode one = document.repeats().addObject().put("repeat", repeat + 1);
            row.forEach(one::put);
        });
    }

    /** Of a tool that prints a median and a mean only, the others are null. */
    private static void latency(ObjectNode node, Measurement measurement) {
        node.put("one_way", true);
        ObjectNode times = node.putObject("latency_ns");
        for (String key : new String[] {"min", "p50", "p90", "p99", "p99_9", "max", "mean"}) {
            times.put(key, median(measurement, key));
        }
    }

    private static @Nullable Double median(Measurement measurement, String key) {
        Spread spread = measurement.spread(key);
        return spread == null ? null : (Double) spread.median();
    }
}
