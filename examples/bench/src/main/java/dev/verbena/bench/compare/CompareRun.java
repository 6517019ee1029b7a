package dev.verbena.bench.compare;

import dev.verbena.bench.process.Session;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks every peer the same, in turn. Every repeat starts new processes of every peer, has them compare some thousands of
 * messages byte by byte, warms them up until they are steady, and measures the three operations; the next repeat goes through
 * the peers the other way round. Two processes of the run's own hand a bare cache line to and fro before and after every
 * sample: a sample of a peer that goes through memory counts only when the machine was the same on both sides of it.
 *
 * <p>Threading: one thread; {@link #stop} may come from any.
 */
final class CompareRun {
    /** Two gates that differ by more say that the machine has changed in between. */
    static final double GATES_DIFFER = 1.25;

    private static final double STEADY = 0.05;
    private static final int WARM_UPS_MAX = 25;
    private static final int TRIES = 4;
    private static final int COUNTED_ECHOES = 5000;
    private static final int COUNTED_LARGE = 1000;
    private static final int COLD = 10;
    private static final long COUNT_MAX = 50_000_000;

    private final List<Peer> peers;
    private final Peer gatePeer;
    private final Plan plan;
    private final Consumer<String> progress;
    private final Map<Peer, Map<Operation, Measurement>> measurements = new LinkedHashMap<>();
    private final Map<String, String> skipped = new LinkedHashMap<>();
    private volatile boolean stopped;
    private volatile int repeatsDone;
    private volatile @Nullable String countedBy;

    /**
     * How much is measured.
     *
     * @param repeats of everything
     * @param sampleNs how long a sample takes, about
     * @param warmUp until steady, and no sample beside which the machine changed; or else whatever comes
     */
    record Plan(int repeats, long sampleNs, boolean warmUp) {
        long warmUpNs() {
            return sampleNs / 3;
        }

        /** What goes before a sample, for people. */
        String warmUpText() {
            return warmUp
                    ? "until two short samples differ by less than 5 %, at most " + WARM_UPS_MAX + " of them"
                    : "two short samples, which is too little for a JVM";
        }
    }

    CompareRun(List<Peer> peers, Peer gatePeer, Plan plan, Consumer<String> progress) {
        this.peers = peers;
        this.gatePeer = gatePeer;
        this.plan = plan;
        this.progress = progress;
    }

    Plan plan() {
        return plan;
    }

    /** No further peer is begun. */
    void stop() {
        stopped = true;
    }

    /** Measurements as they are now, in the order of the list; those that never came are not in it. */
    synchronized List<Measurement> measurements() {
        List<Measurement> all = new ArrayList<>();
        for (Peer peer : peers) {
            measurements.getOrDefault(peer, Map.of()).values().stream()
                    .filter(measurement -> !measurement.isEmpty())
                    .map(Measurement::copy)
                    .forEach(all::add);
        }
        return all;
    }

    /** What was not measured, and why. */
    synchronized Map<String, String> skipped() {
        return new LinkedHashMap<>(skipped);
    }

    /** Repeats that all peers have had. */
    int repeatsDone() {
        return repeatsDone;
    }

    /** What counts system calls; null when nothing does. */
    @Nullable
    String countedBy() {
        return countedBy;
    }

    /** Notes what is not measured; the first reason stays. */
    synchronized void skip(String what, String why) {
        skipped.putIfAbsent(what, why);
    }

    private synchronized boolean isSkipped(Peer peer) {
        return skipped.containsKey(peer.name());
    }

    /** Runs it all; a peer that fails is listed with its reason, and the others go on. */
    void run() throws IOException, InterruptedException {
        List<Peer> present = new ArrayList<>();
        for (Peer peer : peers) {
            String missing = peer.missing();
            if (missing == null) {
                present.add(peer);
            } else {
                skip(peer.name(), missing);
            }
        }
        SystemCalls calls = new SystemCalls();
        String uncounted = calls.missing();
        if (uncounted == null) {
            countedBy = calls.tool();
        } else {
            skip("system calls", uncounted);
        }
        try (Session gates = gatePeer.start()) {
            double _ = gate(gates);
            for (int repeat = 0; repeat < plan.repeats() && !stopped; repeat++) {
                List<Peer> order = new ArrayList<>(present);
                if (repeat % 2 == 1) {
                    Collections.reverse(order);
                }
                for (Peer peer : order) {
                    if (stopped || isSkipped(peer)) {
                        continue;
                    }
                    progress.accept("repeat " + (repeat + 1) + " of " + plan.repeats() + ": " + peer.title());
                    try (Session session = peer.start()) {
                        measure(peer, repeat, session, gates);
                        if (repeat == 0 && uncounted == null) {
                            count(peer, session, calls);
                        }
                    } catch (IOException e) {
                        skip(peer.name(), "in repeat " + (repeat + 1) + ": " + e.getMessage());
                    }
                }
                repeatsDone = repeat + 1;
            }
        }
        skipUnsteady();
    }

    private synchronized void skipUnsteady() {
        for (Map.Entry<Peer, Map<Operation, Measurement>> peer : measurements.entrySet()) {
            peer.getValue().forEach((operation, measurement) -> {
                if (measurement.isEmpty() && measurement.dropped() > 0) {
                    skip(
                            peer.getKey().name() + " " + operation.title(),
                            "the machine was not the same before and after any of " + measurement.dropped()
                                    + " samples: is there other work on it?");
                }
            });
        }
    }

    // ---------------------------------------------------------------- one peer

    private void measure(Peer peer, int repeat, Session session, Session gates)
            throws IOException, InterruptedException {
        Map<String, Double> checked = session.measure("check");
        if (!checked.containsKey("checked")) {
            skip(peer.name() + " contents", "the tool does not compare what arrives");
        }
        for (Operation operation : Operation.values()) {
            double perSecond = warmUp(session, operation);
            if (Double.isNaN(perSecond)) {
                continue;
            }
            long count = count(perSecond, plan.sampleNs());
            sample(peer, repeat, operation, count, session, gates);
        }
    }

    private static long count(double perSecond, long ns) {
        return Math.clamp((long) (perSecond * ns * 1e-9), 10, COUNT_MAX);
    }

    /** Until two samples are alike, or so many; answers how fast it is, NaN when the peer has no such operation. */
    private double warmUp(Session session, Operation operation) throws IOException, InterruptedException {
        double before = Double.NaN;
        long count = operation == Operation.BULK ? 20 : 1000;
        for (int i = 0; i < WARM_UPS_MAX; i++) {
            double perSecond = operation.perSecond(session.measure(operation.command(count)));
            if (Double.isNaN(perSecond)) {
                return perSecond;
            }
            boolean full = count >= count(perSecond, plan.warmUpNs()) / 2;
            boolean steady = Math.abs(perSecond / before - 1) < STEADY;
            if ((full && steady && i >= 3) || (!plan.warmUp() && i >= 1)) {
                return perSecond;
            }
            before = perSecond;
            count = count(perSecond, plan.warmUpNs());
        }
        return before;
    }

    private void sample(Peer peer, int repeat, Operation operation, long count, Session session, Session gates)
            throws IOException, InterruptedException {
        Measurement measurement = measurement(peer, operation);
        double before = gate(gates);
        for (int attempt = 0; attempt < TRIES; attempt++) {
            Map<String, Double> figures = session.measure(operation.command(count));
            double after = gate(gates);
            boolean alike = Math.max(before, after) <= GATES_DIFFER * Math.min(before, after);
            if (alike || !peer.isOverMemory() || !plan.warmUp()) {
                synchronized (this) {
                    measurement.add(repeat, count, figures, (before + after) / 2);
                }
                return;
            }
            synchronized (this) {
                measurement.drop();
            }
            before = after;
        }
        progress.accept(
                peer.title() + ", " + operation.title() + ": the machine changes beside every sample, none counts");
    }

    private static double gate(Session gates) throws IOException, InterruptedException {
        return gates.measure("gate").getOrDefault("bare", Double.NaN);
    }

    private synchronized Measurement measurement(Peer peer, Operation operation) {
        return measurements
                .computeIfAbsent(peer, key -> new EnumMap<>(Operation.class))
                .computeIfAbsent(operation, key -> new Measurement(peer, key));
    }

    // ---------------------------------------------------------------- system calls

    private void count(Peer peer, Session session, SystemCalls calls) throws InterruptedException {
        if (session.processes().isEmpty()) {
            skip(
                    peer.name() + " system calls",
                    "its processes live for one measurement, nothing can be attached to them");
            return;
        }
        try {
            long idle = calls.count(session.processes(), () -> {
                Map<String, Double> _ = session.measure("nothing");
            });
            for (Operation operation : Operation.values()) {
                Measurement measurement = measurement(peer, operation);
                if (!measurement.isEmpty()) {
                    long count =
                            (operation == Operation.BULK ? COUNTED_LARGE : COUNTED_ECHOES) / (plan.warmUp() ? 1 : COLD);
                    Map<String, Double> figures = new LinkedHashMap<>();
                    long found = calls.count(
                            session.processes(), () -> figures.putAll(session.measure(operation.command(count))));
                    synchronized (this) {
                        measurement.callsPerMessage(
                                Math.max(0, found - idle) / (double) operation.messages(count, figures));
                    }
                }
            }
        } catch (IOException e) {
            skip(peer.name() + " system calls", String.valueOf(e.getMessage()));
        }
    }
}
