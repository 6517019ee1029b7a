package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Every option of every command with a wrong value: one line that names it, the way to the help, exit code 2. */
final class UsageTest {
    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void aWrongValueIsNamedInOneLine(String line, String complaint) {
        Cli cli = Cli.run(line.split(" "));

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(cli.out()).isEmpty();
        assertThat(cli.errLines()).hasSize(2);
        assertThat(cli.errLines().getFirst()).startsWith("verbena: ").contains(complaint);
        assertThat(cli.errLines().getLast()).contains("--help");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void aWrongValueIsInTheDocumentToo(String line, String complaint) {
        List<String> arguments = new ArrayList<>(List.of(line.split(" ")));
        arguments.addAll(1, List.of("--json", "-"));

        Cli cli = Cli.run(arguments.toArray(String[]::new));

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.USAGE);
        JsonNode document = cli.document();
        assertThat(document.path("error").path("code").asText()).isEqualTo("USAGE");
        assertThat(document.path("error").path("message").asText()).contains(complaint);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of("demo --size 0", "--size 0 is not within 1 to 8388608"),
                Arguments.of("demo --size much", "'much' is not an int"),
                Arguments.of("demo --iterations 0", "--iterations 0 is not within"),
                Arguments.of("demo --iterations 3.5", "'3.5' is not an int"),
                Arguments.of("demo --timeout soon", "'soon' is not a time"),
                Arguments.of("demo --timeout 0s", "'0s' is not within 1ms to 24h"),
                Arguments.of("demo --accept-timeout -1", "--accept-timeout"),
                Arguments.of("demo --listen 10.7.0.2:99999", "no port within 0 to 65535"),
                Arguments.of("demo --connect [::1", "no closing bracket"),
                Arguments.of("demo --listen 10.7.0.2 --connect 10.7.0.1", "exclude each other"),
                Arguments.of("demo --source 10.7.0.1", "--source belongs to --connect"),
                Arguments.of("demo --provider nonsense", "there is no provider nonsense"),
                Arguments.of("demo something", "something"),
                Arguments.of("devices --provider nonsense", "there is no provider nonsense"),
                Arguments.of("devices --frobnicate", "--frobnicate"),
                Arguments.of("gids --provider nonsense", "there is no provider nonsense"),
                Arguments.of("doctor --provider nonsense", "there is no provider nonsense"),
                Arguments.of("pingpong --port 0", "--port 0 is not within 1 to 65535"),
                Arguments.of("pingpong --port x", "'x' is not an int"),
                Arguments.of("pingpong --ib-port 0", "--ib-port 0 is not within"),
                Arguments.of("pingpong --size 0", "--size 0 is not within"),
                Arguments.of("pingpong --size -4", "--size -4 is not within"),
                Arguments.of("pingpong --mtu 1500", "--mtu 1500 is none of"),
                Arguments.of("pingpong --rx-depth 0", "--rx-depth 0 is not within"),
                Arguments.of("pingpong --iters 0", "--iters 0 is not within"),
                Arguments.of("pingpong --sl 16", "--sl 16 is not within 0 to 15"),
                Arguments.of("pingpong --gid-idx -1", "--gid-idx -1 is not within"),
                Arguments.of("pingpong --type rd", "--type"),
                Arguments.of("pingpong --timeout 25h", "'25h' is not within 1ms to 24h"),
                Arguments.of("pingpong --ib-dev a --device b", "should be specified only once"),
                Arguments.of("rping", "either -c (client) or -s (server)"),
                Arguments.of("rping -c -s", "either -c (client) or -s (server)"),
                Arguments.of("rping -c", "-c needs -a"),
                Arguments.of("rping -s -I 10.7.0.1", "-I belongs to -c"),
                Arguments.of("rping -c -a 10.7.0.1 -P", "-P belongs to -s"),
                Arguments.of("rping -c -a 10.7.0.1 -p 0", "--port 0 is not within 1 to 65535"),
                Arguments.of("rping -c -a 10.7.0.1 -C -1", "--count -1 is not within"),
                Arguments.of("rping -c -a 10.7.0.1 -S 26", "--size 26 is not within 27 to 65535"),
                Arguments.of("rping -c -a 10.7.0.1 -S 65536", "--size 65536 is not within 27 to 65535"),
                Arguments.of("rping -c -a [x", "no closing bracket"),
                Arguments.of("rping -s -p 70000", "--port 70000 is not within"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("optionsWithAValue")
    void anOptionWithoutItsValueIsAUsageError(String command, String option) {
        Cli cli = Cli.run(command, option);

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(cli.out()).isEmpty();
        assertThat(cli.errLines()).hasSize(2);
        assertThat(cli.errLines().getFirst())
                .contains("Missing required parameter")
                .contains(option);
    }

    static Stream<Arguments> optionsWithAValue() {
        return Stream.of("demo", "devices", "gids", "doctor", "pingpong", "rping")
                .flatMap(command -> {
                    CommandLine line = Objects.requireNonNull(
                            Main.commandLine().getSubcommands().get(command));
                    return line.getCommandSpec().options().stream()
                            .filter(option -> option.arity().min() > 0)
                            .map(OptionSpec::longestName)
                            .map(option -> Arguments.of(command, option));
                });
    }

    @Test
    void aJsonFileThatCannotBeWrittenIsAUsageError(@TempDir Path folder) {
        Cli cli = Cli.run(
                "devices", "--json", folder.resolve("no/such/folder.json").toString());

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(cli.err()).contains("--json: cannot write");
    }

    @Test
    void aDocumentGoesToItsFile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("out.json");

        Cli cli = Cli.run("devices", "--device", "no-such-device", "--json", file.toString());

        assertThat(cli.exitCode()).isEqualTo(ExitCodes.NO_DEVICE);
        JsonNode document = Cli.valid(Files.readString(file));
        assertThat(document.path("ok").asBoolean()).isFalse();
    }
}
