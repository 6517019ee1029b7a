package dev.verbena.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code verbena} command: reads the command line, runs one subcommand and ends with its exit code.
 *
 * <p>Standard output holds results only; messages, logs and progress go to standard error.
 *
 * <p>Threading: one command per process, on the main thread.
 */
@Command(
        name = "verbena",
        description = "RDMA verbs messaging for the JVM.",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        usageHelpAutoWidth = true,
        subcommands = {
            DemoCommand.class,
            DevicesCommand.class,
            GidsCommand.class,
            DoctorCommand.class,
            PingPongCommand.class,
            RpingCommand.class,
            TopCommand.class,
            HelpCommand.class,
            CompletionCommand.class,
            TestCommand.class,
            LabCommand.class,
            BenchLauncherCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 ok; 1 ran and failed; 2 usage; 3 no usable provider or device; 4 peer refused, lost or timed out;",
            "130 Ctrl-C.",
            "'verbena help COMMAND' explains one command."
        })
public final class Main implements Runnable {
    /** Read by slf4j-simple when the first logger is made. */
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Log what happens to standard error; an error brings its stack trace.")
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            scope = ScopeType.INHERIT,
            usageHelp = true,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    @Option(
            names = "--version",
            versionHelp = true,
            description = "Show the versions of Verbena, Java and the machine, and exit.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean version;

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments as typed
     */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /**
     * The whole command, ready to execute; standard output and error are the process's until they are set otherwise.
     *
     * @return a new one at each call
     */
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionStrategy(main::execute);
        commandLine.setParameterExceptionHandler(Main::explainUsage);
        commandLine.setExecutionExceptionHandler(main::explainFailure);
        return commandLine;
    }

    /** Whether {@code -v} was given. */
    boolean isVerbose() {
        return verbose;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private int execute(ParseResult parsed) {
        if (verbose) {
            System.setProperty(LOG_LEVEL, "debug");
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static int explainUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        if (command.getCommand() instanceof VerbsCommand verbs) {
            verbs.documentUsage(jsonFile(arguments), message(e));
        }
        command.getErr().println("verbena: " + message(e));
        UnmatchedArgumentException.printSuggestions(e, command.getErr());
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println("'" + name + " --help' shows what it takes.");
        return ExitCodes.USAGE;
    }

    /** The value of --json on a command line that cannot be understood as a whole; null without one. */
    private static @Nullable String jsonFile(String[] arguments) {
        String option = "--json";
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].startsWith(option + "=")) {
                return arguments[i].substring(option.length() + 1);
            }
            if (arguments[i].equals(option) && i + 1 < arguments.length) {
                return arguments[i + 1];
            }
        }
        return null;
    }

    private static String message(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
                && !e.getCommandLine().getSubcommands().isEmpty()) {
            return "there is no command '" + unmatched.getUnmatched().getFirst() + "'";
        }
        return String.valueOf(e.getMessage());
    }

    private int explainFailure(Exception e, CommandLine command, ParseResult parsed) {
        String message = e.getMessage();
        command.getErr().println("verbena: " + (message == null ? e.toString() : message));
        if (verbose) {
            e.printStackTrace(command.getErr());
        }
        return ExitCodes.FAILED;
    }
}
