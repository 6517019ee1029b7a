package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.conformance.ConformanceTarget;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The differential test without a build: {@code java -cp ... dev.verbena.verbs.conformance.differential.DifferentialMain}.
 *
 * <pre>
 *   --seed N          seed of the first program (1); the next one's is one more
 *   --programs N      how many (1,000)
 *   --limit SECONDS   what one wait may take before it counts as never (10)
 *   --shrink no       tells failures as they are, without looking for the smallest program
 *   --also PROVIDER   runs every program on another provider's devices too, and tells where the two differ
 *   --provider NAME, --device-a NAME, --device-b NAME, --gid-a INDEX, ...    see {@link ConformanceTarget}
 * </pre>
 *
 * <p>Exit codes: 0 all kept the rules, 1 one did not, 2 usage.
 */
public final class DifferentialMain {
    /** After so many failures more of them tell nothing new. */
    private static final int FAILURES_MAX = 10;

    private long seed = 1;
    private int programs = 1000;
    private String also = "";
    /** Much more than any wait takes on a slow machine. */
    private Duration limit = Duration.ofSeconds(10);

    /** 0.27 s: an emulated machine's pauses are no silence. */
    private static final int SILENCE = 16;

    /** The provider whose packets travel by the host's network. */
    private static final String REAL = "rdma-core";

    private boolean shrinks = true;

    private DifferentialMain() {}

    /** Runs and ends the JVM. */
    public static void main(String[] args) {
        DifferentialMain main = new DifferentialMain();
        try {
            main.read(args);
        } catch (IllegalArgumentException e) {
            System.err.println("differential: " + e.getMessage());
            System.exit(2);
        }
        System.exit(main.run());
    }

    private void read(String[] args) {
        for (int index = 0; index < args.length; index += 2) {
            String name = args[index];
            if (!name.startsWith("--") || index + 1 == args.length) {
                throw new IllegalArgumentException("not an option with a value: " + name);
            }
            String value = args[index + 1];
            switch (name) {
                case "--seed" -> seed = Long.parseLong(value);
                case "--programs" -> programs = Integer.parseInt(value);
                case "--limit" -> limit = Duration.ofSeconds(Long.parseLong(value));
                case "--shrink" -> shrinks = !value.equals("no");
                case "--also" -> also = value;
                default ->
                    System.setProperty(
                            ConformanceTarget.PREFIX + name.substring(2).replace('-', '.'), value);
            }
        }
    }

    private int run() {
        ConformanceTarget target = ConformanceTarget.current();
        try (MulticastSocket _ = joinGroup(target)) {
            return run(target);
        } catch (IOException e) {
            throw new UncheckedIOException("the host's network could not be told of the group", e);
        }
    }

    /**
     * Attaching alone makes the device listen; that the network brings it the group's packets takes a membership of the host,
     * which the connection manager gets otherwise.
     */
    private static MulticastSocket joinGroup(ConformanceTarget target) throws IOException {
        MulticastSocket socket = new MulticastSocket();
        for (Part part : Part.values()) {
            try (Context context = target.open(part)) {
                InetAddress address = target.address(part, context);
                NetworkInterface port = address == null ? null : NetworkInterface.getByInetAddress(address);
                boolean real = port != null && port.supportsMulticast() && !port.isLoopback();
                if (real && target.provider().name().equals(REAL)) {
                    socket.joinGroup(new InetSocketAddress(RealEnd.groupAddress(), 0), port);
                }
            }
        }
        return socket;
    }

    private int run(ConformanceTarget target) {
        Map<String, Bench> benches = new TreeMap<>();
        Context a = target.open(Part.A);
        Context b = target.open(Part.B);
        benches.put(
                target.provider().name(),
                new Bench(a, target.gid(Part.A, a), b, target.gid(Part.B, b), limit, SILENCE));
        if (!also.isEmpty()) {
            List<Device> devices = Verbs.devices(Verbs.provider(also));
            Context first = devices.getFirst().open();
            Context last = devices.getLast().open();
            benches.put(
                    also, new Bench(first, first.chooseGid(1, null), last, last.chooseGid(1, null), limit, SILENCE));
        }
        try {
            Differential differential = new Differential(benches);
            return run(shrinks ? differential : differential.withoutShrinking());
        } finally {
            benches.values().forEach(Bench::close);
        }
    }

    private int run(Differential differential) {
        long start = System.nanoTime();
        int failures = 0;
        for (long next = seed; next < seed + programs && failures < FAILURES_MAX; next++) {
            String wrong = differential.run(next);
            if (!wrong.isEmpty()) {
                failures++;
                System.out.println(wrong);
                System.out.flush();
            }
        }
        differential.coverage().forEach((what, count) -> System.out.println("met " + what + ": " + count));
        differential.differences().forEach((what, count) -> System.out.println("differ " + what + ": " + count));
        System.out.printf(
                "programs run: %d, left out as not decided: %d, wrong: %d, in %d ms%n",
                differential.decided(), differential.undecided(), failures, (System.nanoTime() - start) / 1_000_000);
        return failures == 0 ? 0 : 1;
    }
}
