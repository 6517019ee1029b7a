package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;

/**
 * Posts the requests and receives of a benchmark.
 *
 * <p>Hot path: {@link #post} and {@link #postReceive}. Threading: one thread.
 */
final class Requests {
    private final Verb verb;
    private final boolean datagrams;
    private final int bytes;
    private final int inline;
    private final int steps;
    private final int stepBytes;
    private final int lkey;
    private final int queuePairs;
    private final QueuePair[] qps;
    private final long[] outgoing;
    private final long[] incoming;
    private final long[] remote;
    private final int[] rkey;
    private final int[] remoteNumber;
    private final AddressHandle[] routes;
    private final int receiveBytes;
    private final long receiveShift;

    /** Requests of connected queue pairs. */
    Requests(Side side, Settings settings, CycleBuffer cycle) {
        verb = settings.test().verb();
        datagrams = settings.type() == QueuePairType.UD;
        bytes = settings.bytes();
        inline = bytes <= side.inlineBytes() && !verb.isRequest() ? SendFlags.INLINE : 0;
        steps = settings.test().isLatency() ? 1 : cycle.steps(bytes);
        stepBytes = cycle.stepBytes(bytes);
        MemoryRegion memory = side.memory();
        lkey = memory.lkey();
        queuePairs = settings.queuePairs();
        qps = new QueuePair[queuePairs];
        outgoing = new long[queuePairs];
        incoming = new long[queuePairs];
        remote = new long[queuePairs];
        rkey = new int[queuePairs];
        remoteNumber = new int[queuePairs];
        routes = new AddressHandle[queuePairs];
        for (int i = 0; i < queuePairs; i++) {
            qps[i] = side.qp(i);
            outgoing[i] = side.outgoing(i);
            incoming[i] = side.incoming(i);
            remote[i] = side.remote(i).address();
            rkey[i] = side.remote(i).rkey();
            remoteNumber[i] = side.remote(i).number();
            routes[i] = side.route(i);
        }
        int header = datagrams ? Side.GRH_BYTES : 0;
        receiveBytes = bytes + header;
        receiveShift = header;
    }

    int queuePairs() {
        return queuePairs;
    }

    QueuePair qp(int which) {
        return qps[which];
    }

    /** Posts one request, the count-th of its queue pair. */
    void post(int which, long id, long count, int signal) {
        QueuePair qp = qps[which];
        int flags = signal | inline;
        long step = steps == 1 ? 0 : count % steps * stepBytes;
        long local = outgoing[which] + step;
        int result = switch (verb) {
            case SEND ->
                datagrams
                        ? qp.postDatagram(
                                id,
                                local,
                                bytes,
                                lkey,
                                routes[which],
                                remoteNumber[which],
                                QueuePair.DEFAULT_QKEY,
                                flags)
                        : qp.postSend(id, local, bytes, lkey, flags);
            case WRITE -> qp.postWrite(id, local, bytes, lkey, remote[which] + step, rkey[which], flags);
            case READ -> qp.postRead(id, local, bytes, lkey, remote[which] + step, rkey[which], flags);
            case ATOMIC -> qp.postFetchAndAdd(id, local, lkey, remote[which] + step, rkey[which], 1, flags);
        };
        if (result < 0) {
            throw refused(qp, result);
        }
    }

    /** Posts the receive of the count-th message of a queue pair. */
    void postReceive(int which, long count) {
        long step = steps == 1 || datagrams ? 0 : count % steps * stepBytes;
        int result = qps[which].postReceive(which, incoming[which] - receiveShift + step, receiveBytes, lkey);
        if (result < 0) {
            throw refused(qps[which], result);
        }
    }

    /** Posts so many receives on every queue pair. */
    void postReceives(int count) {
        for (int which = 0; which < queuePairs; which++) {
            for (int i = 0; i < count; i++) {
                postReceive(which, i);
            }
        }
    }

    private Failure refused(QueuePair qp, int result) {
        return new Failure(
                Failure.Code.FAILED, "a " + verb.title() + " on " + qp + " was refused: " + Refusal.name(result));
    }
}
