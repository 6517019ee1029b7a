package dev.verbena.softroce;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command that runs in a container, beside the test.
 *
 * <p>It never outlives the limit it was started with: {@code timeout} ends it inside the container. Closing it kills it
 * with all its children and returns when it is gone.
 *
 * <p>Threading: any thread.
 */
public final class ContainerProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerProcess.class);
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    /** What docker may need on top of a command's own time, on a slow machine. */
    private static final Duration DOCKER_PATIENCE = Duration.ofSeconds(60);
    /** What {@code timeout} leaves a command that ignores SIGTERM. */
    private static final int KILL_AFTER_SECONDS = 3;

    private final SoftRoceContainer container;
    private final List<String> command;
    private final Duration limit;
    private final String pidFile;
    private final String execId;
    private final Lines out;
    private final Lines err;
    private final Receiver receiver = new Receiver();
    private final Object monitor = new Object();
    private boolean ended;
    private @Nullable Throwable failure;

    private ContainerProcess(
            SoftRoceContainer container, Duration limit, List<String> command, Consumer<String> onLine) {
        this.container = container;
        this.command = List.copyOf(command);
        this.limit = limit;
        int number = NUMBERS.incrementAndGet();
        pidFile = "/tmp/.exec-" + ProcessHandle.current().pid() + "-" + number;
        String name = container.name() + "#" + number;
        out = new Lines(name + " out", onLine);
        err = new Lines(name + " err", line -> {});
        List<String> wrapped = new ArrayList<>(List.of(
                "sh",
                "-c",
                "echo $$ >\"$0\"; exec timeout -k " + KILL_AFTER_SECONDS + " \"$@\"",
                pidFile,
                Math.max(1, limit.toSeconds()) + "s"));
        wrapped.addAll(command);
        execId = docker().execCreateCmd(container.getContainerId())
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withCmd(wrapped.toArray(String[]::new))
                .exec()
                .getId();
        LOG.debug("{}: {}", name, String.join(" ", command));
    }

    static ContainerProcess start(
            SoftRoceContainer container, Duration limit, List<String> command, Consumer<String> onLine) {
        ContainerProcess process = new ContainerProcess(container, limit, command, onLine);
        process.docker().execStartCmd(process.execId).exec(process.receiver);
        return process;
    }

    /** What it printed so far. */
    public String out() {
        return out.text();
    }

    /** What it printed so far on standard error. */
    public String err() {
        return err.text();
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        synchronized (monitor) {
            return !ended;
        }
    }

    /**
     * Waits for a line on standard output that satisfies the condition, and returns it.
     *
     * @throws AssertionError when the command ends, or the time is over, without such a line
     */
    public String awaitLine(Predicate<String> condition, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        int seen = 0;
        while (true) {
            boolean over = !isAlive();
            List<String> lines = out.lines();
            for (; seen < lines.size(); seen++) {
                if (condition.test(lines.get(seen))) {
                    return lines.get(seen);
                }
            }
            if (over || !waitForNews(seen, deadline)) {
                throw new AssertionError((over ? "the command ended" : "nothing within " + patience)
                        + " without the expected line: " + String.join(" ", command) + "\n--- standard output\n" + out()
                        + "--- standard error\n" + err());
            }
        }
    }

    /**
     * Waits until it has ended.
     *
     * @throws AssertionError when it has not within its own limit and docker's patience
     */
    public CommandResult await() throws InterruptedException {
        return await(limit.plusSeconds(KILL_AFTER_SECONDS).plus(DOCKER_PATIENCE));
    }

    /**
     * Waits until it has ended.
     *
     * @throws AssertionError when it has not within this time
     */
    public CommandResult await(Duration patience) throws InterruptedException {
        if (!awaitEnd(patience)) {
            throw new AssertionError("did not end within " + patience + ": " + String.join(" ", command)
                    + "\n--- standard output\n" + out() + "--- standard error\n" + err());
        }
        synchronized (monitor) {
            if (failure != null) {
                throw new IllegalStateException("docker lost the command " + String.join(" ", command), failure);
            }
        }
        Long exitCode = docker().inspectExecCmd(execId).exec().getExitCodeLong();
        if (exitCode == null) {
            throw new IllegalStateException("docker knows no exit code of " + String.join(" ", command));
        }
        return new CommandResult(command, exitCode.intValue(), out(), err());
    }

    /** Sends a signal, for example {@code TERM}, {@code KILL} or {@code STOP}, to it and all its children. */
    public void signal(String name) throws InterruptedException {
        if (isAlive()) {
            // A negative number is the process group, which timeout made.
            container.exec("sh", "-c", "kill -s \"$0\" -- -$(cat \"$1\") 2>/dev/null || true", name, pidFile);
        }
    }

    /** Kills it, if it still runs, and waits until it is gone. */
    @Override
    public void close() {
        try {
            if (isAlive()) {
                signal("KILL");
                if (!awaitEnd(DOCKER_PATIENCE)) {
                    LOG.warn("{} does not end", String.join(" ", command));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            container.forget(this);
        }
    }

    /** Waits until it has ended; false when the time is over before. */
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (monitor) {
            while (!ended) {
                long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (leftMs <= 0) {
                    return false;
                }
                monitor.wait(leftMs);
            }
            return true;
        }
    }

    /** Waits until there are more lines than these, or it has ended; false when the time is over. */
    private boolean waitForNews(int seen, long deadline) throws InterruptedException {
        synchronized (monitor) {
            while (!ended && out.count() <= seen) {
                long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (leftMs <= 0) {
                    return false;
                }
                monitor.wait(leftMs);
            }
            return true;
        }
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }

    private void end(Optional<Throwable> reason) {
        out.finish();
        err.finish();
        synchronized (monitor) {
            if (!ended) {
                ended = true;
                failure = reason.orElse(null);
                monitor.notifyAll();
            }
        }
    }

    private final class Receiver extends ResultCallback.Adapter<Frame> {
        @Override
        public void onNext(Frame frame) {
            (frame.getStreamType() == StreamType.STDERR ? err : out).add(frame.getPayload());
            synchronized (monitor) {
                monitor.notifyAll();
            }
        }

        @Override
        public void onError(Throwable throwable) {
            end(Optional.of(throwable));
            super.onError(throwable);
        }

        @Override
        public void onComplete() {
            end(Optional.empty());
            super.onComplete();
        }
    }

    /** One stream, cut into lines; a line is passed on when it is whole. */
    private static final class Lines {
        private final String name;
        private final Consumer<String> onLine;
        private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
        private final List<String> lines = new ArrayList<>();

        Lines(String name, Consumer<String> onLine) {
            this.name = name;
            this.onLine = onLine;
        }

        void add(byte[] bytes) {
            for (byte b : bytes) {
                if (b == '\n') {
                    flush();
                } else {
                    rest.write(b);
                }
            }
        }

        void finish() {
            if (rest.size() > 0) {
                flush();
            }
        }

        private void flush() {
            String line = rest.toString(StandardCharsets.UTF_8);
            rest.reset();
            LOG.debug("{}: {}", name, line);
            synchronized (lines) {
                lines.add(line);
            }
            onLine.accept(line);
        }

        int count() {
            synchronized (lines) {
                return lines.size();
            }
        }

        List<String> lines() {
            synchronized (lines) {
                return List.copyOf(lines);
            }
        }

        String text() {
            StringBuilder text = new StringBuilder();
            for (String line : lines()) {
                text.append(line).append('\n');
            }
            return text.toString();
        }
    }
}
