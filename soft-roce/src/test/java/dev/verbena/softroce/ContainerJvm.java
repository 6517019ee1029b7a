package dev.verbena.softroce;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A JVM in a container. */
final class ContainerJvm implements SuiteJvm {
    /** Where the class path lies in the container. */
    static final String LIB = SoftRoceContainer.HOME + "/lib";

    private static final String CRASH_LOG = SoftRoceContainer.HOME + "/hs_err.log";

    private final SoftRoceContainer container;
    private final Path crashLog;
    private final ContainerProcess process;

    private ContainerJvm(SoftRoceContainer container, Path crashLog, ContainerProcess process) {
        this.container = container;
        this.crashLog = crashLog;
        this.process = process;
    }

    /** Starts one for at most this long; its crash log, if any, is copied to a file here. */
    static ContainerJvm start(
            SoftRoceContainer container,
            Duration limit,
            Path crashLog,
            List<String> arguments,
            SuiteRun.LineListener onLine)
            throws IOException, InterruptedException {
        Files.deleteIfExists(crashLog);
        container.exec("rm", "-f", CRASH_LOG).requireSuccess();
        List<String> command = new ArrayList<>(container.java("-XX:ErrorFile=" + CRASH_LOG, "-cp", LIB + "/*"));
        command.addAll(arguments);
        return new ContainerJvm(container, crashLog, container.run(limit, command, onLine::line));
    }

    @Override
    public Optional<Integer> await(Duration patience) throws InterruptedException {
        return process.awaitEnd(patience) ? Optional.of(process.await().exitCode()) : Optional.empty();
    }

    @Override
    public String console() {
        return process.err();
    }

    @Override
    public Optional<String> crashLog() throws IOException, InterruptedException {
        if (container.exec("test", "-s", CRASH_LOG).exitCode() != 0) {
            return Optional.empty();
        }
        container.copyOut(CRASH_LOG, crashLog);
        return Optional.of(Files.readString(crashLog));
    }

    @Override
    public void dumpThreads() throws InterruptedException {
        process.signal("QUIT");
    }

    @Override
    public void close() {
        process.close();
    }
}
