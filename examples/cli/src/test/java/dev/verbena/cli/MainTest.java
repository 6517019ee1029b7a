package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

final class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aMissingCommandIsAUsageError() {
        int exitCode = run();

        assertThat(exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).startsWith("verbena: a command is missing");
    }

    @Test
    void anUnknownCommandIsAUsageErrorThatNamesIt() {
        int exitCode = run("pingpnog");

        assertThat(exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).startsWith("verbena: there is no command 'pingpnog'");
    }

    @Test
    void anUnknownOptionIsAUsageErrorThatNamesIt() {
        int exitCode = run("completion", "--frobnicate");

        assertThat(exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).contains("--frobnicate").contains("'verbena completion --help'");
    }

    @Test
    void helpListsEveryCommandOnStandardOutput() {
        int exitCode = run("help");

        assertThat(exitCode).isEqualTo(ExitCodes.OK);
        assertThat(err.toString()).isEmpty();
        assertThat(out.toString()).contains(Main.commandLine().getSubcommands().keySet());
    }

    @Test
    void helpOfAnUnknownCommandIsAUsageError() {
        int exitCode = run("help", "frobnicate");

        assertThat(exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains("there is no command 'frobnicate'");
    }

    @Test
    void theVersionIsSaidOnStandardOutput() {
        int exitCode = run("--version");

        assertThat(exitCode).isEqualTo(ExitCodes.OK);
        assertThat(out.toString()).startsWith("verbena ").contains("Java 25");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(String command) {
        int exitCode = run("help", command);

        assertThat(exitCode).isEqualTo(ExitCodes.OK);
        assertThat(out.toString()).contains("Usage: verbena " + command).containsPattern("Examples?:");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("launcherCommands")
    void aCommandOfTheLauncherSaysSo(String command) {
        int exitCode = run(command, "--anything", "up");

        assertThat(exitCode).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains("run ./verbena " + command);
    }

    @Test
    void theCompletionScriptKnowsEveryCommand() {
        int exitCode = run("completion");

        assertThat(exitCode).isEqualTo(ExitCodes.OK);
        assertThat(err.toString()).isEmpty();
        assertThat(out.toString()).contains(Main.commandLine().getSubcommands().keySet());
    }

    static Stream<String> commands() {
        return Main.commandLine().getSubcommands().keySet().stream();
    }

    static Stream<String> launcherCommands() {
        return Stream.of("bench", "test", "lab");
    }

    private int run(String... arguments) {
        CommandLine commandLine = Main.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        return commandLine.execute(arguments);
    }
}
