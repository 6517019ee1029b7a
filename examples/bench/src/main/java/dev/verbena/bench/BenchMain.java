package dev.verbena.bench;

import dev.verbena.bench.perftest.MessageCommand;
import dev.verbena.bench.perftest.PerftestCommand;
import dev.verbena.bench.perftest.Test;
import dev.verbena.cli.Main;
import picocli.CommandLine;

/**
 * The {@code verbena} command with its benchmarks. Without a command it is {@code bench verbs}.
 *
 * <p>Threading: the main thread.
 */
public final class BenchMain {
    private BenchMain() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments as typed
     */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(withCommand(arguments)));
    }

    /** The whole command, with the benchmarks in the place of the launcher's {@code bench}. */
    static CommandLine commandLine() {
        CommandLine verbena = Main.commandLine();
        verbena.getCommandSpec().removeSubcommand("bench");
        // Handlers and settings reach the subcommands that are there, so they are set once more.
        CommandLine bench = new CommandLine(new BenchCommand());
        for (Test test : Test.values()) {
            CommandLine command = new CommandLine(new PerftestCommand(test));
            command.getCommandSpec().usageMessage().description(test.description());
            bench.addSubcommand(test.command(), command);
        }
        for (boolean latency : new boolean[] {true, false}) {
            MessageCommand message = new MessageCommand(latency);
            CommandLine command = new CommandLine(message);
            command.getCommandSpec()
                    .usageMessage()
                    .description(
                            (latency ? "Half the round-trip time" : "Bandwidth and rate") + " of the core's messages.");
            bench.addSubcommand(message.command(), command);
        }
        return verbena.addSubcommand("bench", bench)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(verbena.getParameterExceptionHandler())
                .setExecutionExceptionHandler(verbena.getExecutionExceptionHandler())
                .setExecutionStrategy(verbena.getExecutionStrategy());
    }

    private static String[] withCommand(String[] arguments) {
        if (arguments.length > 0 && !arguments[0].startsWith("-")) {
            return arguments;
        }
        String[] all = new String[arguments.length + 2];
        all[0] = "bench";
        all[1] = "verbs";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return all;
    }
}
