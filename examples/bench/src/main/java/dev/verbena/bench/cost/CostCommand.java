package dev.verbena.bench.cost;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.Pinning;
import dev.verbena.bench.results.Machine;
import dev.verbena.bench.results.Spread;
import dev.verbena.bench.results.Table;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.cli.VerbsCommand;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Java's post and poll beside C's.
 *
 * <p>Threading: runs on the main thread; Ctrl-C reports what there is.
 */
@Command(
        name = "cost",
        description = "A post and a poll in Java beside the same loop in C, on any machine.",
        footer = {
            "",
            "Both loops call one libibverbs that needs no RDMA: its driver does next to nothing, so that the ratio is the",
            "worst that Java's calls can add. It is compiled here, which needs a C compiler (cc) and rdma-core's headers",
            "(infiniband/verbs.h), and nothing else of rdma-core; Debian: apt install gcc libc6-dev libibverbs-dev.",
            "Takes half a minute; the machine should have nothing else to do.",
            "",
            "Example:",
            "  ./verbena bench cost --json cost.json"
        })
public final class CostCommand extends VerbsCommand {
    private static final int REPEATS_MAX = 100;
    private static final int SAMPLES_MAX = 1000;
    private static final int REQUESTS_MIN = 1000;
    private static final int REQUESTS_MAX = 100_000_000;
    private static final String WARM_UP = "six samples of each loop and batch";

    @Option(
            names = "--repeats",
            paramLabel = "COUNT",
            defaultValue = "5",
            description = "How often everything is measured, with new processes. Default: ${DEFAULT-VALUE}.")
    private int repeats;

    @Option(
            names = "--samples",
            paramLabel = "COUNT",
            defaultValue = "11",
            description = "Samples of each loop in a repeat, by turns. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(
            names = {"-n", "--iters"},
            paramLabel = "COUNT",
            defaultValue = "2000000",
            description = "Requests of a sample. Default: ${DEFAULT-VALUE}.")
    private int requests;

    private @Nullable CostRun run;
    private @Nullable ObjectNode fields;
    private boolean reported;

    /** For picocli. */
    public CostCommand() {}

    @Override
    protected String documentedCommand() {
        return "bench cost";
    }

    @Override
    protected void declare(ObjectNode document) {
        document.put("repeats", repeats).put("iterations", requests);
        document.put("warmup", WARM_UP);
        List<Integer> allowed = Pinning.allowed();
        document.put("pinning", allowed.isEmpty() ? null : "both loops on processor " + allowed.getFirst());
        document.put("commit", Machine.commit());
        document.put("jvm", Machine.jvm()).put("kernel", Machine.kernel()).put("cpu", Machine.cpu());
        document.put("timestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        document.putArray("results");
        fields = document;
    }

    @Override
    protected void check() {
        within("--repeats", repeats, 1, REPEATS_MAX);
        within("--samples", samples, 1, SAMPLES_MAX);
        within("--iters", requests, REQUESTS_MIN, REQUESTS_MAX);
        if (providerName != null || deviceName != null) {
            throw usage("--provider and --device do not go with cost, which brings its own device");
        }
    }

    @Override
    protected void run(Report report) throws InterruptedException {
        CostRun made = new CostRun(new CostRun.Plan(repeats, samples, requests), line -> {
            err().println(line);
            err().flush();
        });
        run = made;
        try {
            made.run(device());
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, String.valueOf(e.getMessage()), "", e);
        }
        report();
    }

    private static FakeDevice device() throws InterruptedException {
        try {
            return new FakeDevice();
        } catch (IOException e) {
            throw new Failure(
                    Failure.Code.NO_DEVICE,
                    "the device of this benchmark is C code that cannot be compiled here: " + e.getMessage(),
                    "it needs a C compiler (cc) and rdma-core's headers; Debian: apt install gcc libc6-dev libibverbs-dev",
                    e);
        }
    }

    @Override
    protected void onInterrupt() {
        CostRun begun = run;
        if (begun != null) {
            begun.stop();
            report();
        }
    }

    private synchronized void report() {
        CostRun begun = run;
        ObjectNode document = fields;
        if (reported || begun == null || document == null) {
            return;
        }
        reported = true;
        List<CostFigures> all = begun.figures();
        ArrayNode results = document.putArray("results");
        Table table = new Table(
                "post", "batch", "C, ns", "Java, ns", "Java / C", "least", "most", "repeats", "wanted", "met", "B/op");
        for (CostFigures one : all) {
            Spread ratio = one.spread(CostFigures.RATIO);
            if (ratio != null) {
                table.row(
                        one.way().text(),
                        String.valueOf(one.batch()),
                        median(one, CostFigures.C, "%.2f"),
                        median(one, CostFigures.JAVA, "%.2f"),
                        median(one, CostFigures.RATIO, "%.3f"),
                        String.format(Locale.ROOT, "%.3f", ratio.min()),
                        String.format(Locale.ROOT, "%.3f", ratio.max()),
                        String.valueOf(ratio.count()),
                        one.target() == null ? "" : "at most " + one.target(),
                        one.met() == null ? "" : Boolean.TRUE.equals(one.met()) ? "yes" : "no",
                        median(one, CostFigures.ALLOCATED, "%.2f"));
                write(results.addObject(), one);
            }
        }
        table.lines().forEach(this::say);
        say(
                "A request of 64 bytes, from its post to its checked completion. Post: how the driver is called. Medians of");
        say("repeats with new processes; a repeat is the median of " + samples + " samples of " + requests
                + " requests each.");
    }

    private static String median(CostFigures one, String key, String format) {
        return String.format(
                Locale.ROOT, format, Objects.requireNonNull(one.spread(key)).median());
    }

    private static void write(ObjectNode node, CostFigures one) {
        node.put("post", one.way().text()).put("batch", one.batch());
        for (String key : List.of(CostFigures.C, CostFigures.JAVA, CostFigures.RATIO, CostFigures.ALLOCATED)) {
            Spread spread = Objects.requireNonNull(one.spread(key));
            node.putObject(key)
                    .put("median", spread.median())
                    .put("min", spread.min())
                    .put("max", spread.max());
        }
        node.put("target", one.target()).put("met", one.met());
        one.repeats().forEach((repeat, row) -> {
            ObjectNode each = node.withArray("repeats").addObject().put("repeat", repeat + 1);
            row.forEach(each::put);
        });
    }
}
