package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.management.Attribute;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * What one queue-pair manager of another process counted at one time.
 *
 * @param name its name in JMX
 * @param timeNs when; differences only
 * @param values by the names of the document
 */
record ManagerSample(String name, String device, String provider, long timeNs, Map<String, Long> values) {
    private static final String PATTERN = "dev.verbena:type=Manager,*";

    /** Names of the document by attributes of the bean. */
    private static final Map<String, String> COUNTERS = new LinkedHashMap<>();

    static {
        COUNTERS.put("Connections", "connections");
        COUNTERS.put("MessagesSent", "messages_sent");
        COUNTERS.put("MessagesReceived", "messages_received");
        COUNTERS.put("BytesSent", "bytes_sent");
        COUNTERS.put("BytesReceived", "bytes_received");
        COUNTERS.put("OneSidedOperations", "one_sided");
        COUNTERS.put("Transfers", "transfers");
        COUNTERS.put("SendStalls", "send_stalls");
        COUNTERS.put("CreditFrames", "credit_frames");
        COUNTERS.put("Reposts", "reposts");
        COUNTERS.put("Copies", "copies");
        COUNTERS.put("Failures", "failures");
        COUNTERS.put("RegisteredBytes", "registered_bytes");
        COUNTERS.put("RegisteredBytesMax", "registered_bytes_max");
        COUNTERS.put("MemoryInUseBytes", "memory_in_use_bytes");
        COUNTERS.put("Polls", "polls");
        COUNTERS.put("EmptyPolls", "empty_polls");
    }

    /** All managers of the process, by name. */
    static List<ManagerSample> all(MBeanServerConnection server) throws IOException, JMException {
        List<ManagerSample> samples = new ArrayList<>();
        for (ObjectName name : server.queryNames(pattern(), null)) {
            try {
                samples.add(of(server, name));
            } catch (InstanceNotFoundException e) {
                // Closed since it was asked for.
            }
        }
        samples.sort(Comparator.comparing(ManagerSample::name));
        return samples;
    }

    private static ObjectName pattern() throws MalformedObjectNameException {
        return new ObjectName(PATTERN);
    }

    private static ManagerSample of(MBeanServerConnection server, ObjectName name) throws IOException, JMException {
        List<String> wanted = new ArrayList<>(COUNTERS.keySet());
        wanted.add("Device");
        wanted.add("Provider");
        Map<String, Object> found = new LinkedHashMap<>();
        for (Attribute attribute :
                server.getAttributes(name, wanted.toArray(String[]::new)).asList()) {
            found.put(attribute.getName(), attribute.getValue());
        }
        Map<String, Long> values = new LinkedHashMap<>();
        COUNTERS.forEach((attribute, field) -> {
            if (found.get(attribute) instanceof Number number) {
                values.put(field, number.longValue());
            }
        });
        return new ManagerSample(
                name.getCanonicalName(),
                String.valueOf(found.get("Device")),
                String.valueOf(found.get("Provider")),
                System.nanoTime(),
                values);
    }

    long value(String field) {
        return values.getOrDefault(field, 0L);
    }

    /** How much of it there was per second since an earlier sample. */
    double rate(String field, ManagerSample earlier) {
        double seconds = Math.max(1, timeNs - earlier.timeNs) / 1e9;
        return (value(field) - earlier.value(field)) / seconds;
    }

    void write(ObjectNode node, @Nullable ManagerSample earlier) {
        node.put("name", name);
        node.put("device", device);
        node.put("provider", provider);
        COUNTERS.values().forEach(field -> node.put(field, values.get(field)));
        for (String field : List.of("messages_sent", "messages_received", "bytes_sent", "bytes_received")) {
            node.put(field + "_per_second", earlier == null ? null : Double.valueOf(rate(field, earlier)));
        }
    }

    static String heading() {
        return String.format(
                "%-20s %6s %12s %12s %11s %11s %10s %8s %10s",
                "DEVICE", "CONNS", "SENT/S", "RECEIVED/S", "OUT MB/S", "IN MB/S", "STALLS", "FAILED", "MEMORY MB");
    }

    /** One line of the live view. */
    String line(@Nullable ManagerSample earlier) {
        return String.format(
                Locale.ROOT,
                "%-20s %6d %12s %12s %11s %11s %10d %8d %10.1f",
                device + " (" + provider + ")",
                value("connections"),
                perSecond("messages_sent", earlier, 1),
                perSecond("messages_received", earlier, 1),
                perSecond("bytes_sent", earlier, 1e6),
                perSecond("bytes_received", earlier, 1e6),
                value("send_stalls"),
                value("failures"),
                value("registered_bytes") / 1e6);
    }

    private String perSecond(String field, @Nullable ManagerSample earlier, double unit) {
        return earlier == null ? "-" : String.format(Locale.ROOT, "%.1f", rate(field, earlier) / unit);
    }
}
