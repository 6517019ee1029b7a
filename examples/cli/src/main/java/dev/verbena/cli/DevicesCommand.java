package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.VerbsProvider;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/**
 * Lists the devices with what they are and can do, as ibv_devinfo(1) with -v does.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "devices",
        description = "List the RDMA devices: their ports, limits and capabilities, as ibv_devinfo -v does.",
        footer = {"", "Examples:", "  verbena devices", "  verbena devices -d rxe0 --json -"})
final class DevicesCommand extends VerbsCommand {
    @Override
    protected void declare(ObjectNode fields) {
        fields.putArray("devices");
    }

    @Override
    protected void run(Report report) {
        VerbsProvider provider = provider();
        List<Device> devices = deviceName == null ? Verbs.devices(provider) : List.of(device(provider));
        ArrayNode nodes = (ArrayNode) report.fields().get("devices");
        for (Device device : devices) {
            try (Context context = device.open()) {
                describe(device, context, nodes.addObject());
            }
        }
    }

    static String guid(long guid) {
        String digits = String.format(Locale.ROOT, "%016x", guid);
        return digits.substring(0, 4) + ":" + digits.substring(4, 8) + ":" + digits.substring(8, 12) + ":"
                + digits.substring(12);
    }

    private void describe(Device device, Context context, ObjectNode node) {
        DeviceAttributes attributes = context.queryDevice();
        node.put("name", device.name());
        node.put("provider", device.provider());
        node.put("node_guid", guid(attributes.nodeGuid()));
        ArrayNode ports = node.putArray("ports");
        say("device " + device.name() + " (" + device.provider() + ")");
        field("node_guid", guid(attributes.nodeGuid()));
        field("sys_image_guid", guid(attributes.systemImageGuid()));
        field("fw_ver", attributes.firmwareVersion());
        field("vendor_id", String.format(Locale.ROOT, "0x%04x", attributes.vendorId()));
        field("vendor_part_id", attributes.vendorPartId());
        field("hw_ver", String.format(Locale.ROOT, "0x%X", attributes.hardwareVersion()));
        limits(attributes);
        for (int port = 1; port <= attributes.portCount(); port++) {
            describe(context, context.queryPort(port), ports.addObject());
        }
        ArrayNode capabilities = node.putArray("capabilities");
        for (Capability capability : Capability.values()) {
            if (context.has(capability)) {
                capabilities.add(capability.name());
                field("capability", capability.text());
            }
        }
    }

    private void limits(DeviceAttributes attributes) {
        field("max_mr_size", String.format(Locale.ROOT, "0x%x", attributes.maxRegionBytes()));
        field("page_size_cap", String.format(Locale.ROOT, "0x%x", attributes.pageSizes()));
        field("max_qp", attributes.maxQueuePairs());
        field("max_qp_wr", attributes.maxWorkRequests());
        field("device_cap_flags", String.format(Locale.ROOT, "0x%08x", attributes.deviceCapabilities()));
        field("max_sge", attributes.maxScatterGather());
        field("max_sge_rd", attributes.maxReadScatterGather());
        field("max_cq", attributes.maxCompletionQueues());
        field("max_cqe", attributes.maxCompletionQueueEntries());
        field("max_mr", attributes.maxMemoryRegions());
        field("max_pd", attributes.maxProtectionDomains());
        field("max_qp_rd_atom", attributes.maxReadAtomicPerQueuePair());
        field("max_res_rd_atom", attributes.maxReadAtomicTotal());
        field("max_qp_init_rd_atom", attributes.maxInitiatedReadAtomicPerQueuePair());
        field("atomic_cap", attributes.atomicCapability());
        field("max_mw", attributes.maxMemoryWindows());
        field("max_mcast_grp", attributes.maxMulticastGroups());
        field("max_mcast_qp_attach", attributes.maxMulticastQueuePairsPerGroup());
        field("max_ah", attributes.maxAddressHandles());
        field("max_srq", attributes.maxSharedReceiveQueues());
        field("max_srq_wr", attributes.maxSharedReceiveQueueWorkRequests());
        field("max_srq_sge", attributes.maxSharedReceiveQueueScatterGather());
        field("max_pkeys", attributes.maxPkeys());
        field("local_ca_ack_delay", attributes.localAckDelay());
        field("phys_port_cnt", attributes.portCount());
    }

    private void describe(Context context, PortAttributes port, ObjectNode node) {
        node.put("port", port.port());
        node.put("state", port.state().name());
        node.put("link_layer", port.linkLayer().name());
        node.put("active_mtu", port.activeMtu().bytes());
        node.put("lid", port.lid());
        say("    port " + port.port());
        portField("state", port.state());
        portField("max_mtu", port.maxMtu().bytes());
        portField("active_mtu", port.activeMtu().bytes());
        portField("sm_lid", port.smLid());
        portField("port_lid", port.lid());
        portField("port_lmc", port.lmc());
        portField("link_layer", port.linkLayer());
        portField("max_msg_sz", port.maxMessageBytes());
        portField("port_cap_flags", String.format(Locale.ROOT, "0x%08x", port.portCapabilities()));
        portField("pkey_tbl_len", port.pkeyTableLength());
        portField("gid_tbl_len", port.gidTableLength());
        for (GidEntry gid : context.queryGids(port.port())) {
            portField("GID[" + gid.index() + "]", gid.gid() + ", " + gid.type().text());
        }
    }

    private void field(String name, Object value) {
        say(String.format(Locale.ROOT, "    %-22s %s", name, value));
    }

    private void portField(String name, Object value) {
        say(String.format(Locale.ROOT, "        %-18s %s", name, value));
    }
}
