package dev.verbena.bench.compare;

import dev.verbena.bench.results.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as lines of text, for the terminal and for a spreadsheet.
 *
 * <p>Threading: pure functions.
 */
final class CompareText {
    private static final double MILLION = 1e6;
    private static final double GIGA = 1e9;

    private CompareText() {}

    /** The table, the ratios, and what is missing. */
    static List<String> lines(Comparison comparison) {
        Table table = new Table(
                "through",
                "echo 64 B, p50",
                "p99",
                "rate 64 B, M/s",
                "bulk 1 MiB, GB/s",
                "CPU s/GB",
                "calls: echo",
                "bulk",
                "repeats");
        for (Peer peer : comparison.peers()) {
            Measurement echo = comparison.find(peer.name(), Operation.ECHO);
            Measurement rate = comparison.find(peer.name(), Operation.RATE);
            Measurement bulk = comparison.find(peer.name(), Operation.BULK);
            table.row(
                    peer.name(),
                    echo == null ? "-" : Numbers.time(echo.spread("p50")),
                    echo == null ? "-" : Numbers.time(echo.spread("p99")),
                    rate == null ? "-" : Numbers.spread(rate.spread("per_s"), MILLION),
                    bulk == null ? "-" : Numbers.spread(bulk.spread("bytes_per_s"), GIGA),
                    bulk == null ? "-" : Numbers.spread(bulk.spread(Measurement.CPU), 1),
                    calls(echo),
                    calls(bulk),
                    comparison.counts(peer));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add("Medians of as many repeats as the last column says (echo/rate/bulk), of " + comparison.repeats()
                + ", each with new processes,");
        lines.add(
                "and how far the extremes are from them; times are of one way. Processor time is that of both processes.");
        lines.add("System calls are those of both for one message, " + comparison.callsText() + ".");
        lines.add(comparison.pinning() + ".");
        lines.add("");
        Table ratios = new Table("ratio", "median", "least", "most", "repeats", "wanted", "met");
        for (Ratio ratio : comparison.ratios()) {
            ratios.row(
                    ratio.name(),
                    ratio.spread() == null ? "-" : Numbers.plain(ratio.spread().median()),
                    ratio.spread() == null ? "-" : Numbers.plain(ratio.spread().min()),
                    ratio.spread() == null ? "-" : Numbers.plain(ratio.spread().max()),
                    ratio.spread() == null ? "0" : String.valueOf(ratio.spread().count()),
                    ratio.wanted(),
                    met(ratio));
        }
        lines.addAll(ratios.lines());
        for (Map.Entry<String, String> skip : comparison.skipped().entrySet()) {
            lines.add("not measured: " + skip.getKey() + ": " + skip.getValue());
        }
        return lines;
    }

    static String met(Ratio ratio) {
        Boolean met = ratio.met();
        return met == null ? "" : met ? "yes" : "no";
    }

    static String calls(@Nullable Measurement measurement) {
        Double calls = measurement == null ? null : measurement.callsPerMessage();
        // Below this it is the JVM's own housekeeping.
        return calls == null ? "-" : calls < 0.05 ? "0" : Numbers.plain(calls);
    }

    /** One line for every peer, operation and repeat; a figure that is not known is empty. */
    static List<String> csv(Comparison comparison) {
        TreeSet<String> keys = new TreeSet<>();
        comparison.measurements().forEach(m -> m.repeats().values().forEach(row -> keys.addAll(row.keySet())));
        List<String> lines = new ArrayList<>();
        lines.add("peer,operation,bytes,repeat," + String.join(",", keys) + "," + Measurement.CALLS);
        for (Measurement measurement : comparison.measurements()) {
            measurement.repeats().forEach((repeat, row) -> {
                StringBuilder line = new StringBuilder();
                line.append(measurement.peer().name())
                        .append(',')
                        .append(measurement.operation().title())
                        .append(',')
                        .append(measurement.operation().bytes())
                        .append(',')
                        .append(repeat + 1);
                keys.forEach(key -> line.append(',').append(number(row.get(key))));
                lines.add(line.append(',')
                        .append(number(measurement.callsPerMessage()))
                        .toString());
            });
        }
        return lines;
    }

    private static String number(@Nullable Double value) {
        return value == null ? "" : String.format(Locale.ROOT, "%.6g", value);
    }
}
