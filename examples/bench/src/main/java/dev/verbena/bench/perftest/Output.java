package dev.verbena.bench.perftest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.bench.results.LatencySummary;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Where a benchmark's results go: lines for people, the document, and perftest's own JSON.
 *
 * <p>Threading: one thread.
 */
final class Output {
    /** Which single times are printed, {@code -H} and {@code -U}. */
    enum Each {
        NONE,
        SORTED,
        UNSORTED
    }

    private final Consumer<String> lines;
    private final ObjectNode node;
    private final BenchDocument document;
    private final PerftestJson perftest;
    private final boolean gigabits;
    private final Each each;
    private final boolean progress;

    Output(
            Consumer<String> lines,
            ObjectNode node,
            BenchDocument document,
            PerftestJson perftest,
            boolean gigabits,
            Each each,
            boolean progress) {
        this.lines = lines;
        this.node = node;
        this.document = document;
        this.perftest = perftest;
        this.gigabits = gigabits;
        this.each = each;
        this.progress = progress;
    }

    void say(String line) {
        lines.accept(line);
    }

    BenchDocument document() {
        return document;
    }

    PerftestJson perftest() {
        return perftest;
    }

    boolean gigabits() {
        return gigabits;
    }

    /** A bar on the terminal, where there is one; else nothing. */
    @Nullable
    Progress progress(Run run, long messages, int seconds) {
        return progress ? new Progress(run, messages, seconds) : null;
    }

    /** Puts a result into the document: as its own, or as one of many sizes. */
    private void result(boolean oneOfMany, Consumer<BenchDocument> fill) {
        if (oneOfMany) {
            ObjectNode one = node.objectNode();
            fill.accept(new BenchDocument(one, document));
            document.repeats().add(one);
        } else {
            fill.accept(document);
        }
    }

    /** Reports times of which there are at least 4. */
    void latency(Settings sized, Times times, Cost cost) {
        // From when it was due until its answer nothing is halved: the wait is a part of it.
        boolean oneWay = !sized.test().verb().isRequest() && sized.perSecond() == 0;
        double factor = oneWay ? 0.5 : 1;
        Histogram histogram = times.histogram();
        LatencySummary summary = LatencySummary.of(histogram, factor);
        if (sized.isDuration()) {
            double seconds = times.sampledNs() / 1e9;
            double averageUs = seconds * 1e6 * factor / times.count();
            double perSecond = times.count() / seconds;
            say(LatencyResult.durationLine(sized.bytes(), times.count(), averageUs, perSecond));
            perftest.duration(sized.bytes(), times.count(), averageUs, perSecond);
        } else {
            long[] each = times.each();
            long iterations = times.count() + (sized.perSecond() > 0 ? 0 : 1);
            LatencyResult result = each.length == 0
                    ? LatencyResult.of(sized.bytes(), iterations, summary)
                    : LatencyResult.of(sized.bytes(), iterations, each, factor);
            printEach(each, factor);
            say(result.line());
            perftest.latency(result);
        }
        if (sized.perSecond() > 0) {
            say(String.format(
                    Locale.ROOT,
                    " %.0f a second, from when each was due until its answer: p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f usec",
                    sized.perSecond(),
                    summary.p50() / 1e3,
                    summary.p90() / 1e3,
                    summary.p99() / 1e3,
                    summary.p999() / 1e3,
                    summary.max() / 1e3));
        }
        long count = times.count();
        result(
                sized.all(),
                one -> one.work(sized.bytes(), count)
                        .latency(summary, oneWay)
                        .cost(cost.cpuSeconds(), cost.allocatedBytes(count)));
    }

    /** Reports messages and their rate; what is printed may be of both sides together. */
    void bandwidth(Settings sized, Rates rates, Cost cost, BandwidthResult printed) {
        print(printed);
        result(
                sized.all(),
                one -> one.work(sized.bytes(), rates.messages())
                        .rate(rates.perSecond(), rates.perSecond() * sized.bytes())
                        .cost(cost.cpuSeconds(), cost.allocatedBytes(rates.messages())));
    }

    void print(BandwidthResult result) {
        say(result.line(gigabits));
        perftest.bandwidth(result);
    }

    private void printEach(long[] eachNs, double factor) {
        if (each == Each.NONE) {
            return;
        }
        long[] times = eachNs.clone();
        if (each == Each.SORTED) {
            Arrays.sort(times);
        }
        say("#, usec");
        for (int i = 0; i < times.length; i++) {
            say(String.format(Locale.ROOT, "%d, %.6g", i + 1, times[i] * factor / 1e3));
        }
        say(LatencyResult.HEADING);
    }
}
