package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.QueuePairType;
import java.net.InetSocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Speaks with ibv_rc_pingpong(1), ibv_uc_pingpong(1), ibv_ud_pingpong(1) or itself.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "pingpong",
        description =
                "Send a message to and fro, as ibv_rc_pingpong, ibv_uc_pingpong and ibv_ud_pingpong do, also with them.",
        footer = {
            "",
            "Without HOST it is the server. On RoCE rdma-core's programs need their GID index: -g.",
            "",
            "Examples:",
            "  verbena pingpong -d rxe1                       (the server)",
            "  verbena pingpong -d rxe0 10.7.0.2              (the client)",
            "  ibv_ud_pingpong -d rxe0 -g 1 -s 1024 10.7.0.2  (a client of 'verbena pingpong --type ud -s 1024')"
        })
final class PingPongCommand extends VerbsCommand {
    private static final int DATAGRAM_BYTES = 2048;
    private static final int CONNECTED_BYTES = 4096;

    enum Type {
        RC,
        UC,
        UD;

        QueuePairType type() {
            return QueuePairType.valueOf(name());
        }
    }

    @Parameters(index = "0", arity = "0..1", paramLabel = "HOST", description = "The server; none to be one.")
    private @Nullable String host;

    @Option(
            names = {"-t", "--type"},
            paramLabel = "rc|uc|ud",
            defaultValue = "rc",
            description = "Transport service. Default: ${DEFAULT-VALUE}.")
    private Type type = Type.RC;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "18515",
            description = "TCP port over which the two find each other. Default: ${DEFAULT-VALUE}.")
    private int tcpPort;

    @Option(
            names = {"-i", "--ib-port"},
            paramLabel = "PORT",
            defaultValue = "1",
            description = "Port of the device. Default: ${DEFAULT-VALUE}.")
    private int ibPort;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            description = "Bytes of a message. Default: 4096; with ud 2048, or the MTU where that is less.")
    private @Nullable Integer size;

    @Option(
            names = {"-m", "--mtu"},
            paramLabel = "BYTES",
            defaultValue = "1024",
            description = "MTU of the path, rc and uc only: 256, 512, 1024, 2048 or 4096. Default: ${DEFAULT-VALUE}.")
    private int mtu;

    @Option(
            names = {"-r", "--rx-depth"},
            paramLabel = "COUNT",
            defaultValue = "500",
            description = "Receives posted at a time. Default: ${DEFAULT-VALUE}.")
    private int receiveDepth;

    @Option(
            names = {"-n", "--iters"},
            paramLabel = "COUNT",
            defaultValue = "1000",
            description = "Round trips. Default: ${DEFAULT-VALUE}.")
    private int iterations;

    @Option(
            names = {"-l", "--sl"},
            paramLabel = "LEVEL",
            defaultValue = "0",
            description = "Service level, 0 to 15. Default: ${DEFAULT-VALUE}.")
    private int serviceLevel;

    @Option(
            names = {"-e", "--events"},
            description = "Sleep until there are completions instead of polling.")
    private boolean events;

    @Option(
            names = {"-g", "--gid-idx"},
            paramLabel = "INDEX",
            description = "Index of the port's GID. Default: the one that 'verbena gids' shows as chosen.")
    private @Nullable Integer gidIndex;

    @Mixin
    private final Timeouts timeouts = new Timeouts();

    @Override
    protected void declare(ObjectNode fields) {
        fields.putNull("bytes");
        fields.put("iterations", iterations);
        fields.put("mode", type.name().toLowerCase(Locale.ROOT));
        fields.put("role", host == null ? "server" : "client");
        fields.putNull("verified");
        new Latencies(0).write(fields, "round_trip_ns");
    }

    @Override
    protected void check() {
        within("--port", tcpPort, 1, 65535);
        within("--ib-port", ibPort, 1, 255);
        within("--size", size == null ? 1 : size, 1, 1 << 30);
        within("--rx-depth", receiveDepth, 1, 1 << 15);
        within("--iters", iterations, 1, 100_000_000);
        within("--sl", serviceLevel, 0, 15);
        within("--gid-idx", gidIndex == null ? 0 : gidIndex, 0, 65535);
        if (mtuOf(mtu) == Mtu.UNKNOWN) {
            throw usage("--mtu " + mtu + " is none of 256, 512, 1024, 2048, 4096");
        }
    }

    @Override
    protected void run(Report report) throws InterruptedException {
        Device device = device(provider());
        try (Context context = device.open()) {
            GidEntry gid = gid(context, ibPort, gidIndex);
            PingPongSettings settings = settings(context, device);
            report.fields().put("bytes", settings.bytes());
            PingPong game = new PingPong(context, gid, settings);
            say("  local:  " + game.local());
            meet(game);
            long start = System.nanoTime();
            Latencies times = game.play();
            long elapsedNs = System.nanoTime() - start;
            report.fields().put("verified", game.wrong() == 0);
            times.write(report.fields(), "round_trip_ns");
            summarize(settings, times, elapsedNs);
            if (game.wrong() > 0) {
                throw new Failure(
                        Failure.Code.NOT_VERIFIED,
                        game.wrong() + " of " + iterations + " messages had other bytes than were sent");
            }
        }
    }

    private PingPongSettings settings(Context context, Device device) {
        PortAttributes port = context.queryPort(ibPort);
        int activeMtu = port.activeMtu().bytes();
        int bytes = size != null ? size : type == Type.UD ? Math.min(DATAGRAM_BYTES, activeMtu) : CONNECTED_BYTES;
        if (type == Type.UD && bytes > activeMtu) {
            throw usage("--size " + bytes + " is more than a datagram of " + device.name() + " carries: " + activeMtu);
        }
        if (type != Type.UD && mtu > activeMtu) {
            throw usage("--mtu " + mtu + " is more than the active MTU of " + device.name() + ": " + activeMtu);
        }
        return new PingPongSettings(
                type.type(),
                host != null,
                bytes,
                iterations,
                receiveDepth,
                mtuOf(mtu),
                serviceLevel,
                events,
                timeouts.step());
    }

    private void meet(PingPong game) {
        if (host != null) {
            InetSocketAddress server;
            try {
                server = Addresses.parse(host, tcpPort);
            } catch (IllegalArgumentException e) {
                throw usage("HOST: " + e.getMessage());
            }
            PingPongEndpoint peer = PingPongExchange.asClient(server, game.local(), timeouts.step());
            say("  remote: " + peer);
            game.connect(peer);
        } else {
            PingPongExchange.asServer(
                    tcpPort,
                    game.local(),
                    timeouts.accept(),
                    timeouts.step(),
                    () -> say("listening on TCP port " + tcpPort),
                    peer -> {
                        say("  remote: " + peer);
                        game.connect(peer);
                    });
        }
    }

    private void summarize(PingPongSettings settings, Latencies times, long elapsedNs) {
        double seconds = elapsedNs / 1e9;
        long bytes = 2L * settings.bytes() * iterations;
        say(String.format("%d bytes in %.2f seconds = %.2f Mbit/sec", bytes, seconds, bytes * 8 / 1e6 / seconds));
        say(String.format(
                "%d iters in %.2f seconds = %.2f usec/iter", iterations, seconds, seconds * 1e6 / iterations));
        if (times.count() > 0) {
            say(String.format(
                    "round trip: min %.1f us, median %.1f us, 99 %% %.1f us, max %.1f us",
                    times.percentile(0) / 1e3,
                    times.percentile(50) / 1e3,
                    times.percentile(99) / 1e3,
                    times.percentile(100) / 1e3));
        }
    }
}
