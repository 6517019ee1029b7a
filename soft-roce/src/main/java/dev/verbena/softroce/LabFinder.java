package dev.verbena.softroce;

import dev.verbena.softroce.SoftRoceLab.Kind;
import dev.verbena.softroce.SoftRoceSearch.Absent;
import dev.verbena.softroce.SoftRoceSearch.Found;
import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Looks for Soft-RoCE: first for the state file of {@code soft-roce/lab}, then for devices of the machine itself.
 *
 * @param environment the environment variables
 * @param systemProperties the JVM's properties; {@code soft-roce=off} ends the search at once
 * @param root where {@code /sys}, {@code /dev} and {@code /proc} are, so that a test may bring its own
 */
record LabFinder(Map<String, String> environment, Properties systemProperties, Path root) {
    static final String PROPERTY = "soft-roce";
    private static final int CONNECT_TIMEOUT_MS = 10_000;
    private static final String HOW_TO_START = "start the lab with: soft-roce/lab up";

    static LabFinder ofThisProcess() {
        return new LabFinder(System.getenv(), System.getProperties(), Path.of("/"));
    }

    SoftRoceSearch search() {
        if ("off".equals(systemProperties.getProperty(PROPERTY))) {
            return new Absent("-Dsoft-roce=off was given");
        }
        Path state = labDirectory().resolve("state.properties");
        if (Files.exists(state)) {
            return readState(state);
        }
        return searchMachine(state);
    }

    Path labDirectory() {
        String cache = environment.get("VERBENA_CACHE");
        Path base = cache == null || cache.isEmpty()
                ? Path.of(systemProperties.getProperty("user.home", "/root"), ".cache", "verbena")
                : Path.of(cache);
        return base.resolve("lab").toAbsolutePath();
    }

    private SoftRoceSearch readState(Path state) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(state)) {
            properties.load(reader);
            Kind kind = switch (required(properties, "kind")) {
                case "qemu" -> Kind.QEMU;
                case "host" -> Kind.HOST;
                case String other -> throw new IllegalArgumentException("it has an unknown kind, " + other);
            };
            if (kind == Kind.QEMU) {
                String pid = required(properties, "pid");
                if (ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    return new Absent("the lab was up, but its process " + pid + " has ended; " + HOW_TO_START);
                }
            }
            URI dockerHost = URI.create(required(properties, "docker.host"));
            Optional<String> silence = silenceOf(dockerHost);
            if (silence.isPresent()) {
                return new Absent("the lab's docker at " + dockerHost + " does not answer (" + silence.get()
                        + "); see: soft-roce/lab status");
            }
            return new Found(new SoftRoceLab(
                    kind,
                    dockerHost,
                    required(properties, "image"),
                    required(properties, "kernel"),
                    List.of(device(properties, 0), device(properties, 1)),
                    labDirectory(),
                    script()));
        } catch (IOException | IllegalArgumentException e) {
            return new Absent("the lab's state file " + state + " cannot be used: " + e.getMessage());
        }
    }

    private SoftRoceSearch searchMachine(Path state) {
        List<RxeDevice> devices = new ArrayList<>();
        try {
            for (RxeDevice device : new MachineDevices(root).list()) {
                if (!device.address().isEmpty()) {
                    devices.add(device);
                }
            }
        } catch (IOException e) {
            return new Absent("the devices of this machine cannot be read: " + e);
        }
        String noLab = "there is no lab (" + state + " does not exist), and ";
        if (devices.size() < 2) {
            return new Absent(noLab + "this machine has " + devices.size()
                    + " Soft-RoCE devices with an IPv4 address, two are needed; " + HOW_TO_START);
        }
        String dockerHost = environment.getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock");
        Optional<String> silence;
        try {
            silence = silenceOf(URI.create(dockerHost));
        } catch (IllegalArgumentException e) {
            return new Absent("DOCKER_HOST is not a URI: " + dockerHost);
        }
        if (silence.isPresent()) {
            return new Absent(noLab + "docker at " + dockerHost + " does not answer (" + silence.get() + ")");
        }
        return new Found(new SoftRoceLab(
                Kind.MACHINE,
                URI.create(dockerHost),
                "verbena/peer:latest",
                systemProperties.getProperty("os.version", "unknown"),
                devices.subList(0, 2),
                labDirectory(),
                script()));
    }

    /** Nothing when somebody listens there, else why not. */
    private Optional<String> silenceOf(URI dockerHost) {
        if ("unix".equals(dockerHost.getScheme())) {
            Path socket = root.resolve(
                    "/".equals(root.toString())
                            ? dockerHost.getPath()
                            : dockerHost.getPath().substring(1));
            return Files.exists(socket) ? Optional.empty() : Optional.of("there is no such socket");
        }
        if (dockerHost.getHost() == null || dockerHost.getPort() < 0) {
            return Optional.of("not a host and a port");
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(dockerHost.getHost(), dockerHost.getPort()), CONNECT_TIMEOUT_MS);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** The script that commands the lab: said by a property, or in the working directory or one above it. */
    private Optional<Path> script() {
        String said = systemProperties.getProperty("soft-roce.lab");
        if (said != null) {
            return Optional.of(Path.of(said));
        }
        Path folder = Path.of(systemProperties.getProperty("user.dir", "/")).toAbsolutePath();
        while (folder != null) {
            Path candidate = folder.resolve("soft-roce").resolve("lab");
            if (Files.isExecutable(candidate) && Files.isRegularFile(candidate)) {
                return Optional.of(candidate);
            }
            folder = folder.getParent();
        }
        return Optional.empty();
    }

    private static RxeDevice device(Properties properties, int end) {
        return new RxeDevice(
                required(properties, "device." + end),
                required(properties, "uverbs." + end),
                required(properties, "netdev." + end),
                required(properties, "address." + end),
                properties.getProperty("address6." + end, ""),
                Integer.parseInt(required(properties, "gidindex." + end)),
                Integer.parseInt(properties.getProperty("gidindex6." + end, "-1")));
    }

    private static String required(Properties properties, String key) {
        String value = properties.getProperty(key);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("it lacks the key " + key);
        }
        return value.trim();
    }
}
