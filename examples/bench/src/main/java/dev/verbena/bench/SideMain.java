package dev.verbena.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One of the two processes of a measurement. The client reads commands from standard input, tells the server, and answers
 * each with a line of figures; the gates, bare ping-pongs right before and after, are in it.
 *
 * <p>Arguments: {@code client|server PORT FILE DEVICE QUEUE_PAIRS SLOTS BYTES}.
 */
final class SideMain {
    private static final int CREDITS = 1000;

    private final boolean client;
    private final Exchange exchange;
    private final BarePingPong bare;
    private final Endpoint end;
    private final Exchange.Remote remote;
    private final int lengthBytes;
    private final String device;
    private @Nullable CoreSide core;

    private SideMain(boolean client, Exchange exchange, BarePingPong bare, Endpoint end, int lengthBytes, String device)
            throws IOException, InterruptedException {
        this.client = client;
        this.exchange = exchange;
        this.bare = bare;
        this.end = end;
        this.lengthBytes = lengthBytes;
        this.device = device;
        this.remote = exchange.connect(end);
        Latency latency = new Latency(end, remote, lengthBytes);
        latency.postReceives();
        // Links and mappings are made with the first request: one message each way before anything is measured.
        for (boolean mine : new boolean[] {client, !client}) {
            exchange.meet();
            if (mine) {
                latency.greet();
            }
            exchange.meet();
            if (!mine) {
                latency.awaitGreetings();
            }
        }
    }

    /** Runs one side until the client's standard input ends. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        boolean client = arguments[0].equals("client");
        int port = Integer.parseInt(arguments[1]);
        BarePingPong bare = new BarePingPong(Path.of(arguments[2]));
        int slots = Integer.parseInt(arguments[5]);
        try (Exchange exchange = client ? Exchange.connect(port) : Exchange.accept(port);
                Endpoint end = new Endpoint(
                        arguments[3],
                        Integer.parseInt(arguments[4]),
                        slots,
                        Bandwidth.TOTAL_BYTES,
                        Bandwidth.TOTAL_BYTES)) {
            SideMain side = new SideMain(client, exchange, bare, end, Integer.parseInt(arguments[6]), arguments[3]);
            if (client) {
                side.lead();
            } else {
                side.follow();
            }
        }
    }

    private void lead() throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            exchange.say(command);
            double before = gate();
            String figures = run(command.split(" ", -1));
            double after = gate();
            System.out.printf(Locale.ROOT, "before=%.2f after=%.2f %s%n", before, after, figures);
            System.out.flush();
        }
        exchange.say("quit");
    }

    private void follow() throws IOException {
        for (String command = exchange.hear(); !command.equals("quit"); command = exchange.hear()) {
            double _ = gate();
            String _ = run(command.split(" ", -1));
            double _ = gate();
        }
    }

    private double gate() throws IOException {
        exchange.meet();
        if (client) {
            return bare.ping();
        }
        bare.pong();
        return 0;
    }

    private String run(String[] command) throws IOException {
        if (command[0].startsWith("core_")) {
            return runCore(command);
        }
        int count = command.length > 1 && !command[0].equals("cost") ? Integer.parseInt(command[1]) : 0;
        int batch = command.length > 2 ? Integer.parseInt(command[2]) : 1;
        String figures = switch (command[0]) {
            case "gate" -> "";
            case "send_lat" -> sendLatency(count);
            case "send_lat_each" -> sendLatencyEach(count);
            case "write_lat" -> writeLatency(count);
            case "send_bw" -> sendRate(count, batch);
            case "cost" -> cost(VerbCost.Operation.valueOf(command[1]));
            case "copy", "write_bw", "read_bw", "send_large_bw" -> bandwidth(command[0]);
            default -> throw new IOException("what is " + command[0] + "?");
        };
        exchange.meet();
        end.drain();
        return figures;
    }

    private String runCore(String[] command) throws IOException {
        CoreSide side = core;
        if (command[0].equals("core_open")) {
            core = new CoreSide(exchange, client, device, Integer.parseInt(command[1]), command[2].equals("shared"));
            return "";
        }
        if (side == null) {
            throw new IOException("core_open comes first");
        }
        switch (command[0]) {
            case "core_close" -> {
                side.close();
                core = null;
                return "";
            }
            case "core_memory" -> {
                return figure("bytes", side.bytesPerConnection());
            }
            default -> {}
        }
        exchange.meet();
        if (!client) {
            side.serve();
            exchange.meet();
            return "";
        }
        int count = Integer.parseInt(command[1]);
        String figures = switch (command[0]) {
            case "core_echo" -> figure("per_s", side.echo(count, Integer.parseInt(command[2])));
            case "core_one_way" -> figure("per_s", side.oneWay(count));
            case "core_long" -> figure("bytes_per_s", side.longMessages(count));
            default -> throw new IOException("what is " + command[0] + "?");
        };
        exchange.meet();
        return figures;
    }

    private static String figure(String name, double value) {
        return String.format(Locale.ROOT, "%s=%.3f", name, value);
    }

    private String sendLatency(int rounds) throws IOException {
        Latency latency = new Latency(end, remote, lengthBytes);
        exchange.meet();
        double mean = 0;
        if (client) {
            mean = latency.pingSend(rounds);
        } else {
            latency.pongSend(rounds);
        }
        return figure("ns", mean / 2);
    }

    private String sendLatencyEach(int rounds) throws IOException {
        Latency latency = new Latency(end, remote, lengthBytes);
        exchange.meet();
        String figures = "";
        if (client) {
            long[] each = latency.pingSendEach(rounds);
            figures = figure("p50", each[rounds / 2] / 2.0) + " " + figure("p99", each[(int) (rounds * 0.99)] / 2.0);
        } else {
            latency.pongSend(rounds);
        }
        return figures;
    }

    private String writeLatency(int rounds) throws IOException {
        Latency latency = new Latency(end, remote, lengthBytes);
        latency.clear();
        exchange.meet();
        double mean = 0;
        if (client) {
            mean = latency.pingWrite(rounds);
        } else {
            latency.pongWrite(rounds);
        }
        return figure("ns", mean / 2);
    }

    private String sendRate(int messages, int batch) throws IOException {
        Rate rate = new Rate(end, remote, lengthBytes, batch, CREDITS);
        rate.clear();
        exchange.meet();
        double perSecond = 0;
        if (client) {
            perSecond = rate.send(messages);
        } else {
            rate.receive(messages);
        }
        return figure("per_s", perSecond);
    }

    private String cost(VerbCost.Operation operation) {
        double[] means = client ? VerbCost.measure(operation, end, remote) : new double[VerbCost.RUNS];
        return figure("ns", means[VerbCost.RUNS / 2]) + " " + figure("fastest", means[0]);
    }

    private String bandwidth(String what) throws IOException {
        Bandwidth bandwidth = new Bandwidth(end, remote);
        if (!client) {
            Bandwidth.touch(what.equals("copy") ? bare.bytes(1) : end.shared.memory());
            if (what.equals("send_large_bw")) {
                bandwidth.postReceives();
            }
        }
        exchange.meet();
        double perSecond = 0;
        if (client) {
            perSecond = switch (what) {
                case "copy" -> Bandwidth.copy(bare.bytes(0), bare.bytes(1));
                case "write_bw" -> bandwidth.oneSided(false);
                case "read_bw" -> bandwidth.oneSided(true);
                default -> bandwidth.send();
            };
        } else if (what.equals("send_large_bw")) {
            bandwidth.awaitReceives();
        }
        return figure("bytes_per_s", perSecond);
    }
}
