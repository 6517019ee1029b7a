package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/** What the commands tell of the device that every machine has. */
final class EmbeddedDevicesTest {
    @Test
    void devicesTellsTheDeviceAndItsPort() {
        Cli cli = Cli.run("devices", "--provider", "embedded", "--json", "-");

        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(ExitCodes.OK);
        JsonNode device = cli.document().path("devices").path(0);
        assertThat(device.path("name").asText()).isEqualTo("embedded0");
        assertThat(device.path("provider").asText()).isEqualTo("embedded");
        assertThat(device.path("ports").path(0).path("state").asText()).isEqualTo("ACTIVE");
        assertThat(device.path("capabilities")).extracting(JsonNode::asText).contains("RELIABLE_CONNECTED");
    }

    @Test
    void gidsChoosesOneOfEachPort() {
        Cli cli = Cli.run("gids", "--provider", "embedded", "--json", "-");

        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(ExitCodes.OK);
        assertThat(cli.document().path("gids"))
                .isNotEmpty()
                .filteredOn(gid -> gid.path("chosen").asBoolean())
                .hasSize(1);
    }
}
