package dev.verbena.bench.compare;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.verbena.bench.BarePingPong;
import dev.verbena.bench.Exchange;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * One of the two processes of a peer. The client reads commands from standard input, tells the server, and answers each with
 * a line of figures:
 *
 * <pre>
 *   check                 a few messages of every kind, compared byte by byte
 *   echo ROUNDS           round trips; as often again with a look at the clock for each
 *   push BYTES MESSAGES   one way; until the server has all
 *   gate                  of the limits: bare round trips
 *   nothing               what the commands themselves cost
 * </pre>
 *
 * <p>Arguments: {@code client|server PORT PEER DEVICE FILE}.
 */
final class PeerMain {
    private static final int CHECKED_ECHOES = 300;
    private static final int CHECKED_SMALL = 3000;
    private static final int CHECKED_LARGE = 20;

    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final boolean client;
    private final Exchange exchange;
    private final Side side;

    private PeerMain(boolean client, Exchange exchange, Side side) {
        this.client = client;
        this.exchange = exchange;
        this.side = side;
    }

    /** Runs one side until the client's standard input ends. */
    public static void main(String[] arguments) throws Exception {
        boolean client = arguments[0].equals("client");
        int port = Integer.parseInt(arguments[1]);
        try (Exchange exchange = client ? Exchange.connect(port) : Exchange.accept(port);
                Side side = side(arguments[2], arguments[3], Path.of(arguments[4]), exchange, client)) {
            PeerMain main = new PeerMain(client, exchange, side);
            if (client) {
                main.lead();
            } else {
                main.follow();
            }
        }
        // Threads of a peer's own must not keep the process.
        System.exit(0);
    }

    private static Side side(String peer, String device, Path file, Exchange exchange, boolean client)
            throws Exception {
        return switch (peer) {
            case "limits" -> new LimitsSide(new BarePingPong(file));
            case "verbs" -> new LinkSide(new VerbsLink(device, exchange), exchange);
            case "messages" -> new ManagerSide(device, exchange, client);
            case "tcp" -> new LinkSide(new SocketLink(SocketLink.Kind.TCP, exchange, client), exchange);
            case "tcp-polling" -> new LinkSide(new SocketLink(SocketLink.Kind.TCP_POLLING, exchange, client), exchange);
            case "sendfile" -> new LinkSide(new SocketLink(SocketLink.Kind.SENDFILE, exchange, client), exchange);
            case "unix" -> new LinkSide(new SocketLink(SocketLink.Kind.UNIX, exchange, client), exchange);
            case "netty-nio" -> new NettySide(NettySide.Transport.NIO, exchange, client);
            case "netty-epoll" -> new NettySide(NettySide.Transport.EPOLL, exchange, client);
            case "netty-io_uring" -> new NettySide(NettySide.Transport.IO_URING, exchange, client);
            case "aeron" -> new LinkSide(new AeronLink(exchange, client, file + JavaPeer.FOLDER), exchange);
            case "jucx" -> new LinkSide(new JucxLink(exchange), exchange);
            default -> throw new IllegalArgumentException("there is no peer " + peer);
        };
    }

    private void lead() throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            exchange.say(command);
            long cpuNs = process.getProcessCpuTime();
            long allocated = threads.getTotalThreadAllocatedBytes();
            String figures = run(command.split(" ", -1));
            cpuNs = process.getProcessCpuTime() - cpuNs;
            allocated = threads.getTotalThreadAllocatedBytes() - allocated;
            String[] server = exchange.hear().split(" ", -1);
            System.out.printf(
                    Locale.ROOT,
                    "cpu_s=%.6f allocated=%d%s%n",
                    (cpuNs + Long.parseLong(server[0])) * 1e-9,
                    allocated + Long.parseLong(server[1]),
                    figures);
            System.out.flush();
        }
        exchange.say("quit");
    }

    private void follow() throws Exception {
        for (String command = exchange.hear(); !command.equals("quit"); command = exchange.hear()) {
            long cpuNs = process.getProcessCpuTime();
            long allocated = threads.getTotalThreadAllocatedBytes();
            String _ = run(command.split(" ", -1));
            exchange.say(
                    (process.getProcessCpuTime() - cpuNs) + " " + (threads.getTotalThreadAllocatedBytes() - allocated));
        }
    }

    private String run(String[] command) throws Exception {
        return switch (command[0]) {
            case "check" -> check();
            case "echo" -> echo(Integer.parseInt(command[1]));
            case "push" -> push(Integer.parseInt(command[1]), Integer.parseInt(command[2]));
            case "gate" -> gate();
            case "nothing" -> "";
            default -> throw new IllegalArgumentException("what is " + command[0] + "?");
        };
    }

    private String check() throws Exception {
        side.checkWhole(true);
        int checked = 0;
        if (client) {
            side.echo(CHECKED_ECHOES, null);
        } else {
            side.answer(CHECKED_ECHOES);
        }
        checked += CHECKED_ECHOES;
        if (side.carries(Messages.SMALL_BYTES)) {
            String _ = push(Messages.SMALL_BYTES, CHECKED_SMALL);
            checked += CHECKED_SMALL;
        }
        String _ = push(Messages.LARGE_BYTES, CHECKED_LARGE);
        checked += CHECKED_LARGE;
        side.checkWhole(false);
        return " checked=" + checked;
    }

    private String echo(int rounds) throws Exception {
        if (!client) {
            side.answer(rounds);
            side.answer(rounds);
            return "";
        }
        long start = System.nanoTime();
        side.echo(rounds, null);
        double mean = (System.nanoTime() - start) / (double) rounds;
        Histogram each = new Histogram(3);
        side.echo(rounds, each);
        return String.format(
                Locale.ROOT,
                " mean=%.2f min=%d p50=%d p90=%d p99=%d p99_9=%d max=%d",
                mean,
                each.getMinValue(),
                each.getValueAtPercentile(50),
                each.getValueAtPercentile(90),
                each.getValueAtPercentile(99),
                each.getValueAtPercentile(99.9),
                each.getMaxValue());
    }

    private String push(int bytes, int messages) throws Exception {
        if (!side.carries(bytes)) {
            return "";
        }
        if (!client) {
            side.take(bytes, messages);
            exchange.say("all here");
            return "";
        }
        long start = System.nanoTime();
        side.push(bytes, messages);
        String _ = exchange.hear();
        return String.format(Locale.ROOT, " per_s=%.3f", messages * 1e9 / (System.nanoTime() - start));
    }

    private String gate() {
        return String.format(Locale.ROOT, " bare=%.2f", ((LimitsSide) side).gate(client));
    }
}
