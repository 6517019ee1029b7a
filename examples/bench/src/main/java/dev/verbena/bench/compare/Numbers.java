package dev.verbena.bench.compare;

import dev.verbena.bench.results.Spread;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Figures for people.
 *
 * <p>Threading: pure functions.
 */
final class Numbers {
    private Numbers() {}

    /** Three digits that count. */
    static String plain(double value) {
        double size = Math.abs(value);
        String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }

    /** A time. */
    static String time(double ns) {
        return ns >= 1e6 ? plain(ns / 1e6) + " ms" : ns >= 1000 ? plain(ns / 1000) + " us" : plain(ns) + " ns";
    }

    /** A median in a unit, and how far the extremes are from it. */
    static String spread(@Nullable Spread spread, double unit) {
        return spread == null ? "-" : plain(spread.median() / unit) + " " + range(spread);
    }

    /** The same of a time. */
    static String time(@Nullable Spread spread) {
        return spread == null ? "-" : time(spread.median()) + " " + range(spread);
    }

    private static String range(Spread spread) {
        if (spread.median() == 0) {
            return "-0+0%"; // below what the kernel counts
        }
        return String.format(
                Locale.ROOT,
                "-%.0f+%.0f%%",
                100 * (1 - spread.min() / spread.median()),
                100 * (spread.max() / spread.median() - 1));
    }
}
