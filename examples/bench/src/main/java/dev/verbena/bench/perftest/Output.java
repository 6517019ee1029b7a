package dev.verbena.bench.perftest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.results.BenchDocument;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
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
    void result(boolean oneOfMany, Consumer<BenchDocument> fill) {
        if (oneOfMany) {
            ObjectNode one = node.objectNode();
            fill.accept(new BenchDocument(one, document));
            document.repeats().add(one);
        } else {
            fill.accept(document);
        }
    }

    /** Prints every single time, where that is asked for. */
    void each(long[] eachNs, double factor) {
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
