package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What the commands that use a device have in common: the choice of provider and device, the JSON document, one line per
 * error, and the exit code.
 *
 * <p>Threading: runs on the main thread; Ctrl-C is seen to by a shutdown hook.
 */
@Command
public abstract class VerbsCommand implements Callable<Integer> {
    @Option(
            names = "--provider",
            paramLabel = "NAME",
            description = "Use this provider and no other: rdma-core. Default: the preferred one that is usable.")
    protected @Nullable String providerName;

    @Option(
            names = {"-d", "--device", "--ib-dev"},
            paramLabel = "NAME",
            description =
                    "Use this device, for example rxe0. Default: the first, or the one that an address belongs to.")
    protected @Nullable String deviceName;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description =
                    "Write the result there as one JSON document; '-' is standard output, which then holds nothing else.")
    private @Nullable String json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything
    private CommandSpec spec;

    private @Nullable Report report;
    private boolean explained;

    /** For picocli. */
    protected VerbsCommand() {}

    /**
     * Puts the command's own fields into the document, as they are when nothing is known yet.
     *
     * @param fields the document
     */
    protected abstract void declare(ObjectNode fields);

    /** Checks what the options' types cannot; throws {@link #usage}. */
    protected void check() {}

    /**
     * Does it.
     *
     * @param report its document
     * @throws Failure when it fails
     * @throws InterruptedException when the thread is interrupted
     */
    protected abstract void run(Report report) throws InterruptedException;

    /** Ctrl-C, before the document is written: runs on a thread of its own, while {@link #run} still does; bounded. */
    protected void onInterrupt() {}

    /**
     * What the document says that was run: the command's name.
     *
     * @return its text
     */
    protected String documentedCommand() {
        return spec.name();
    }

    @Override
    public final Integer call() {
        check();
        Report started = start();
        report = started;
        declare(started.fields());
        Thread onInterrupt = new Thread(() -> interrupted(started), "verbena-interrupted");
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        Failure failure = null;
        try {
            run(started);
        } catch (ParameterException e) {
            started.end(new Failure(Failure.Code.USAGE, String.valueOf(e.getMessage())));
            throw e;
        } catch (InterruptedException | RuntimeException e) {
            failure = Failure.of(e);
        } finally {
            forget(onInterrupt);
        }
        if (started.end(failure) && failure != null) {
            complain(failure);
        }
        return failure == null ? ExitCodes.OK : failure.code().exitCode();
    }

    private Report start() {
        try {
            return new Report(documentedCommand(), json, spec.commandLine().getOut());
        } catch (IOException | RuntimeException e) {
            throw usage("--json: cannot write " + json + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** Writes the document of a command line that was not understood, unless the command has begun to run. */
    final void documentUsage(@Nullable String file, String message) {
        if (file == null || report != null) {
            return;
        }
        try {
            Report refusal =
                    new Report(documentedCommand(), file, spec.commandLine().getOut());
            declare(refusal.fields());
            refusal.end(new Failure(Failure.Code.USAGE, message));
        } catch (IOException | RuntimeException e) {
            // The file cannot be written: the message on standard error has to do.
        }
    }

    private void interrupted(Report started) {
        Failure failure = new Failure(Failure.Code.INTERRUPTED, "interrupted");
        onInterrupt();
        if (started.end(failure)) {
            complain(failure);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending already: the hook has the word.
        }
    }

    private void complain(Failure failure) {
        PrintWriter err = err();
        err.println("verbena: " + failure.line().replaceAll("\\s*\\R\\s*", " "));
        if (isVerbose()) {
            failure.printStackTrace(err);
        }
        err.flush();
    }

    /**
     * Where text for people goes: standard output, unless that holds the document.
     *
     * @return a writer that the command flushes
     */
    protected final PrintWriter text() {
        return "-".equals(json) ? err() : spec.commandLine().getOut();
    }

    /**
     * Standard error.
     *
     * @return a writer that the command flushes
     */
    protected final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /**
     * Prints a line for people at once.
     *
     * @param line without its end
     */
    protected final void say(String line) {
        PrintWriter text = text();
        text.println(line);
        text.flush();
    }

    final boolean isVerbose() {
        return spec.root().userObject() instanceof Main main && main.isVerbose();
    }

    /**
     * A complaint about the command line.
     *
     * @param message what is wrong
     * @return to be thrown
     */
    protected final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /**
     * Throws {@link #usage} unless a value lies in a range.
     *
     * @param option its name
     * @param value its value
     * @param min the least
     * @param max the greatest
     */
    protected final void within(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw usage(option + " " + value + " is not within " + min + " to " + max);
        }
    }

    /**
     * The provider asked for, or the preferred usable one.
     *
     * @return a usable one
     * @throws Failure when there is none
     */
    protected final VerbsProvider provider() {
        try {
            VerbsProvider provider = DeviceChoice.provider(providerName);
            note(provider.name(), null);
            return provider;
        } catch (IllegalArgumentException e) {
            throw usage("--provider: " + e.getMessage());
        }
    }

    /**
     * The device asked for, or the provider's first.
     *
     * @param provider that it belongs to
     * @return one of its devices
     * @throws Failure when it has no such device
     */
    protected final Device device(VerbsProvider provider) {
        Device device = DeviceChoice.device(provider, deviceName);
        note(provider.name(), device.name());
        return device;
    }

    /**
     * A device that is known by its name, for instance because a connection leads to it.
     *
     * @param provider that it belongs to
     * @param name of the device
     * @return the device
     * @throws Failure when there is no such device
     */
    protected final Device device(VerbsProvider provider, String name) {
        Device device = DeviceChoice.device(provider, name);
        note(provider.name(), device.name());
        return device;
    }

    /**
     * The GID that a port speaks with.
     *
     * @param context of the device
     * @param port its number
     * @param index of the GID; null for the one that 'verbena gids' shows as chosen
     * @return the entry
     * @throws Failure when there is no such entry
     */
    protected static GidEntry gid(Context context, int port, @Nullable Integer index) {
        if (index == null) {
            return context.chooseGid(port, null);
        }
        return context.queryGids(port).stream()
                .filter(entry -> entry.index() == index && !entry.gid().isZero())
                .findFirst()
                .orElseThrow(() -> new Failure(
                        Failure.Code.NO_DEVICE,
                        context + " has no GID with index " + index + " at port " + port,
                        "'verbena gids' lists them"));
    }

    /**
     * An MTU by its size.
     *
     * @param bytes as people write it
     * @return UNKNOWN for what is none
     */
    protected static Mtu mtuOf(int bytes) {
        for (Mtu candidate : Mtu.values()) {
            if (candidate.bytes() == bytes && candidate != Mtu.UNKNOWN) {
                return candidate;
            }
        }
        return Mtu.UNKNOWN;
    }

    /** Notes in the document what the command runs on; and says why, when it is neither asked for nor preferred. */
    final void note(String provider, @Nullable String device) {
        if (device != null && providerName == null && !explained && !DeviceChoice.isPreferred(provider)) {
            explained = true;
            err().println(DeviceChoice.why(provider));
            err().flush();
        }
        if (report != null) {
            report.runsOn(provider, device);
        }
    }
}
