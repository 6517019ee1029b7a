package dev.verbena.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * A command that the launcher runs without this jar. Here it stands in the help and in the completion script only.
 *
 * <p>Threading: runs on the main thread.
 */
@Command
abstract sealed class LauncherCommand implements Runnable permits BenchLauncherCommand, LabCommand, TestCommand {
    @Parameters(paramLabel = "ARG", arity = "0..*", description = "Passed on.")
    @SuppressWarnings("UnusedVariable") // picocli fills it, so that the refusal below names the command and no argument
    private List<String> arguments = List.of();

    @Unmatched
    @SuppressWarnings("UnusedVariable") // as above
    private List<String> options = new ArrayList<>(); // picocli adds to it

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    @Override
    public final void run() {
        throw new ParameterException(
                spec.commandLine(), "'" + spec.name() + "' belongs to the launcher: run ./verbena " + spec.name());
    }
}
