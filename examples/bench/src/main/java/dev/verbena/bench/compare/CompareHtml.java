package dev.verbena.bench.compare;

import dev.verbena.bench.results.Machine;
import dev.verbena.bench.results.Spread;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as one HTML file that needs nothing else: charts, tables, how it was measured, what is missing.
 *
 * <p>Threading: one thread.
 */
final class CompareHtml {
    private static final String STYLE = "report.css";
    private static final double MILLION = 1e6;
    private static final double GIGA = 1e9;

    private final Comparison comparison;
    private final String command;
    private final String timestamp;
    private final StringBuilder page = new StringBuilder();

    private CompareHtml(Comparison comparison, String command, String timestamp) {
        this.comparison = comparison;
        this.command = command;
        this.timestamp = timestamp;
    }

    /**
     * The file's text.
     *
     * @param command that gave the figures
     * @param timestamp when
     */
    static String page(Comparison comparison, String command, String timestamp) throws IOException {
        return new CompareHtml(comparison, command, timestamp).page();
    }

    private String page() throws IOException {
        String title = "The same messages, through everything";
        add("<!doctype html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">");
        add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        add("<meta name=\"color-scheme\" content=\"light dark\">", "<title>Verbena: " + title + "</title>");
        add("<style>", style(), "</style>", "</head>", "<body>", "<main>");
        add("<h1>" + title + "</h1>");
        add(
                "<p class=\"lead\">One echo, one stream of small messages and one bulk transfer between two processes of one"
                        + " machine, through sockets, Netty, Aeron, UCX and Verbena, in one run.</p>");
        facts();
        charts();
        figures();
        ratios();
        skipped();
        method();
        add("</main>", "</body>", "</html>");
        return page.toString();
    }

    private static String style() throws IOException {
        try (InputStream css = CompareHtml.class.getResourceAsStream(STYLE)) {
            if (css == null) {
                throw new IOException(STYLE + " is not in the jar");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    private void add(String... lines) {
        for (String line : lines) {
            page.append(line).append('\n');
        }
    }

    private void facts() {
        add("<dl class=\"facts\">");
        fact("Command", command);
        fact("When", timestamp);
        fact("Processors", Machine.cpu());
        fact("Kernel", Machine.kernel());
        fact("JVM", Machine.jvm());
        fact("Commit", Machine.commit());
        fact("Bound to", comparison.pinning());
        add("</dl>");
    }

    private void fact(String name, @Nullable String value) {
        String text = value == null ? "not known" : value;
        add("<div><dt>" + Html.text(name) + "</dt><dd>" + Html.text(text) + "</dd></div>");
    }

    // ---------------------------------------------------------------- charts

    private void charts() {
        add("<h2>At a glance</h2>");
        add(
                "<p class=\"legend\"><span class=\"key ours\"></span> Verbena <span class=\"key memory\"></span> others through"
                        + " shared memory <span class=\"key kernel\"></span> through the kernel"
                        + " <span class=\"key limit\"></span> what the machine itself takes <span class=\"key dot\"></span> one repeat"
                        + "</p>");
        chart(
                Operation.ECHO,
                "p50",
                1,
                "Echo of 64 bytes: one way, median",
                "Less is better; every line is ten times the one before.",
                true,
                Numbers::time,
                true);
        chart(
                Operation.RATE,
                "per_s",
                MILLION,
                "Messages of 64 bytes one way, million a second",
                "More is better.",
                false,
                Numbers::plain,
                false);
        chart(
                Operation.BULK,
                "bytes_per_s",
                GIGA,
                "Messages of 1 MiB one way, GB a second",
                "More is better.",
                false,
                Numbers::plain,
                false);
        chart(
                Operation.BULK,
                Measurement.CPU,
                1,
                "Processor time for 1 GB of it, seconds of both processes",
                "Less is better.",
                false,
                Numbers::plain,
                true);
    }

    private void chart(
            Operation operation,
            String key,
            double unit,
            String title,
            String meaning,
            boolean logarithmic,
            DoubleFunction<String> text,
            boolean smallestFirst) {
        BarChart chart = new BarChart(title, meaning, logarithmic, text);
        for (Peer peer : comparison.peers()) {
            Measurement measurement = comparison.find(peer.name(), operation);
            Spread spread = measurement == null ? null : measurement.spread(key);
            if (measurement != null && spread != null && spread.median() > 0) {
                List<Double> repeats = measurement.repeats().values().stream()
                        .filter(row -> row.containsKey(key))
                        .map(row -> row.getOrDefault(key, 0.0) / unit)
                        .toList();
                chart.bar(peer.title(), kind(peer), spread.median() / unit, repeats);
            }
        }
        page.append(chart.svg(smallestFirst));
    }

    private static String kind(Peer peer) {
        return switch (peer.name()) {
            case "limits" -> "limit";
            case "verbs", "messages" -> "ours";
            default -> peer.isOverMemory() ? "memory" : "kernel";
        };
    }

    // ---------------------------------------------------------------- tables

    private void figures() {
        add("<h2>Figures</h2>");
        add("<p>Medians of as many repeats as the last column says (echo/rate/bulk), of " + comparison.repeats()
                + ", with new processes each, and how far the extremes are from them. Times are of one way."
                + " System calls are those of both processes for one message, " + Html.text(comparison.callsText())
                + ".</p>");
        add("<div class=\"wide\"><table>", "<thead><tr>");
        for (String heading : List.of(
                "through",
                "what happens to a message",
                "echo p50",
                "p99",
                "p99.9",
                "rate, M/s",
                "bulk, GB/s",
                "CPU s/GB",
                "calls, echo",
                "calls, bulk",
                "repeats")) {
            add("<th scope=\"col\">" + heading + "</th>");
        }
        add("</tr></thead>", "<tbody>");
        for (Peer peer : comparison.peers()) {
            Measurement echo = comparison.find(peer.name(), Operation.ECHO);
            Measurement rate = comparison.find(peer.name(), Operation.RATE);
            Measurement bulk = comparison.find(peer.name(), Operation.BULK);
            add("<tr class=\"" + kind(peer) + "-row\"><th scope=\"row\">" + Html.text(peer.title()) + " <small>"
                    + Html.text(peer.name()) + "</small></th><td class=\"words\">" + Html.text(peer.path()) + "</td>");
            for (String key : List.of("p50", "p99", "p99_9")) {
                cell(echo == null ? "-" : Numbers.time(echo.spread(key)));
            }
            cell(rate == null ? "-" : Numbers.spread(rate.spread("per_s"), MILLION));
            cell(bulk == null ? "-" : Numbers.spread(bulk.spread("bytes_per_s"), GIGA));
            cell(bulk == null ? "-" : Numbers.spread(bulk.spread(Measurement.CPU), 1));
            cell(CompareText.calls(echo));
            cell(CompareText.calls(bulk));
            cell(comparison.counts(peer));
            add("</tr>");
        }
        add("</tbody></table></div>");
    }

    private void cell(String text) {
        // The spread is smaller than what it belongs to.
        int gap = text.lastIndexOf(' ');
        boolean spread = text.endsWith("%") && gap > 0;
        add(
                spread
                        ? "<td>" + Html.text(text.substring(0, gap)) + " <small>" + Html.text(text.substring(gap + 1))
                                + "</small></td>"
                        : "<td>" + Html.text(text) + "</td>");
    }

    private void ratios() {
        List<Ratio> ratios = comparison.ratios();
        add("<h2>Ratios</h2>");
        add("<p>" + Comparison.count(ratios, met -> met) + " of the project's "
                + Comparison.count(ratios, met -> true)
                + " targets that could be looked at are met. A ratio is taken repeat by repeat; &ldquo;per bare trip&rdquo;:"
                + " each side is first divided by the bare cache-line round trip measured beside it.</p>");
        add("<div class=\"wide\"><table>");
        add(
                "<thead><tr><th scope=\"col\">ratio</th><th scope=\"col\">median</th><th scope=\"col\">least</th>"
                        + "<th scope=\"col\">most</th><th scope=\"col\">repeats</th><th scope=\"col\">wanted</th><th scope=\"col\">met</th></tr></thead>");
        add("<tbody>");
        for (Ratio ratio : ratios) {
            Spread spread = ratio.spread();
            String met = CompareText.met(ratio);
            add("<tr><th scope=\"row\">" + Html.text(ratio.name()) + "</th>");
            cell(spread == null ? "-" : Numbers.plain(spread.median()));
            cell(spread == null ? "-" : Numbers.plain(spread.min()));
            cell(spread == null ? "-" : Numbers.plain(spread.max()));
            cell(spread == null ? "0" : String.valueOf(spread.count()));
            cell(ratio.wanted());
            add("<td class=\"met-" + (met.isEmpty() ? "none" : met) + "\">" + met + "</td></tr>");
        }
        add("</tbody></table></div>");
    }

    private void skipped() {
        add("<h2>Not measured</h2>");
        if (comparison.skipped().isEmpty()) {
            add("<p>Nothing is missing.</p>");
            return;
        }
        add("<dl class=\"skipped\">");
        for (Map.Entry<String, String> skip : comparison.skipped().entrySet()) {
            add("<div><dt>" + Html.text(skip.getKey()) + "</dt><dd>" + Html.text(skip.getValue()) + "</dd></div>");
        }
        add("</dl>");
    }

    private void method() {
        add("<h2>How it was measured</h2>", "<ul>");
        for (String line : List.of(
                "Client and server are two processes, each bound to a processor of its own. Every repeat starts them anew;"
                        + " the order of the peers turns round from repeat to repeat.",
                "Before anything is measured every connection carries some thousands of messages that are compared byte by"
                        + " byte, in both sizes. During the measurement the number in the first and in the last eight bytes"
                        + " of each message is compared. The tool of UCX compares nothing.",
                "Before it is measured a peer is warmed up: " + comparison.warmUp() + ".",
                "The echo's percentiles have a look at the clock for every round trip in them, about 20 ns of it.",
                "Small messages one way may be handed over up to 32 at a time, whoever can do that. The time ends when the"
                        + " receiver says that all are there.",
                "Processor time is that of both processes as the kernel counts it, the JVM's compiler and the media driver of"
                        + " Aeron included. A side that polls has its processor all the time, whether anything comes or not.",
                "Before and after every sample two other processes hand a bare cache line to and fro. Of peers that go through"
                        + " memory a sample counts when both times differ by less than a quarter, since virtual processors"
                        + " wander. The limits are that ping-pong, and a copy of 1 MiB between two shared mappings.")) {
            add("<li>" + Html.text(line) + "</li>");
        }
        add("</ul>");
    }
}
