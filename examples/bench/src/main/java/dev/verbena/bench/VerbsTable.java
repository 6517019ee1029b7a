package dev.verbena.bench;

import dev.verbena.bench.process.UcxTool;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures the verbs between two processes and prints a table, with ratios to a bare ping-pong, a plain copy, and UCX in
 * the same run.
 */
@Command(
        name = "verbs",
        description = "Verbs between two pinned, polling processes, beside a bare ping-pong, memcpy and UCX.",
        footer = {"", "Example:", "  ./verbena bench verbs --samples 5"})
final class VerbsTable implements Callable<Integer> {
    private static final int SLOTS = 2048;
    private static final int MANY = 1000;
    private static final int MANY_SLOTS = 4;
    private static final int RATE_MESSAGES = 3_200_000;
    private static final int WARM_UPS = 4;
    private static final int LATENCIES = 1_000_000;
    private static final int UCX_WARM_UP = 100_000;

    @Mixin
    private final TableOptions table = new TableOptions();

    @Option(
            names = {"-s", "--size"},
            description = "bytes of a message, 8 to 256 (64)",
            defaultValue = "64")
    private int size = 64;

    @Option(
            names = {"-n", "--iters"},
            description = "round trips of a sample (200000)",
            defaultValue = "200000")
    private int iterations = 200_000;

    @Option(names = "--samples", description = "samples of each figure (11)", defaultValue = "11")
    private int samples = 11;

    @Option(names = "--no-peers", description = "without UCX")
    private boolean noPeers;

    @Option(names = "--real-time", description = "run the processes by chrt -r 10: for a machine that has other work")
    private boolean realTime;

    private final Results results = new Results();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options options = new Options(table.device(), size, samples, iterations, realTime);
        try (SidePair pair = new SidePair(options, 1, SLOTS)) {
            warmUp(pair);
            for (int sample = 0; sample < samples; sample++) {
                latencies(pair);
                rates(pair);
                costs(pair);
                bandwidths(pair);
            }
            if (!noPeers && UcxTool.missing() == null) {
                peers(pair, options);
            }
        }
        manyQueuePairs(options);
        print();
        return 0;
    }

    private static void warmUp(SidePair pair) throws IOException, InterruptedException {
        for (int i = 0; i < WARM_UPS; i++) {
            pair.measure("send_lat 500000");
            pair.measure("send_lat_each 100000");
            pair.measure("write_lat 500000");
            pair.measure("send_bw " + RATE_MESSAGES + " 1");
            pair.measure("send_bw " + RATE_MESSAGES + " 32");
            for (VerbCost.Operation operation : VerbCost.Operation.values()) {
                pair.measure("cost " + operation);
            }
            for (String what : List.of("copy", "write_bw", "send_large_bw")) {
                pair.measure(what);
            }
        }
    }

    private void latencies(SidePair pair) throws IOException, InterruptedException {
        add("send, one way, mean", "ns", pair.measure("send_lat " + iterations), "ns");
        Map<String, Double> each = pair.measure("send_lat_each " + iterations);
        add("send, one way, p50, with the clock", "ns", each, "p50");
        add("send, one way, p99, with the clock", "ns", each, "p99");
        add("write, one way, mean", "ns", pair.measure("write_lat " + iterations), "ns");
    }

    private void rates(SidePair pair) throws IOException, InterruptedException {
        add("send rate, batch 1", "/s", pair.measure("send_bw " + RATE_MESSAGES + " 1"), "per_s");
        add("send rate, batch 32", "/s", pair.measure("send_bw " + RATE_MESSAGES + " 32"), "per_s");
    }

    private void costs(SidePair pair) throws IOException, InterruptedException {
        for (VerbCost.Operation operation : VerbCost.Operation.values()) {
            Map<String, Double> figures = pair.measure("cost " + operation);
            add(operation + " 8 B, post and poll, median of 20", "ns", figures, "ns");
        }
    }

    private void bandwidths(SidePair pair) throws IOException, InterruptedException {
        add("copy, 1 MiB", "B/s", pair.measure("copy"), "bytes_per_s");
        add("WRITE, 1 MiB", "B/s", pair.measure("write_bw"), "bytes_per_s");
        add("SEND, 1 MiB", "B/s", pair.measure("send_large_bw"), "bytes_per_s");
    }

    private void peers(SidePair pair, Options options) throws IOException, InterruptedException {
        for (int sample = 0; sample < samples; sample++) {
            beside(
                    pair,
                    "UCX ucp_am_lat, one way, mean",
                    "ns",
                    ucx(options, "ucp_am_lat", LATENCIES).meanNs());
            beside(
                    pair,
                    "UCX ucp_put_lat, one way, mean",
                    "ns",
                    ucx(options, "ucp_put_lat", LATENCIES).meanNs());
            beside(
                    pair,
                    "UCX tag_bw rate",
                    "/s",
                    ucx(options, "tag_bw", RATE_MESSAGES).perSecond());
        }
    }

    private static UcxTool.Result ucx(Options options, String test, int count)
            throws IOException, InterruptedException {
        return UcxTool.run(
                test,
                options.lengthBytes(),
                count,
                UCX_WARM_UP,
                command -> options.pinned(0, command),
                command -> options.pinned(1, command));
    }

    /** A figure of another program: its gate before is the one after the figure before it. */
    private void beside(SidePair pair, String name, String unit, double value)
            throws IOException, InterruptedException {
        Map<String, Double> gate = new HashMap<>(pair.measure("gate"));
        gate.put("value", value);
        add(name, unit, gate, "value");
    }

    private void manyQueuePairs(Options options) throws IOException, InterruptedException {
        try (SidePair pair = new SidePair(options, MANY, MANY_SLOTS)) {
            for (int i = 0; i < WARM_UPS; i++) {
                pair.measure("send_lat 500000");
                pair.measure("send_bw " + RATE_MESSAGES + " 1");
            }
            for (int sample = 0; sample < samples; sample++) {
                add(MANY + " queue pairs: send, one way, mean", "ns", pair.measure("send_lat " + iterations), "ns");
                Map<String, Double> rate = pair.measure("send_bw " + RATE_MESSAGES + " 1");
                add(MANY + " queue pairs: send rate, batch 1", "/s", rate, "per_s");
            }
        }
    }

    private void add(String name, String unit, Map<String, Double> figures, String key) {
        results.add(name, unit, figures, key);
    }

    // ---------------------------------------------------------------- results

    private void print() throws IOException, InterruptedException {
        results.trips("send, one way, mean", 1.6);
        results.trips("write, one way, mean", 1.3);
        results.ratioOfTrips("send, one way, mean", "UCX ucp_am_lat, one way, mean", 0.8);
        results.ratioPerTrip("send rate, batch 1", "UCX tag_bw rate", 1.6);
        results.ratioPerTrip("send rate, batch 32", "UCX tag_bw rate", 2.2);
        results.plain("WRITE, 1 MiB", "copy, 1 MiB", 0.95);
        results.plain("SEND, 1 MiB", "copy, 1 MiB", 0.95);
        results.ratioPerTrip(MANY + " queue pairs: send rate, batch 1", "send rate, batch 1", 0.7);
        results.ratioOfTrips(MANY + " queue pairs: send, one way, mean", "send, one way, mean", 1.3);
        table.end(results, "bench verbs", size);
    }
}
