package dev.verbena.bench.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.cli.VerbsCommand;
import dev.verbena.verbs.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The same echo and the same transfer through everything that is there.
 *
 * <p>Threading: runs on the main thread; Ctrl-C reports what there is.
 */
@Command(
        name = "compare",
        description = "The same echo and bulk transfer through sockets, Netty, Aeron, UCX and Verbena, in one run.",
        footer = {
            "",
            "Takes under ten minutes; the machine should have nothing else to do, and two processors at least. What is not",
            "there is listed with its reason: ucx_perftest (ucx-utils), libucx0, cc, perf or strace.",
            "",
            "Examples:",
            "  ./verbena bench compare --html compare.html --csv compare.csv --json compare.json",
            "  ./verbena bench compare --only verbs,messages,tcp --repeats 3"
        })
public final class CompareCommand extends VerbsCommand {
    private static final int REPEATS_MAX = 100;
    private static final String ELSEWHERE =
            "this command compares what needs no RDMA device; over one, or over Soft-RoCE in"
                    + " the lab, the other commands of ./verbena bench stand beside perftest's";

    @Option(
            names = "--repeats",
            paramLabel = "COUNT",
            defaultValue = "5",
            description = "How often everything is measured, with new processes. Default: ${DEFAULT-VALUE}.")
    private int repeats;

    @Option(
            names = "--sample",
            paramLabel = "MS",
            defaultValue = "300",
            description = "How long a sample takes, about. Default: ${DEFAULT-VALUE}.")
    private int sampleMs;

    @Option(
            names = "--only",
            paramLabel = "PEER",
            split = ",",
            description = "These peers only, by the names of the first column.")
    private @Nullable List<String> only;

    @Option(names = "--no-warm-up", description = "For a look at whether everything runs: figures mean nothing.")
    private boolean noWarmUp;

    @Option(names = "--html", paramLabel = "FILE", description = "A report with charts goes there.")
    private @Nullable Path html;

    @Option(names = "--csv", paramLabel = "FILE", description = "Every repeat of every figure goes there.")
    private @Nullable Path csv;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    private @Nullable CompareRun run;
    private @Nullable ObjectNode fields;
    private @Nullable Processors processors;
    private boolean reported;

    /** For picocli. */
    public CompareCommand() {}

    @Override
    protected String documentedCommand() {
        return "bench compare";
    }

    @Override
    protected void declare(ObjectNode document) {
        CompareDocument.declare(document);
        fields = document;
    }

    @Override
    protected void check() {
        within("--repeats", repeats, 1, REPEATS_MAX);
        within("--sample", sampleMs, 1, 10_000);
        for (Path file : new Path[] {html, csv}) {
            Path folder = file == null ? null : file.toAbsolutePath().getParent();
            if (folder != null && !Files.isWritable(folder)) {
                throw usage("cannot write into " + folder);
            }
        }
    }

    @Override
    protected void run(Report report) throws InterruptedException {
        Device _ = device(provider());
        try {
            Processors bound = Processors.find();
            processors = bound;
            Peers all = new Peers(bound, !noWarmUp);
            CompareRun made = new CompareRun(
                    chosen(all.list()),
                    all.limits(),
                    new CompareRun.Plan(repeats, sampleMs * 1_000_000L, !noWarmUp),
                    line -> {
                        err().println(line);
                        err().flush();
                    });
            if (only == null) {
                made.skip("rdma-core, perftest, DiSNI", ELSEWHERE);
            }
            run = made;
            made.run();
            report();
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private List<Peer> chosen(List<Peer> peers) {
        List<String> names = only;
        if (names == null) {
            return peers;
        }
        List<Peer> chosen = new ArrayList<>();
        for (String name : names) {
            chosen.add(peers.stream()
                    .filter(peer -> peer.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> usage("--only: there is no " + name + " but "
                            + String.join(", ", peers.stream().map(Peer::name).toList()))));
        }
        return chosen;
    }

    @Override
    protected void onInterrupt() {
        CompareRun begun = run;
        if (begun != null) {
            begun.stop();
            try {
                report();
            } catch (IOException | RuntimeException e) {
                err().println("verbena: " + e.getMessage());
            }
        }
    }

    private synchronized void report() throws IOException {
        CompareRun begun = run;
        ObjectNode document = fields;
        Processors bound = processors;
        if (reported || begun == null || document == null || bound == null) {
            return;
        }
        reported = true;
        Comparison found = new Comparison(
                begun.measurements(),
                begun.skipped(),
                begun.repeatsDone(),
                begun.plan().warmUpText(),
                bound.text(),
                begun.countedBy());
        String command = commandLine();
        CompareDocument.fill(document, found, command);
        CompareText.lines(found).forEach(this::say);
        if (csv != null) {
            Files.write(csv, CompareText.csv(found));
        }
        if (html != null) {
            String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
            Files.writeString(html, CompareHtml.page(found, command, now));
        }
        if (found.measurements().isEmpty()) {
            throw new Failure(Failure.Code.FAILED, "nothing could be measured: " + found.skipped());
        }
    }

    /** As it was typed, from the command on. */
    private String commandLine() {
        List<String> typed = spec.commandLine().getParseResult().originalArgs();
        return "./verbena bench compare "
                + String.join(" ", typed.subList(typed.indexOf(spec.name()) + 1, typed.size()));
    }
}
