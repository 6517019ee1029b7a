package dev.verbena.bench.cost;

import dev.verbena.bench.Pinning;
import dev.verbena.bench.process.CSources;
import dev.verbena.bench.process.MeasuringProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A libibverbs that needs no kernel, with a driver that does next to nothing, and the loop in C beside it: both compiled here,
 * against rdma-core's headers.
 *
 * <p>Threading: one thread.
 */
final class FakeDevice {
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final String LIBRARY = "libverbena-fake-ibverbs.so";
    private static final String PROPERTY = "dev.verbena.libibverbs";
    private static final String SYSFS = "VERBENA_COST_SYSFS";
    /** Any of those that post by a doorbell. */
    private static final Path DRIVER = Path.of("drivers", "mlx5_core");

    private final Path library;
    private final Path loop;
    private final Path sysfs;

    FakeDevice() throws IOException, InterruptedException {
        CSources sources = new CSources();
        library = sources.compile(
                FakeDevice.class,
                List.of("fake-ibverbs.c", "data-path.c"),
                LIBRARY,
                "-shared",
                "-fPIC",
                "-pthread",
                "-DFAKE_DATA_PATH");
        Path folder = library.resolveSibling(".").normalize();
        loop = sources.compile(
                FakeDevice.class,
                List.of("post-and-poll.c"),
                "post-and-poll",
                library.toString(),
                "-Wl,-rpath," + folder);
        sysfs = sources.file("sysfs");
        Files.createDirectories(sources.file("sysfs/device"));
        Files.createSymbolicLink(sources.file("sysfs/device/driver"), DRIVER);
    }

    /** The loop in C. */
    MeasuringProcess startC() throws IOException {
        return new MeasuringProcess(Pinning.bound(0, List.of(loop.toString())), Map.of(), ANSWER);
    }

    /** The loop in Java, on the same processor. */
    MeasuringProcess startJava(CostFigures.Way way) throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-D" + PROPERTY + "=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                PostAndPoll.class.getName());
        return new MeasuringProcess(
                Pinning.bound(0, command),
                way == CostFigures.Way.DOORBELL ? Map.of(SYSFS, sysfs.toString()) : Map.of(),
                ANSWER);
    }
}
