package dev.verbena.softroce;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Ulimit;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * A container with Soft-RoCE devices in it: their device nodes, that of the connection manager, no limit on locked
 * memory. It does nothing by itself; commands are run in it with {@link #exec} and {@link #run}.
 *
 * <p>It is on the host's network, because the kernels at hand let RoCE packets through in the devices' own network
 * namespace only. So what listens on a TCP port here is seen by every other container of the lab.
 *
 * <p>Ownership: {@link #stop()} ends all commands and removes the container. Containers of a run that died without that are
 * removed by the next run's first container.
 *
 * <p>Threading: as {@link GenericContainer}; {@code exec} and {@code run} from any thread.
 */
public final class SoftRoceContainer extends GenericContainer<SoftRoceContainer> {
    /** Where what {@link #copyIn} brings is put, unless a path says otherwise. */
    public static final String HOME = "/verbena";

    private static final Duration EXEC_LIMIT = Duration.ofSeconds(60);
    private static final long UNLIMITED = -1;
    /** A shell, because process 1 has to bury the orphans of killed commands. */
    private static final String[] IDLE = {"bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"};

    private final SoftRoceLab lab;
    private final List<RxeDevice> devices;
    private final Set<ContainerProcess> processes = ConcurrentHashMap.newKeySet();

    /** A container that has these devices of the lab. */
    public SoftRoceContainer(SoftRoceLab lab, RxeDevice... devices) {
        super(DockerImageName.parse(lab.image()));
        if (devices.length == 0) {
            throw new IllegalArgumentException("a Soft-RoCE container needs a device");
        }
        this.lab = lab;
        this.devices = List.of(devices);
        withImagePullPolicy(image -> false);
        withNetworkMode("host");
        withCommand(IDLE);
        withLabels(DeadRuns.labelsOfThisRun());
        withLabel("dev.verbena.softroce.devices", String.join(",", names()));
        withCreateContainerCmdModifier(this::addDevices);
    }

    /** The lab it runs in. */
    public SoftRoceLab lab() {
        return lab;
    }

    /** The devices it has. */
    public List<RxeDevice> devices() {
        return devices;
    }

    /** Its first, often only, device. */
    public RxeDevice device() {
        return devices.getFirst();
    }

    /** The IPv4 address of its first device. */
    public String address() {
        return device().address();
    }

    @Override
    public void start() {
        requireTheLabsDocker();
        DeadRuns.sweepOnce(getDockerClient());
        super.start();
    }

    @Override
    public void stop() {
        endProcesses();
        super.stop();
    }

    /** Runs a command for at most a minute and waits for its end, whatever its exit code. */
    public CommandResult exec(String... command) throws InterruptedException {
        return exec(EXEC_LIMIT, command);
    }

    /** Runs a command for at most this long and waits for its end; exit code 124 when the time was over. */
    public CommandResult exec(Duration limit, String... command) throws InterruptedException {
        try (ContainerProcess process = run(limit, command)) {
            return process.await();
        }
    }

    /** Starts a command, which may run for at most this long, and returns at once. */
    public ContainerProcess run(Duration limit, String... command) {
        return run(limit, Arrays.asList(command), line -> {});
    }

    /**
     * Starts a command, which may run for at most this long, and returns at once.
     *
     * @param onLine gets each whole line of its standard output as soon as it comes, on a thread of the docker client
     */
    public ContainerProcess run(Duration limit, List<String> command, Consumer<String> onLine) {
        if (getContainerId() == null) {
            throw new IllegalStateException("the container is not started");
        }
        ContainerProcess process = ContainerProcess.start(this, limit, command, onLine);
        processes.add(process);
        return process;
    }

    /** Kills every command that still runs here. */
    public void endProcesses() {
        List.copyOf(processes).forEach(ContainerProcess::close);
    }

    /** Copies a file, or a folder with all in it, from this machine into the container. */
    public void copyIn(Path from, String to) {
        copyFileToContainer(MountableFile.forHostPath(from), to);
    }

    /** Copies a file out of the container. */
    public void copyOut(String from, Path to) throws IOException {
        Path parent = to.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        copyFileFromContainer(from, to.toString());
    }

    /** The command that runs the container's JVM: quick to start on an emulated CPU, free to call native code. */
    public List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /**
     * The hardware counters of a device of the lab, for example {@code sent_pkts}, {@code rcvd_pkts} or
     * {@code rcvd_rnr_err}.
     */
    public Map<String, Long> counters(RxeDevice device) throws InterruptedException {
        String folder = "/sys/class/infiniband/" + device.name() + "/ports/1/hw_counters";
        Map<String, Long> counters = new TreeMap<>();
        exec("grep", "-r", "", folder).requireSuccess().out().lines().forEach(line -> {
            int colon = line.indexOf(':');
            counters.put(
                    line.substring(folder.length() + 1, colon),
                    Long.parseLong(line.substring(colon + 1).trim()));
        });
        return counters;
    }

    /**
     * Waits until somebody listens on this TCP port; on the host's network, so it may be another container's.
     *
     * @throws AssertionError when nobody does within this time
     */
    public void awaitListener(int port, Duration patience) throws InterruptedException {
        awaitOutput("ss -Hltn \"sport = :$0\" | grep -q .", port, patience);
    }

    /**
     * Waits until somebody's connection manager listens on this port, at any address.
     *
     * @throws AssertionError when nobody does within this time
     */
    public void awaitRdmaListener(int port, Duration patience) throws InterruptedException {
        awaitOutput("rdma resource show cm_id | grep LISTEN | grep -q \"src-addr [^ ]*:$0 \"", port, patience);
    }

    /** One command that waits: on an emulated machine each command costs more than its waiting. */
    private void awaitOutput(String condition, int port, Duration patience) throws InterruptedException {
        String loop = "until " + condition + "; do sleep 0.05; done";
        if (exec(patience, "sh", "-c", loop, Integer.toString(port)).exitCode() != 0) {
            throw new AssertionError("nobody listens on port " + port + " after " + patience);
        }
    }

    /** For messages: its devices' names. */
    String name() {
        return String.join("+", names());
    }

    Set<ContainerProcess> processes() {
        return Set.copyOf(processes);
    }

    void forget(ContainerProcess process) {
        processes.remove(process);
    }

    private List<String> names() {
        return devices.stream().map(RxeDevice::name).toList();
    }

    private void addDevices(CreateContainerCmd create) {
        List<Device> nodes = new ArrayList<>();
        nodes.add(node("/dev/infiniband/rdma_cm"));
        devices.forEach(device -> nodes.add(node(device.uverbs())));
        HostConfig host = create.getHostConfig();
        if (host == null) {
            host = HostConfig.newHostConfig();
            create.withHostConfig(host);
        }
        Ulimit noCoreFiles = new Ulimit("core", 0L, 0L);
        host.withDevices(nodes).withUlimits(List.of(new Ulimit("memlock", UNLIMITED, UNLIMITED), noCoreFiles));
    }

    private static Device node(String path) {
        return new Device("rwm", path, path);
    }

    private void requireTheLabsDocker() {
        URI used = DockerClientFactory.instance().getTransportConfig().getDockerHost();
        if (!used.equals(lab.dockerHost())) {
            throw new IllegalStateException(
                    "Testcontainers uses the docker at " + used + ", but the devices are with the one at "
                            + lab.dockerHost() + "; unset DOCKER_HOST, and set the environment variable"
                            + " TESTCONTAINERS_DOCKER_CLIENT_STRATEGY=" + LabDockerStrategy.class.getName());
        }
    }
}
