package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.VerbsProvider;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/**
 * Lists the GIDs of all ports, and which of them Verbena would use.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "gids",
        description = "List the GIDs of the devices' ports; * marks the one that is used unless another is asked for.",
        footer = {
            "",
            "The environment's VERBENA_GID_INDEX overrides the choice.",
            "",
            "Examples:",
            "  verbena gids",
            "  verbena gids -d rxe0 --json gids.json"
        })
final class GidsCommand extends VerbsCommand {
    private static final String ROW = "%-10s %4s %5s  %-39s %-8s %-12s %s";

    @Override
    protected void declare(ObjectNode fields) {
        fields.putArray("gids");
    }

    @Override
    protected void run(Report report) {
        VerbsProvider provider = provider();
        List<Device> devices = deviceName == null ? Verbs.devices(provider) : List.of(device(provider));
        ArrayNode nodes = (ArrayNode) report.fields().get("gids");
        say(String.format(Locale.ROOT, ROW, "device", "port", "index", "GID", "type", "netdev", ""));
        for (Device device : devices) {
            try (Context context = device.open()) {
                int ports = context.queryDevice().portCount();
                for (int port = 1; port <= ports; port++) {
                    list(device, context, port, nodes);
                }
            }
        }
    }

    private void list(Device device, Context context, int port, ArrayNode nodes) {
        int chosen = chosen(context, port);
        for (GidEntry entry : context.queryGids(port)) {
            boolean isChosen = entry.index() == chosen;
            ObjectNode node = nodes.addObject();
            node.put("device", device.name());
            node.put("port", port);
            node.put("index", entry.index());
            node.put("gid", entry.gid().toString());
            node.put("type", entry.type().text());
            node.put("netdev", entry.netdev());
            node.put("chosen", isChosen);
            say(String.format(
                    Locale.ROOT,
                    ROW,
                    device.name(),
                    port,
                    entry.index(),
                    entry.gid(),
                    entry.type().text(),
                    entry.netdev() == null ? "-" : entry.netdev(),
                    isChosen ? "*" : ""));
        }
    }

    private static int chosen(Context context, int port) {
        try {
            return context.chooseGid(port, null).index();
        } catch (VerbsException e) {
            return -1; // a port without a GID, or an override that another port has
        }
    }
}
