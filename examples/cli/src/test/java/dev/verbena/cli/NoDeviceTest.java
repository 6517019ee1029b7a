package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands say when there is not the device they need; true of every machine. */
final class NoDeviceTest {
    private static final String NONE = " --device no-such-device";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "demo --connect 127.0.0.1",
                "devices",
                "gids",
                "pingpong",
                "pingpong 127.0.0.1",
                "rping -c -a 127.0.0.1",
                "rping -s"
            })
    void itIsSaidInOneLineAndInTheDocument(String command) {
        Cli plain = Cli.run((command + NONE).split(" "));
        Cli json = Cli.run((command + NONE + " --json -").split(" "));

        assertThat(plain.exitCode()).isEqualTo(ExitCodes.NO_DEVICE);
        assertThat(plain.errLines()).hasSize(1);
        assertThat(plain.err()).startsWith("verbena: ");

        assertThat(json.exitCode()).isEqualTo(ExitCodes.NO_DEVICE);
        JsonNode document = json.document();
        assertThat(document.path("error").path("code").asText()).isEqualTo("NO_DEVICE");
        assertThat(document.path("ok").asBoolean()).isFalse();
    }

    @Test
    void theDoctorRunsAnywhere() {
        Cli cli = Cli.run("doctor", "--json", "-");

        JsonNode document = cli.document();
        assertThat(document.path("checks").size()).isGreaterThan(5);
        assertThat(cli.exitCode()).isEqualTo(document.path("ok").asBoolean() ? ExitCodes.OK : ExitCodes.FAILED);
    }
}
