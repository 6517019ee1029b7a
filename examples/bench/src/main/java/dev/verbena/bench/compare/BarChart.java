package dev.verbena.bench.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Horizontal bars as SVG: a bar for each median, a dot for each repeat. Its colours are classes of the page.
 *
 * <p>Threading: one thread.
 */
final class BarChart {
    private static final int WIDTH = 940;
    private static final int LABELS = 300;
    private static final int VALUES = 110;
    private static final int ROW = 26;
    private static final int BAR = 14;
    private static final int AXIS = 30;
    private static final int PLOT = WIDTH - LABELS - VALUES;

    private final String title;
    private final String meaning;
    private final boolean logarithmic;
    private final DoubleFunction<String> text;
    private final List<Bar> bars = new ArrayList<>();

    /** One row; the kind is a class of the page. */
    private record Bar(String label, String kind, double median, List<Double> repeats) {}

    /**
     * An empty chart.
     *
     * @param meaning one sentence for who does not see it
     * @param logarithmic whether each line of the axis is ten times the one before
     * @param text of a value
     */
    BarChart(String title, String meaning, boolean logarithmic, DoubleFunction<String> text) {
        this.title = title;
        this.meaning = meaning;
        this.logarithmic = logarithmic;
        this.text = text;
    }

    void bar(String label, String kind, double median, List<Double> repeats) {
        bars.add(new Bar(label, kind, median, List.copyOf(repeats)));
    }

    /** The chart, the smallest value or the greatest on top. */
    String svg(boolean smallestFirst) {
        if (bars.isEmpty()) {
            return "";
        }
        Comparator<Bar> order = Comparator.comparingDouble(Bar::median);
        List<Bar> rows =
                bars.stream().sorted(smallestFirst ? order : order.reversed()).toList();
        double most = rows.stream()
                .flatMapToDouble(bar -> DoubleStream.concat(
                        DoubleStream.of(bar.median), bar.repeats.stream().mapToDouble(Double::doubleValue)))
                .max()
                .orElse(1);
        double least = rows.stream().mapToDouble(Bar::median).min().orElse(1);
        double from = logarithmic ? Math.pow(10, Math.floor(Math.log10(least))) : 0;
        if (logarithmic && least < 1.5 * from) {
            from /= 10; // the shortest bar is to be seen
        }
        double to = logarithmic ? Math.pow(10, Math.ceil(Math.log10(most))) : most;
        int height = rows.size() * ROW + AXIS;
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<figure><figcaption><h3>%s</h3><p>%s</p></figcaption>%n",
                Html.text(title),
                Html.text(meaning)));
        svg.append(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                WIDTH,
                height,
                Html.text(meaning)));
        for (double tick : ticks(from, to)) {
            double x = x(tick, from, to);
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\"/>%n",
                    x,
                    x,
                    height - AXIS));
            svg.append(String.format(
                    Locale.ROOT,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%s</text>%n",
                    x,
                    height - 10,
                    Html.text(text.apply(tick).replaceFirst("\\.0+(?=\\D|$)", ""))));
        }
        for (int i = 0; i < rows.size(); i++) {
            row(svg, rows.get(i), i * ROW, from, to);
        }
        return svg.append("</svg></figure>\n").toString();
    }

    private void row(StringBuilder svg, Bar bar, int top, double from, double to) {
        int middle = top + ROW / 2;
        double end = x(bar.median, from, to);
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>%n",
                LABELS - 10,
                middle + 4,
                Html.text(bar.label)));
        svg.append(String.format(
                Locale.ROOT,
                "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"><title>%s: %s</title></rect>%n",
                bar.kind,
                LABELS,
                middle - BAR / 2,
                Math.max(1, end - LABELS),
                BAR,
                Html.text(bar.label),
                Html.text(text.apply(bar.median))));
        double right = end;
        for (double repeat : bar.repeats) {
            double x = x(repeat, from, to);
            right = Math.max(right, x);
            svg.append(String.format(
                    Locale.ROOT, "<circle class=\"repeat\" cx=\"%.1f\" cy=\"%d\" r=\"2.6\"/>%n", x, middle));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"value\" x=\"%.1f\" y=\"%d\">%s</text>%n",
                right + 9,
                middle + 4,
                Html.text(text.apply(bar.median))));
    }

    private double x(double value, double from, double to) {
        double share = logarithmic
                ? (Math.log10(value) - Math.log10(from)) / (Math.log10(to) - Math.log10(from))
                : (value - from) / (to - from);
        return LABELS + PLOT * Math.clamp(share, 0, 1);
    }

    private List<Double> ticks(double from, double to) {
        List<Double> ticks = new ArrayList<>();
        if (logarithmic) {
            for (double tick = from; tick <= to * 1.001; tick *= 10) {
                ticks.add(tick);
            }
            return ticks;
        }
        double step = Math.pow(10, Math.floor(Math.log10(to / 4)));
        while (to / step > 8) {
            step *= to / step > 20 ? 5 : 2;
        }
        for (int i = 0; i * step <= to; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }
}
