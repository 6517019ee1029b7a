package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Shows what the queue-pair managers of a running Java process do, as top(1) does for processes: attaches, and reads their
 * beans.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "top",
        description = "Show live what the queue-pair managers of a Java process of this user send and receive.",
        footer = {
            "",
            "Examples:",
            "  verbena top 4711",
            "  verbena top 4711 --once --json -",
            "  verbena top 4711 -n 10 --interval 500ms"
        })
final class TopCommand extends VerbsCommand {
    @Parameters(paramLabel = "PID", description = "The process; jps shows those there are.")
    private long pid;

    @Option(
            names = "--interval",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = DurationConverter.class,
            description = "Look so often. Default: ${DEFAULT-VALUE}.")
    private Duration interval = Duration.ofSeconds(1);

    @Option(
            names = {"-n", "--iterations"},
            paramLabel = "N",
            description = "Look so many times. Default: until Ctrl-C.")
    private @Nullable Integer iterations;

    @Option(names = "--once", description = "Look once: counters, no rates.")
    private boolean once;

    @Override
    protected void declare(ObjectNode fields) {
        fields.put("pid", pid);
        fields.putNull("interval_ns");
        fields.putArray("managers");
    }

    @Override
    protected void check() {
        Integer count = iterations;
        if (count != null && count < 1) {
            throw usage("--iterations: " + count + " is less than 1");
        }
    }

    /** The address is that of an agent which this command has just started, in a process of the same user on this machine. */
    @Override
    @SuppressWarnings("BanJNDI")
    protected void run(Report report) throws InterruptedException {
        try (JMXConnector connector = JMXConnectorFactory.connect(address())) {
            look(connector.getMBeanServerConnection(), report);
        } catch (IOException | JMException e) {
            throw new Failure(
                    Failure.Code.PEER_LOST,
                    "process " + pid + " is gone, or does not answer: " + e.getMessage(),
                    "",
                    e);
        }
    }

    private JMXServiceURL address() throws IOException {
        VirtualMachine machine;
        try {
            machine = VirtualMachine.attach(Long.toString(pid));
        } catch (AttachNotSupportedException | IOException e) {
            throw new Failure(
                    Failure.Code.PEER_UNREACHABLE,
                    "process " + pid + " cannot be attached to: " + e.getMessage(),
                    "it has to be a running Java process of the same user; jps lists those",
                    e);
        }
        try {
            return new JMXServiceURL(machine.startLocalManagementAgent());
        } finally {
            machine.detach();
        }
    }

    private void look(MBeanServerConnection server, Report report)
            throws IOException, JMException, InterruptedException {
        Integer count = once ? Integer.valueOf(1) : iterations;
        Map<String, ManagerSample> earlier = new HashMap<>();
        for (int i = 0; count == null || i < count; i++) {
            if (i > 0) {
                TimeUnit.MILLISECONDS.sleep(interval.toMillis());
            }
            List<ManagerSample> samples = ManagerSample.all(server).stream()
                    .filter(sample -> deviceName == null || sample.device().equals(deviceName))
                    .filter(sample -> providerName == null || sample.provider().equals(providerName))
                    .toList();
            show(samples, earlier, i);
            document(samples, earlier, report);
            earlier.clear();
            samples.forEach(sample -> earlier.put(sample.name(), sample));
        }
    }

    private void show(List<ManagerSample> samples, Map<String, ManagerSample> earlier, int round) {
        if (round % 20 == 0) {
            say(ManagerSample.heading());
        }
        if (samples.isEmpty()) {
            say("process " + pid + " has no queue-pair manager");
        }
        samples.forEach(sample -> say(sample.line(earlier.get(sample.name()))));
        text().flush();
    }

    /** The last look is what the document tells. */
    private void document(List<ManagerSample> samples, Map<String, ManagerSample> earlier, Report report) {
        ObjectNode fields = report.fields();
        if (!earlier.isEmpty()) {
            fields.put("interval_ns", interval.toNanos());
        }
        ArrayNode managers = fields.putArray("managers");
        samples.forEach(sample -> sample.write(managers.addObject(), earlier.get(sample.name())));
    }
}
