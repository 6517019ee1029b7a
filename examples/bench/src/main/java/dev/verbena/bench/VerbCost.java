package dev.verbena.bench;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.util.Arrays;

/**
 * What does one 8-byte one-sided verb cost, from the post to its polled completion, one after the other? Expected: 6 to
 * 12 ns where memory is in the own cache, since the initiator loads and stores itself.
 *
 * <p>Threading: one thread.
 */
final class VerbCost {
    static final int RUNS = 20;
    static final int IN_A_ROW = 100_000;

    private VerbCost() {}

    /** Mean nanoseconds of each of the runs, sorted. */
    static double[] measure(Operation operation, Endpoint end, Exchange.Remote remote) {
        double[] means = new double[RUNS];
        for (int i = 0; i < RUNS; i++) {
            long ns = switch (operation) {
                case WRITE -> write(end, remote);
                case READ -> read(end, remote);
                case FETCH_ADD -> fetchAndAdd(end, remote);
            };
            means[i] = ns / (double) IN_A_ROW;
        }
        Arrays.sort(means);
        return means;
    }

    private static long write(Endpoint end, Exchange.Remote remote) {
        QueuePair qp = end.qps[0];
        long local = end.messages.address();
        int lkey = end.messages.lkey();
        long start = System.nanoTime();
        for (int i = 0; i < IN_A_ROW; i++) {
            Endpoint.taken(
                    qp.postWrite(i, local, Long.BYTES, lkey, remote.address(), remote.rkey(), SendFlags.SIGNALED));
            end.awaitOne();
        }
        return System.nanoTime() - start;
    }

    private static long read(Endpoint end, Exchange.Remote remote) {
        QueuePair qp = end.qps[0];
        long local = end.messages.address();
        int lkey = end.messages.lkey();
        long start = System.nanoTime();
        for (int i = 0; i < IN_A_ROW; i++) {
            Endpoint.taken(
                    qp.postRead(i, local, Long.BYTES, lkey, remote.address(), remote.rkey(), SendFlags.SIGNALED));
            end.awaitOne();
        }
        return System.nanoTime() - start;
    }

    private static long fetchAndAdd(Endpoint end, Exchange.Remote remote) {
        QueuePair qp = end.qps[0];
        long local = end.messages.address();
        int lkey = end.messages.lkey();
        long start = System.nanoTime();
        for (int i = 0; i < IN_A_ROW; i++) {
            Endpoint.taken(qp.postFetchAndAdd(i, local, lkey, remote.address(), remote.rkey(), 1, SendFlags.SIGNALED));
            end.awaitOne();
        }
        return System.nanoTime() - start;
    }

    /** The verbs that are measured. */
    enum Operation {
        /** RDMA_WRITE. */
        WRITE,
        /** RDMA_READ. */
        READ,
        /** ATOMIC_FETCH_AND_ADD. */
        FETCH_ADD
    }
}
