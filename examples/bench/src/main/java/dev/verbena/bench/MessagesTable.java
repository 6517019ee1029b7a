package dev.verbena.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What do messages cost beside the verbs that they are made of, and what do many connections cost beside one? Expected:
 * 0.8 of the rate of raw sends in batches, 0.95 of the bandwidth of raw READs, and 0.7 of the rate of one connection.
 */
@Command(
        name = "messages",
        description = "Messages between two pinned, polling processes, beside raw verbs of the same run.",
        footer = {"", "Example:", "  ./verbena bench messages --samples 5"})
final class MessagesTable implements Callable<Integer> {
    private static final int SLOTS = 2048;
    private static final int WARM_UPS = 4;
    private static final int LONG_MESSAGES = 64;

    @Mixin
    private final TableOptions table = new TableOptions();

    @Option(
            names = {"-n", "--iters"},
            description = "messages of a sample (400000)",
            defaultValue = "400000")
    private int messages = 400_000;

    @Option(names = "--samples", description = "samples of each figure (7)", defaultValue = "7")
    private int samples = 7;

    @Option(names = "--connections", description = "how many are many (1000)", defaultValue = "1000")
    private int connections = 1000;

    @Option(
            names = "--in-flight",
            description = "echoes under way, all connections together (100)",
            defaultValue = "100")
    private int inFlight = 100;

    private final Results results = new Results();

    @Override
    public Integer call() throws IOException, InterruptedException {
        // Not with real-time priority: the threads that connect are bound to the processor on which a loop spins.
        Options options = new Options(table.device(), CoreSide.BYTES, samples, messages, false);
        try (SidePair pair = new SidePair(options, 1, SLOTS)) {
            // The raw figures need a whole number of batches.
            int raw = messages / 32 * 32;
            String echo = "core_echo " + messages + " " + inFlight;
            for (int i = 0; i < WARM_UPS; i++) {
                pair.measure("send_bw " + raw + " 32");
                pair.measure("read_bw");
            }
            oneConnection(pair, raw);
            for (String receives : List.of("own", "shared")) {
                echoes(pair, receives, 1, "1 connection, " + receives + " receives: echo", echo);
                String many = connections + " connections, " + receives + " receives: echo";
                echoes(pair, receives, connections, many, echo);
                results.ratioPerTrip(many, "1 connection, " + receives + " receives: echo", 0.7);
            }
        }
        table.end(results, "bench messages", CoreSide.BYTES);
        return 0;
    }

    private void oneConnection(SidePair pair, int raw) throws IOException, InterruptedException {
        pair.measure("core_open 1 own");
        for (int i = 0; i < WARM_UPS; i++) {
            pair.measure("core_one_way " + messages);
            pair.measure("core_long " + LONG_MESSAGES);
        }
        for (int i = 0; i < samples; i++) {
            add("raw sends, batch 32", "/s", pair.measure("send_bw " + raw + " 32"), "per_s");
            add("messages, one way", "/s", pair.measure("core_one_way " + messages), "per_s");
            add("raw READ, 1 MiB", "B/s", pair.measure("read_bw"), "bytes_per_s");
            add("messages of 1 MiB", "B/s", pair.measure("core_long " + LONG_MESSAGES), "bytes_per_s");
        }
        pair.measure("core_close");
        results.ratioPerTrip("messages, one way", "raw sends, batch 32", 0.8);
        results.plain("messages of 1 MiB", "raw READ, 1 MiB", 0.95);
    }

    private void echoes(SidePair pair, String receives, int count, String name, String echo)
            throws IOException, InterruptedException {
        pair.measure("core_open " + count + " " + receives);
        for (int i = 0; i < WARM_UPS; i++) {
            pair.measure(echo);
        }
        for (int i = 0; i < samples; i++) {
            add(name, "/s", pair.measure(echo), "per_s");
        }
        Map<String, Double> memory = pair.measure("core_memory");
        System.out.printf("%s: %.0f bytes of registered memory a connection%n", name, memory.get("bytes"));
        pair.measure("core_close");
    }

    private void add(String name, String unit, Map<String, Double> figures, String key) {
        results.add(name, unit, figures, key);
    }
}
