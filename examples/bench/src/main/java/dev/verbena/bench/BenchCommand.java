package dev.verbena.bench;

import dev.verbena.bench.compare.CompareCommand;
import dev.verbena.bench.cost.CostCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code ./verbena bench}: all benchmarks.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "bench",
        description = "Latency, rate and bandwidth with perftest's names, options and columns.",
        synopsisSubcommandLabel = "BENCHMARK",
        subcommands = {VerbsTable.class, MessagesTable.class, CompareCommand.class, CostCommand.class},
        footer = {"", "Example:", "  ./verbena bench verbs"})
final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a benchmark is missing");
    }
}
