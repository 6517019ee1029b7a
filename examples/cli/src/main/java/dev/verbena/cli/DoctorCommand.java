package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/**
 * Looks for what keeps RDMA from working, or from working well, and says how to mend it.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "doctor",
        description =
                "Check what RDMA needs of this machine: libraries, modules, device nodes, locked memory, GIDs, MTU.",
        footer = {
            "",
            "Exit code 1 when a check says FAIL.",
            "",
            "Examples:",
            "  verbena doctor",
            "  verbena doctor --json - | jq '.checks[] | select(.status != \"OK\")'"
        })
final class DoctorCommand extends VerbsCommand {
    /** A RoCE MTU is at least so much smaller than the Ethernet one, for the headers. */
    private static final int ROCE_MTU_USUAL = 1024;

    @Override
    protected void declare(ObjectNode fields) {
        fields.putArray("checks");
    }

    @Override
    protected void run(Report report) {
        List<HealthCheck> checks = new ArrayList<>(new HostChecks(Path.of("/")).all());
        boolean chosen = false;
        for (VerbsProvider provider : chosenProviders()) {
            checks.add(provider(provider));
            List<Device> devices = Verbs.devices(provider);
            if (!chosen && !devices.isEmpty()) {
                // What a command without --provider takes: they come in the order of preference.
                note(provider.name(), null);
                chosen = true;
            }
            for (Device device : devices) {
                if (deviceName == null || deviceName.equals(device.name())) {
                    device(device, checks);
                }
            }
        }
        ArrayNode nodes = (ArrayNode) report.fields().get("checks");
        long failed = 0;
        for (HealthCheck check : checks) {
            check.write(nodes);
            failed += check.status() == HealthCheck.Status.FAIL ? 1 : 0;
            say(String.format("%-4s  %-22s %s", check.status(), check.id(), check.detail()));
            if (check.fix() != null) {
                say(String.format("%-4s  %-22s   mend: %s", "", "", check.fix()));
            }
        }
        if (failed > 0) {
            throw new Failure(Failure.Code.FAILED, failed + (failed == 1 ? " check says FAIL" : " checks say FAIL"));
        }
    }

    private List<VerbsProvider> chosenProviders() {
        if (providerName == null) {
            return Verbs.providers();
        }
        try {
            return List.of(Verbs.provider(providerName));
        } catch (IllegalArgumentException e) {
            throw usage("--provider: " + e.getMessage());
        }
    }

    private static HealthCheck provider(VerbsProvider provider) {
        VerbsProvider.Availability availability = provider.availability();
        String id = "provider." + provider.name();
        if (!availability.usable()) {
            return HealthCheck.fail(id, availability.reason(), Failure.LAB_HINT);
        }
        return HealthCheck.ok(id, availability.reason());
    }

    private static void device(Device device, List<HealthCheck> checks) {
        String id = "device." + device.name();
        try (Context context = device.open()) {
            int ports = context.queryDevice().portCount();
            for (int number = 1; number <= ports; number++) {
                port(context, number, id + "." + number, checks);
            }
        } catch (VerbsException e) {
            checks.add(HealthCheck.fail(id, String.valueOf(e.getMessage()), "dmesg may tell more"));
        }
    }

    private static void port(Context context, int number, String id, List<HealthCheck> checks) {
        PortAttributes port = context.queryPort(number);
        if (port.state() == PortAttributes.State.ACTIVE) {
            checks.add(HealthCheck.ok(id + ".state", "ACTIVE, " + port.linkLayer()));
        } else {
            checks.add(HealthCheck.fail(
                    id + ".state",
                    String.valueOf(port.state()),
                    "bring the link up: ip link set NETDEV up; 'rdma link' shows the netdev"));
        }
        GidEntry gid = gid(context, number, id, checks);
        mtu(port, gid, id, checks);
    }

    private static @Nullable GidEntry gid(Context context, int port, String id, List<HealthCheck> checks) {
        try {
            GidEntry gid = context.chooseGid(port, null);
            String detail = "index " + gid.index() + ", " + gid.gid() + ", "
                    + gid.type().text();
            boolean roce = gid.type() == GidEntry.Type.ROCE_V1 || gid.type() == GidEntry.Type.ROCE_V2;
            if (gid.type() == GidEntry.Type.ROCE_V1) {
                checks.add(HealthCheck.warn(id + ".gid", detail, "RoCE v2 is routable: cma_roce_mode sets it"));
            } else if (roce && gid.gid().isLinkLocal()) {
                checks.add(HealthCheck.warn(
                        id + ".gid",
                        detail + ", link-local only",
                        "give the interface an address: ip address add ADDRESS/PREFIX dev " + gid.netdev()));
            } else {
                checks.add(HealthCheck.ok(id + ".gid", detail));
            }
            return gid;
        } catch (VerbsException e) {
            checks.add(HealthCheck.fail(
                    id + ".gid",
                    String.valueOf(e.getMessage()),
                    "give the network interface an address and bring it up"));
            return null;
        }
    }

    private static void mtu(PortAttributes port, @Nullable GidEntry gid, String id, List<HealthCheck> checks) {
        int active = port.activeMtu().bytes();
        String netdev = gid == null ? null : gid.netdev();
        String ethernet = netdev == null ? "" : ", " + netdev + " has " + netdevMtu(netdev);
        String detail = "active " + active + ", largest " + port.maxMtu().bytes() + ethernet;
        if (active < ROCE_MTU_USUAL) {
            checks.add(HealthCheck.warn(
                    id + ".mtu", detail, "a larger one is faster: ip link set " + netdev + " mtu 4200 (or 9000)"));
        } else {
            checks.add(HealthCheck.ok(id + ".mtu", detail));
        }
    }

    private static String netdevMtu(String netdev) {
        try {
            return Files.readString(Path.of("/sys/class/net", netdev, "mtu")).strip();
        } catch (IOException e) {
            return "an unknown MTU";
        }
    }
}
