package dev.verbena.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Explains Verbena, or one command of it, on standard output.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "help",
        description = "Explain Verbena, or one command.",
        footer = {"", "Example:", "  verbena help completion"})
final class HelpCommand implements Callable<Integer> {
    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "The command to explain.")
    private List<String> path = List.of();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine command = spec.root().commandLine();
        for (String name : path) {
            CommandLine subcommand = command.getSubcommands().get(name);
            if (subcommand == null) {
                throw new ParameterException(spec.commandLine(), "there is no command '" + name + "'");
            }
            command = subcommand;
        }
        command.usage(spec.commandLine().getOut());
        return ExitCodes.OK;
    }
}
