package dev.verbena.cli;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Values as bars of text, as long as they are large.
 *
 * <p>Threading: one thread.
 */
final class Chart {
    private static final int COLUMNS = 40;
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉";
    private static final char FULL = '█';

    private record Bar(String name, double value) {}

    private final String unit;
    private final List<Bar> bars = new ArrayList<>();

    /** @param unit of the values */
    Chart(String unit) {
        this.unit = unit;
    }

    void add(String name, double value) {
        bars.add(new Bar(name, value));
    }

    /** A line for each value; with other signs where the output cannot have blocks. */
    List<String> lines(Charset output) {
        double largest = bars.stream().mapToDouble(Bar::value).max().orElse(0);
        boolean blocks = output.newEncoder().canEncode(EIGHTHS + FULL);
        return bars.stream()
                .map(bar -> String.format(
                        Locale.ROOT, "%-14s %s %.1f %s", bar.name, drawn(bar.value, largest, blocks), bar.value, unit))
                .toList();
    }

    private static String drawn(double value, double largest, boolean blocks) {
        int eighths = largest > 0 ? (int) Math.round(value / largest * COLUMNS * 8) : 0;
        if (!blocks) {
            return "#".repeat(Math.max((eighths + 4) / 8, 1));
        }
        String rest = eighths % 8 == 0 ? "" : EIGHTHS.substring(eighths % 8, eighths % 8 + 1);
        return eighths == 0 ? EIGHTHS.substring(1, 2) : String.valueOf(FULL).repeat(eighths / 8) + rest;
    }
}
