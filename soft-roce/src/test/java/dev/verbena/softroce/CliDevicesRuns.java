package dev.verbena.softroce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the commands tell of a real device, beside what ibv_devinfo and the kernel tell; on request. */
@SoftRoceTest
final class CliDevicesRuns {
    @BeforeAll
    static void install(SoftRocePeers peers) {
        VerbenaCommand.install(peers);
    }

    @Test
    void devicesTellsWhatIbvDevinfoTells(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.a();
        String name = container.device().name();
        String expected =
                container.exec("ibv_devinfo", "-d", name).requireSuccess().out();

        JsonNode document = VerbenaDocument.of(
                VerbenaCommand.run(container, "devices", "--device", name, "--json", "-")
                        .requireSuccess(),
                "devices");

        JsonNode device = document.path("devices").path(0);
        JsonNode port = device.path("ports").path(0);
        assertThat(document.path("devices")).hasSize(1);
        assertThat(device.path("name").asText()).isEqualTo(name);
        assertThat(device.path("node_guid").asText()).isEqualTo(field(expected, "node_guid"));
        assertThat("PORT_" + port.path("state").asText()).isEqualTo(word(field(expected, "state")));
        assertThat(port.path("active_mtu").asText()).isEqualTo(word(field(expected, "active_mtu")));
        assertThat(port.path("lid").asText()).isEqualTo(field(expected, "port_lid"));
        assertThat(port.path("link_layer").asText()).isEqualToIgnoringCase(field(expected, "link_layer"));
        assertThat(device.path("capabilities"))
                .extracting(JsonNode::asText)
                .contains("RELIABLE_CONNECTED", "REMOTE_ATOMICS", "MULTICAST");
    }

    @Test
    void gidsTellsTheKernelsTableAndTheOneThatServes(SoftRocePeers peers) throws Exception {
        SoftRoceContainer container = peers.a();
        RxeDevice device = container.device();
        String port = "/sys/class/infiniband/" + device.name() + "/ports/1/";
        Map<Integer, String> values = numbered(container, port + "gids");
        Map<Integer, String> types = numbered(container, port + "gid_attrs/types");
        Map<Integer, String> netdevs = numbered(container, port + "gid_attrs/ndevs");
        List<String> expected = types.keySet().stream()
                .map(index -> index + " " + values.get(index) + " " + types.get(index) + " " + netdevs.get(index))
                .toList();

        JsonNode gids = VerbenaDocument.of(
                        VerbenaCommand.run(container, "gids", "--device", device.name(), "--json", "-")
                                .requireSuccess(),
                        "gids")
                .path("gids");

        List<String> told = StreamSupport.stream(gids.spliterator(), false)
                .map(gid -> gid.path("index").asText() + " " + gid.path("gid").asText() + " "
                        + gid.path("type").asText() + " " + gid.path("netdev").asText())
                .toList();
        assertThat(told).isNotEmpty().containsExactlyElementsOf(expected);
        assertThat(gids)
                .filteredOn(gid -> gid.path("chosen").asBoolean())
                .singleElement()
                .satisfies(gid -> assertThat(gid.path("index").asInt()).isEqualTo(device.gidIndex()));
    }

    @Test
    void theDoctorFindsNothingToMendHere(SoftRocePeers peers) throws Exception {
        JsonNode document = VerbenaDocument.of(
                VerbenaCommand.run(peers.a(), "doctor", "--json", "-").requireSuccess(), "doctor");

        assertThat(document.path("checks"))
                .isNotEmpty()
                .noneSatisfy(check -> assertThat(check.path("status").asText()).isEqualTo("FAIL"));
    }

    @Test
    void anUnknownDeviceIsSaidWithThoseThatThereAre(SoftRocePeers peers) throws Exception {
        CommandResult result = VerbenaCommand.run(peers.a(), "devices", "--device", "mlx5_0");

        assertThat(result.exitCode()).as(result.toString()).isEqualTo(3);
        assertThat(result.err().lines()).hasSize(1);
        assertThat(result.err()).contains("mlx5_0").contains(peers.a().device().name());
    }

    /** What the files of a folder say, which are named by numbers; those of unused entries cannot be read. */
    private static Map<Integer, String> numbered(SoftRoceContainer container, String folder)
            throws InterruptedException {
        Map<Integer, String> lines = new TreeMap<>();
        container.exec("grep", "-r", "-s", "", folder).out().lines().forEach(line -> {
            String rest = line.substring(folder.length() + 1);
            int colon = rest.indexOf(':');
            lines.put(Integer.parseInt(rest.substring(0, colon)), rest.substring(colon + 1));
        });
        return lines;
    }

    /** The value behind a name in ibv_devinfo's text. */
    private static String field(String text, String name) {
        return text.lines()
                .map(String::strip)
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + text));
    }

    private static String word(String value) {
        int space = value.indexOf(' ');
        return space < 0 ? value : value.substring(0, space);
    }
}
