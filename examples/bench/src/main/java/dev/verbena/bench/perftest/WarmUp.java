package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Rehearses both sides within this process: perftest's own programs have no warm-up that a peer could take part in.
 *
 * <p>Threading: the caller's thread plays the client, another the server.
 */
final class WarmUp {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Rehearsal rehearsal;
    private final CyclicBarrier together = new CyclicBarrier(2);
    private final Run run = new Run(null, TIMEOUT);
    private volatile @Nullable RuntimeException failed;

    private WarmUp(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    /** Warms up, at most so long. Answers what was done. */
    static String play(Settings whole, Device device, GidEntry gid, boolean routed, Duration most)
            throws InterruptedException {
        WarmUp warmUp = new WarmUp(new Rehearsal(whole, most));
        int iterations = warmUp.rehearsal.iterations();
        Settings asClient = Rehearsal.part(whole, true, iterations);
        Settings asServer = Rehearsal.part(whole, false, iterations);
        try (Context here = device.open();
                Context there = device.open();
                Side client = new Side(here, gid, routed, asClient, CycleBuffer.OWN);
                Side server = new Side(there, gid, routed, asServer, CycleBuffer.OWN)) {
            Mtu mtu = here.queryPort(gid.port()).activeMtu();
            for (int i = 0; i < whole.queuePairs(); i++) {
                client.connect(i, server.record(i), mtu);
                server.connect(i, client.record(i), mtu);
            }
            return warmUp.play(client, asClient, server, asServer);
        }
    }

    private String play(Side client, Settings asClient, Side server, Settings asServer) throws InterruptedException {
        Thread half = new Thread(() -> half(server, asServer), "verbena-bench-warm-up");
        half.setDaemon(true);
        half.start();
        try {
            while (!rehearsal.isEnough()) {
                long before = System.nanoTime();
                turn(client, asClient);
                rehearsal.took(asClient.iterations(), System.nanoTime() - before);
            }
        } catch (Failure | Run.Stopped e) {
            RuntimeException first = failed;
            throw first == null ? e : first;
        } finally {
            run.stop();
            half.interrupt();
            half.join(TIMEOUT.toMillis());
        }
        return rehearsal.describe("within this process");
    }

    private void half(Side server, Settings asServer) {
        try {
            while (true) {
                turn(server, asServer);
            }
        } catch (Run.Stopped | InterruptedException e) {
            // The other half says by this that it is enough.
        } catch (RuntimeException e) {
            failed = e;
            run.stop();
            together.reset();
        }
    }

    private void turn(Side side, Settings part) throws InterruptedException {
        Requests requests = new Requests(side, part, CycleBuffer.OWN);
        Rehearsal.prepare(side, part, requests);
        meet();
        Rehearsal.play(side, part, requests, run);
        meet();
    }

    private void meet() throws InterruptedException {
        try {
            together.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (BrokenBarrierException e) {
            throw new Run.Stopped();
        } catch (TimeoutException e) {
            throw Failure.timeout("the other half of the warm-up", TIMEOUT);
        }
    }
}
