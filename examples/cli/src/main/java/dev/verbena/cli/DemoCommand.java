package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.CmServer.Incoming;
import dev.verbena.cli.DemoProtocol.Hello;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Shows and checks everything a reliable connection can do, between two processes.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "demo",
        description =
                "Two processes exchange messages, writes, reads and atomics; every byte is checked, every operation"
                        + " timed.",
        footer = {
            "",
            "Without --listen and --connect it starts a server process of its own and ends it again. On a machine without",
            "RDMA './verbena lab demo' runs it over Soft-RoCE, in two containers.",
            "",
            "Examples:",
            "  verbena demo",
            "  verbena demo --listen 10.7.0.2                          (on one side)",
            "  verbena demo --connect 10.7.0.2 --source 10.7.0.1       (on the other)"
        })
final class DemoCommand extends VerbsCommand {
    private static final int PORT = 7475;

    /** Of a Java process on a slow machine. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS[:PORT]",
            description = "Be the server only, at this address of an RDMA device. Default port: " + PORT + ".")
    private @Nullable String listen;

    @Option(
            names = "--connect",
            paramLabel = "ADDRESS[:PORT]",
            description = "Be the client only, of a server at this address.")
    private @Nullable String connect;

    @Option(
            names = {"-I", "--source"},
            paramLabel = "ADDRESS",
            description = "With --connect: leave from this address. Needed where one machine has both ends.")
    private @Nullable String source;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            defaultValue = "4096",
            description = "Bytes of a payload. Default: ${DEFAULT-VALUE}.")
    private int bytes;

    @Option(
            names = {"-n", "--iterations"},
            paramLabel = "COUNT",
            defaultValue = "1000",
            description = "How often each operation is done. Default: ${DEFAULT-VALUE}.")
    private int iterations;

    @Mixin
    private final Timeouts timeouts = new Timeouts();

    @Option(names = "--end-with-stdin", hidden = true)
    private boolean endWithStdin;

    @Override
    protected void declare(ObjectNode fields) {
        fields.putArray("operations");
        fields.putArray("streams");
    }

    @Override
    protected void check() {
        within("--size", bytes, 1, DemoProtocol.BYTES_MAX);
        within("--iterations", iterations, 1, DemoProtocol.ITERATIONS_MAX);
        if (listen != null && connect != null) {
            throw usage("--listen and --connect exclude each other");
        }
        if (source != null && connect == null) {
            throw usage("--source belongs to --connect");
        }
    }

    @Override
    protected void run(Report report) throws InterruptedException {
        if (endWithStdin) {
            endWithStdin();
        }
        if (listen != null) {
            serve(address("--listen", listen));
        } else if (connect != null) {
            InetSocketAddress to = address("--connect", connect);
            VerbsProvider provider = provider();
            request(report, provider, from(provider), to);
        } else {
            both(report);
        }
    }

    private InetSocketAddress address(String option, String text) {
        try {
            return Addresses.parse(text, PORT);
        } catch (IllegalArgumentException e) {
            throw usage(option + ": " + e.getMessage());
        }
    }

    private @Nullable InetSocketAddress from(VerbsProvider provider) {
        if (source != null) {
            try {
                return Addresses.parse(source, 0);
            } catch (IllegalArgumentException e) {
                throw usage("--source: " + e.getMessage());
            }
        }
        return deviceName == null ? null : new InetSocketAddress(Addresses.of(device(provider)), 0);
    }

    // ---------------------------------------------------------------- both halves

    private void both(Report report) throws InterruptedException {
        VerbsProvider provider = provider();
        Device mine = device(provider);
        Device other = Verbs.devices(provider).stream()
                .filter(device -> !device.name().equals(mine.name()))
                .findFirst()
                .orElse(mine);
        InetSocketAddress from = new InetSocketAddress(Addresses.of(mine), 0);
        String host = Addresses.text(new InetSocketAddress(Addresses.of(other), 0));
        try (ServerProcess server = new ServerProcess(List.of(
                "--provider",
                provider.name(),
                "--listen",
                host,
                "--accept-timeout",
                timeouts.step().toMillis() + "ms",
                "--timeout",
                timeouts.step().toMillis() + "ms",
                "--end-with-stdin"))) {
            String address = server.awaitAddress(START_TIMEOUT);
            say(String.format("server process on %s at %s", other.name(), address));
            request(report, provider, from, Addresses.parse(address, PORT));
            server.awaitEnd(timeouts.step());
        }
    }

    private static void endWithStdin() {
        Thread watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // nothing is said there; its end is what counts
                        }
                    } catch (IOException e) {
                        // the end as well
                    }
                    Runtime.getRuntime().halt(ExitCodes.PEER);
                },
                "verbena-demo-parent");
        watch.setDaemon(true);
        watch.start();
    }

    // ---------------------------------------------------------------- the server

    private void serve(InetSocketAddress address) throws InterruptedException {
        VerbsProvider provider = provider();
        try (CmServer server = new CmServer(provider, address)) {
            note(provider.name(), server.deviceName());
            say(String.format("%s%s", ServerProcess.LISTENING, Addresses.text(server.address())));
            Deadline deadline = Deadline.in(timeouts.accept());
            Incoming client = null;
            while (client == null) {
                client = server.await(deadline.left(Duration.ofSeconds(1)));
                if (client == null && deadline.isOver()) {
                    throw Failure.timeout("a client", timeouts.accept());
                }
            }
            try (Incoming served = client) {
                note(provider.name(), served.deviceName());
                say(String.format("serving %s on %s", served.peer(), served.deviceName()));
                int wrong = new DemoServer(server, timeouts.step()).serve(provider, served);
                say(String.format(
                        "served %s: %s",
                        served.peer(), wrong == 0 ? "every byte as sent" : wrong + " times wrong bytes"));
                if (wrong > 0) {
                    throw new Failure(Failure.Code.NOT_VERIFIED, wrong + " times the bytes were not those sent");
                }
            }
        }
    }

    // ---------------------------------------------------------------- the client

    private void request(Report report, VerbsProvider provider, @Nullable InetSocketAddress from, InetSocketAddress to)
            throws InterruptedException {
        try (CmClient client = new CmClient(provider, from, to, timeouts.step());
                RcEndpoint link =
                        new RcEndpoint(provider, client.deviceName(), DemoSide.SEND_SLOTS, DemoSide.RECEIVE_SLOTS)) {
            note(provider.name(), client.deviceName());
            client.attach(link.qp());
            DemoSide side = new DemoSide(link, link.polled(client), bytes, timeouts.step());
            byte[] answer = client.connect(
                    ConnectionParameters.DEFAULT.withPrivateData(side.hello().encode()));
            side.peer(hello(answer));
            say(String.format(
                    "client on %s at %s, connected to %s",
                    client.deviceName(), client.localText(), Addresses.text(to)));
            say(String.format(
                    "%-10s %9s %11s %9s %12s %12s", "operation", "bytes", "iterations", "verified", "median", "99 %"));
            Table table = new Table((ArrayNode) report.fields().get("operations"));
            new DemoOperations(side, bytes, iterations, table).run();
            say("");
            say(String.format(
                    "%-10s %9s %11s %9s %12s %12s", "stream", "bytes", "iterations", "verified", "M/s", "GB/s"));
            ArrayNode streams = (ArrayNode) report.fields().get("streams");
            new DemoStreams(side, stream -> table.done(stream, streams)).run();
            side.ask(DemoProtocol.Request.BYE, 0);
            client.disconnect();
            table.draw();
            if (table.wrong > 0) {
                throw new Failure(
                        Failure.Code.NOT_VERIFIED, table.wrong + " operations brought other bytes than were sent");
            }
            say("all verified; send and write_imm: half of a round trip, the others: until the completion;");
            say("streams: " + DemoSide.SEND_SLOTS + " requests at a time. A demonstration, no benchmark.");
        }
    }

    private static Hello hello(byte[] answer) {
        try {
            return Hello.decode(answer);
        } catch (IllegalArgumentException e) {
            throw new Failure(Failure.Code.FAILED, String.valueOf(e.getMessage()), "", e);
        }
    }

    private final class Table implements DemoOperations.Sink {
        private final ArrayNode operations;
        private final Chart latencies = new Chart("us");
        private final Chart bandwidths = new Chart("GB/s");
        private int wrong;

        private Table(ArrayNode operations) {
            this.operations = operations;
        }

        @Override
        public void done(DemoOperations.Result result) {
            result.write(operations);
            wrong += result.verified() ? 0 : 1;
            latencies.add(result.name(), result.times().percentile(50) / 1e3);
            say(String.format(
                    "%-10s %9d %11d %9s %9.1f us %9.1f us",
                    result.name(),
                    result.bytes(),
                    result.iterations(),
                    result.verified() ? "yes" : "NO",
                    result.times().percentile(50) / 1000.0,
                    result.times().percentile(99) / 1000.0));
        }

        private void done(DemoStreams.Stream stream, ArrayNode streams) {
            stream.write(streams);
            wrong += stream.verified() ? 0 : 1;
            if (stream.bytes() == DemoProtocol.LARGE_BYTES) {
                bandwidths.add(stream.name(), stream.bytesPerSecond() / 1e9);
            }
            say(String.format(
                    "%-10s %9d %11d %9s %12.3f %12.3f",
                    stream.name(),
                    stream.bytes(),
                    stream.count(),
                    stream.verified() ? "yes" : "NO",
                    stream.perSecond() / 1e6,
                    stream.bytesPerSecond() / 1e9));
        }

        private void draw() {
            say("");
            say("median of one");
            latencies.lines(System.out.charset()).forEach(DemoCommand.this::say);
            say("bandwidth of 64 KiB requests");
            bandwidths.lines(System.out.charset()).forEach(DemoCommand.this::say);
            say("");
        }
    }
}
