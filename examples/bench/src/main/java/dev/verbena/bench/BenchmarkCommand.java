package dev.verbena.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.bench.results.BenchDocument;
import dev.verbena.cli.Addresses;
import dev.verbena.cli.Failure;
import dev.verbena.cli.Report;
import dev.verbena.cli.Timeouts;
import dev.verbena.cli.VerbsCommand;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * What benchmarks between a server and a client have in common: who is which, {@code --local}, the document, and what
 * Ctrl-C does.
 *
 * <p>Threading: runs on the main thread; Ctrl-C is seen to by another.
 */
public abstract class BenchmarkCommand extends VerbsCommand {
    private static final long LAST_WORDS_SECONDS = 3;

    @Parameters(index = "0", arity = "0..1", paramLabel = "HOST", description = "The server; none to be one.")
    private @Nullable String host;

    @Option(
            names = "--local",
            description = "Run server and client on this machine, as two processes bound to a processor each.")
    private boolean local;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "18515",
            description = "TCP port over which the two find each other. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Mixin
    private final Timeouts timeouts = new Timeouts();

    @Option(
            names = LocalPair.CHILD,
            hidden = true,
            description = "This is one of two processes of --local: end with the standard input.")
    private boolean child;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    private final CountDownLatch over = new CountDownLatch(1);
    private volatile @Nullable Runnable stop;
    private volatile boolean stopped;
    private volatile @Nullable LocalPair pair;

    /** For picocli. */
    protected BenchmarkCommand() {}

    /**
     * Measures with the other side.
     *
     * @param report whose fields {@code document} fills
     * @param document the result
     * @throws InterruptedException when the thread is interrupted
     */
    protected abstract void measure(Report report, BenchDocument document) throws InterruptedException;

    @Override
    protected void declare(ObjectNode fields) {
        BenchDocument _ = new BenchDocument(fields, spec.name());
    }

    @Override
    protected String documentedCommand() {
        return "bench " + String.join(" ", arguments());
    }

    /** The arguments from the benchmark's name on; only its name where the line could not be understood. */
    private List<String> arguments() {
        var parsed = spec.root().commandLine().getParseResult();
        List<String> all = parsed == null ? List.of() : parsed.originalArgs();
        int from = all.indexOf(spec.name());
        return from < 0 ? List.of(spec.name()) : all.subList(from, all.size());
    }

    @Override
    protected void check() {
        within("--port", port, 1, 65535);
        if (local && host != null) {
            throw usage("--local and HOST exclude each other: --local starts the server itself");
        }
    }

    @Override
    protected final void run(Report report) throws InterruptedException {
        if (child) {
            LocalPair.endWithStandardInput();
        }
        try {
            if (local) {
                LocalPair started = new LocalPair(arguments(), err());
                pair = started;
                started.await(report.fields(), this::say);
            } else {
                measure(report, new BenchDocument(report.fields(), spec.name()));
            }
        } catch (Failure e) {
            throw stopped ? new Failure(Failure.Code.INTERRUPTED, "interrupted", "", e) : e;
        } finally {
            over.countDown();
        }
    }

    /**
     * Says what ends the measurement early, from another thread.
     *
     * @param stopping is run once, and returns at once
     */
    protected final void onStop(Runnable stopping) {
        stop = stopping;
    }

    @Override
    protected final void onInterrupt() {
        stopped = true;
        LocalPair processes = pair;
        Runnable stopping = stop;
        try {
            if (processes != null) {
                processes.interrupt();
            } else if (stopping == null) {
                return;
            } else {
                stopping.run();
            }
            boolean _ = over.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Whether this side begins.
     *
     * @return false for the server
     */
    protected final boolean isClient() {
        return host != null;
    }

    /**
     * The server's address.
     *
     * @return resolved
     * @throws IllegalStateException on the server
     */
    protected final InetSocketAddress server() {
        if (host == null) {
            throw new IllegalStateException("this is the server");
        }
        try {
            return Addresses.parse(host, port);
        } catch (IllegalArgumentException e) {
            throw usage("HOST: " + e.getMessage());
        }
    }

    /**
     * Whether the server may start later than this client.
     *
     * @return true for a process of --local
     */
    protected final boolean isPatient() {
        return child;
    }

    /**
     * The TCP port.
     *
     * @return 1 to 65535
     */
    protected final int port() {
        return port;
    }

    /**
     * Of any one wait for the other side.
     *
     * @return positive
     */
    protected final Duration timeout() {
        return timeouts.step();
    }

    /**
     * Of the wait for a client.
     *
     * @return positive
     */
    protected final Duration acceptTimeout() {
        return timeouts.accept();
    }
}
