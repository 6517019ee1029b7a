package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.CmServer.Incoming;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Speaks with rping(1), or itself.
 *
 * <p>Threading: runs on the main thread; a server has one more per client.
 */
@Command(
        name = "rping",
        description = "Send text to and fro over the connection manager, as rping does, also with it.",
        footer = {
            "",
            "Where one machine has both ends, the client needs -I: else it leaves from the server's own device.",
            "",
            "Examples:",
            "  verbena rping -s -a 10.7.0.2",
            "  verbena rping -c -a 10.7.0.2 -I 10.7.0.1 -C 100 -V",
            "  rping -c -a 10.7.0.2 -I 10.7.0.1 -C 100 -V      (rdma-core's client)"
        })
final class RpingCommand extends VerbsCommand {
    private static final int SESSIONS_MAX = 64;
    private static final Duration TICK = Duration.ofMillis(50);

    @Option(
            names = {"-c", "--client"},
            description = "Be the client.")
    private boolean client;

    @Option(
            names = {"-s", "--server"},
            description = "Be the server.")
    private boolean server;

    @Option(
            names = {"-a", "--address"},
            paramLabel = "ADDRESS",
            description = "The server's address; a server without it listens at all of its addresses.")
    private @Nullable String address;

    @Option(
            names = {"-I", "--source"},
            paramLabel = "ADDRESS",
            description = "With -c: leave from this address.")
    private @Nullable String source;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "7174",
            description = "The server's port. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = {"-C", "--count"},
            paramLabel = "COUNT",
            defaultValue = "0",
            description = "Rounds; 0 goes on until Ctrl-C. Default: ${DEFAULT-VALUE}.")
    private int count;

    @Option(
            names = {"-S", "--size"},
            paramLabel = "BYTES",
            defaultValue = "64",
            description = "Bytes of the text, " + RpingText.BYTES_MIN + " to " + RpingText.BYTES_MAX
                    + "; a server takes what comes. Default: ${DEFAULT-VALUE}.")
    private int bytes;

    @Option(
            names = {"-V", "--validate"},
            description = "Compare the bytes that arrive.")
    private boolean validate;

    @Option(
            names = {"-P", "--persistent"},
            description =
                    "With -s: serve clients one after the other and side by side, until Ctrl-C or --accept-timeout.")
    private boolean persistent;

    @Mixin
    private final Timeouts timeouts = new Timeouts();

    private final RpingRounds rounds = new RpingRounds();

    @Override
    protected void declare(ObjectNode fields) {
        fields.put("bytes", bytes);
        fields.put("iterations", 0);
        fields.put("mode", client ? "client" : "server");
        fields.putNull("verified");
        rounds.write(fields);
    }

    @Override
    protected void check() {
        if (client == server) {
            throw usage("give either -c (client) or -s (server)");
        }
        if (client && address == null) {
            throw usage("-c needs -a, the server's address");
        }
        if (server && source != null) {
            throw usage("-I belongs to -c");
        }
        if (client && persistent) {
            throw usage("-P belongs to -s");
        }
        within("--port", port, server ? 0 : 1, 65535);
        within("--count", count, 0, Integer.MAX_VALUE);
        within("--size", bytes, RpingText.BYTES_MIN, RpingText.BYTES_MAX);
    }

    @Override
    protected void run(Report report) throws InterruptedException {
        InetSocketAddress at = address == null ? new InetSocketAddress(port) : parse("--address", address, port);
        InetSocketAddress from = source == null ? null : parse("--source", source, 0);
        VerbsProvider provider = provider();
        try {
            if (client) {
                play(provider, from, at);
            } else {
                serve(provider, at);
            }
            if (validate && rounds.count() > 0) {
                report.fields().put("verified", true);
            }
        } catch (Failure e) {
            if (e.code() == Failure.Code.NOT_VERIFIED) {
                report.fields().put("verified", false);
            }
            throw e;
        } finally {
            rounds.write(report.fields());
        }
        say(rounds.summary());
    }

    private InetSocketAddress parse(String option, String text, int defaultPort) {
        try {
            return Addresses.parse(text, defaultPort);
        } catch (IllegalArgumentException e) {
            throw usage(option + ": " + e.getMessage());
        }
    }

    private void show(String prefix, String text) {
        if (isVerbose()) {
            say(prefix + text);
        }
    }

    private void play(VerbsProvider provider, @Nullable InetSocketAddress from, InetSocketAddress to)
            throws InterruptedException {
        InetSocketAddress source = from;
        if (source == null && deviceName != null) {
            source = new InetSocketAddress(Addresses.of(device(provider)), 0);
        }
        try (CmClient connection = new CmClient(provider, source, to, timeouts.step())) {
            note(provider.name(), connection.deviceName());
            new RpingClient(bytes, count, validate, text -> show("ping data: ", text), rounds)
                    .run(provider, connection, timeouts.step());
        }
    }

    // ---------------------------------------------------------------- the server

    private void serve(VerbsProvider provider, InetSocketAddress at) throws InterruptedException {
        InetSocketAddress where = at;
        if (address == null && deviceName != null) {
            where = new InetSocketAddress(Addresses.of(device(provider)), port);
        }
        List<Serving> sessions = new ArrayList<>();
        int number = 0;
        try (CmServer listener = new CmServer(provider, where)) {
            note(provider.name(), listener.deviceName());
            say("listening on " + Addresses.text(listener.address()));
            Deadline deadline = Deadline.in(timeouts.accept());
            boolean served = false;
            while (persistent || !served || !sessions.isEmpty()) {
                Incoming incoming = listener.await(TICK);
                if (incoming != null && ((served && !persistent) || sessions.size() >= SESSIONS_MAX)) {
                    incoming.id().reject("no room".getBytes(StandardCharsets.UTF_8));
                    incoming.close();
                } else if (incoming != null) {
                    served = true;
                    sessions.add(start(provider, incoming, ++number));
                }
                endSessions(sessions);
                if (!sessions.isEmpty()) {
                    deadline = Deadline.in(timeouts.accept());
                } else if (persistent && served && deadline.isOver()) {
                    return;
                } else if (persistent || !served) {
                    deadline.check("a client");
                }
            }
        }
    }

    private record Serving(RpingSession session, Thread thread) {}

    private Serving start(VerbsProvider provider, Incoming incoming, int number) {
        note(provider.name(), incoming.deviceName());
        say("client " + number + " is " + incoming.peer());
        RpingSession session = new RpingSession(
                provider, incoming, validate, timeouts.step(), text -> show("server ping data: ", text), rounds);
        Thread thread = new Thread(session, "verbena-rping-" + number);
        thread.setDaemon(true);
        thread.start();
        return new Serving(session, thread);
    }

    private void endSessions(List<Serving> sessions) {
        for (Iterator<Serving> iterator = sessions.iterator(); iterator.hasNext(); ) {
            Serving serving = iterator.next();
            if (serving.thread().isAlive()) {
                continue;
            }
            iterator.remove();
            Failure failure = serving.session().failure();
            if (failure == null) {
                say("client " + serving.session().peer() + " has left");
            } else if (persistent) {
                err().println("verbena: " + serving.session().peer() + ": " + failure.line());
                err().flush();
            } else {
                throw failure;
            }
        }
    }
}
