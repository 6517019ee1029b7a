package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A process with one connection under load, until it is killed. What is wrong with the bytes that reach it, it says on
 * standard error and ends with code 3.
 *
 * <p>Arguments: the port to connect to, or 0 to listen and print the port; the seed; then any of {@code shared} (receives
 * from a shared receive queue), {@code child} (a process of its own, which outlives it), {@code resident=MEBIBYTES}.
 */
final class PeerMain {
    static final String LISTENING = "listening on ";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration IDLE = Duration.ofMillis(50);
    private static final int POSTS = 4;

    private PeerMain() {}

    public static void main(String[] args) throws InterruptedException, IOException {
        endWithStdin();
        int port = Integer.parseInt(args[0]);
        List<String> options = Arrays.asList(args).subList(2, args.length);
        if (options.contains("child")) {
            Process _ = new ProcessBuilder("sleep", "600").inheritIO().start();
        }
        for (String option : options) {
            if (option.startsWith("resident=")) {
                long bytes = Long.parseLong(option.substring("resident=".length())) << 20;
                Arena.global().allocate(bytes, 8).fill((byte) 1);
            }
        }
        VerbsProvider provider = Verbs.provider("embedded");
        Context context = Verbs.devices(provider).getFirst().open();
        EventChannel channel = EventChannel.open(provider);
        Station station = new Station(context);
        Load load = station.open(options.contains("shared"), Long.parseLong(args[1]));
        load.follow();
        if (port == 0) {
            accept(channel, load);
        } else {
            connect(channel, load, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
        try {
            run(station, load, channel);
        } catch (AssertionError e) {
            System.err.println("the peer found: " + e.getMessage());
            Runtime.getRuntime().halt(3);
        }
    }

    private static void run(Station station, Load load, EventChannel channel) throws InterruptedException {
        for (int idle = 0; ; idle++) {
            if (load.post(POSTS) + station.poll() > 0) {
                idle = 0;
            }
            if (idle > 200) {
                if (load.failed() || channel.poll() != null) {
                    Runtime.getRuntime().halt(0);
                }
                station.await(IDLE);
                idle = 0;
            }
        }
    }

    private static void connect(EventChannel channel, Load load, InetSocketAddress to) throws InterruptedException {
        ConnectionId id = channel.createId(PortSpace.TCP);
        id.resolveAddress(to, PATIENCE);
        next(channel, ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(PATIENCE);
        next(channel, ConnectionEventType.ROUTE_RESOLVED);
        id.attach(load.qp());
        load.begin();
        id.connect(parameters(load));
        load.peer(next(channel, ConnectionEventType.ESTABLISHED).privateData());
    }

    private static void accept(EventChannel channel, Load load) throws InterruptedException {
        ConnectionId listener = channel.createId(PortSpace.TCP);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.listen(1);
        InetSocketAddress address = listener.localAddress();
        System.out.println(LISTENING + (address == null ? 0 : address.getPort()));
        ConnectionEvent request = next(channel, ConnectionEventType.CONNECT_REQUEST);
        load.peer(request.privateData());
        request.id().attach(load.qp());
        load.begin();
        request.id().accept(parameters(load));
        next(channel, ConnectionEventType.ESTABLISHED);
    }

    /** Endless patience with receivers that are not ready; a peer that is gone ends the connection by itself. */
    static ConnectionParameters parameters(Load load) {
        return ConnectionParameters.DEFAULT.withRetries(6, 7).withPrivateData(load.hello());
    }

    private static ConnectionEvent next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(PATIENCE);
        if (event == null || event.type() != type) {
            throw new IllegalStateException("expected " + type + ", there came " + event);
        }
        return event;
    }

    /** Whoever started this process is gone when its standard input ends. */
    private static void endWithStdin() {
        Thread watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // nothing is said there
                        }
                    } catch (IOException e) {
                        // the end as well
                    }
                    Runtime.getRuntime().halt(0);
                },
                "parent");
        watch.setDaemon(true);
        watch.start();
    }
}
