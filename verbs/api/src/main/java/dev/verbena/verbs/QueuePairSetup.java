package dev.verbena.verbs;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Brings a queue pair to READY_TO_SEND with defaults that end: nothing is retried for ever.
 *
 * <p>Threading: one thread at a time.
 */
final class QueuePairSetup {
    /** Sixteen outstanding READs keep a link busy; devices often allow many more. */
    private static final int READ_DEPTH_MAX = 16;
    /** 4.096 us times 2^14: 67 ms, so six retries end within half a second or, where devices wait longer, seconds. */
    private static final int ACK_TIMEOUT = 14;
    /** 0.64 ms. */
    private static final int MIN_RNR_TIMER = 12;

    private static final int RETRIES = 6;

    private final QueuePair qp;
    private final int psn = ThreadLocalRandom.current().nextInt(1 << 24);
    private int port = 1;
    private int gidIndex = -1;

    QueuePairSetup(QueuePair qp) {
        this.qp = qp;
    }

    private Context context() {
        return qp.protectionDomain().context();
    }

    QueuePairEndpoint endpoint(GidEntry gid) {
        port = gid.port();
        gidIndex = gid.index();
        return new QueuePairEndpoint(
                qp.number(), psn, gid.gid(), context().queryPort(port).lid());
    }

    void initialize() {
        QueuePairAttributes init = new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(port);
        if (qp.type() == QueuePairType.UD) {
            init.qkey(QueuePair.DEFAULT_QKEY);
        } else {
            init.accessFlags(remoteRights());
        }
        qp.modify(init);
    }

    private int remoteRights() {
        if (qp.type() == QueuePairType.UC) {
            return AccessFlags.REMOTE_WRITE;
        }
        boolean atomics = context().has(Capability.REMOTE_ATOMICS);
        return AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ | (atomics ? AccessFlags.REMOTE_ATOMIC : 0);
    }

    void connect(QueuePairEndpoint remote) {
        QueuePairAttributes receive = new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE);
        QueuePairAttributes send =
                new QueuePairAttributes().state(QueuePairState.READY_TO_SEND).sendPsn(psn);
        if (qp.type() != QueuePairType.UD) {
            int sourceIndex =
                    gidIndex >= 0 ? gidIndex : context().chooseGid(port, null).index();
            receive.addressVector(
                            AddressVector.to(remote.gid(), port, sourceIndex).withLid(remote.lid()))
                    .pathMtu(context().queryPort(port).activeMtu())
                    .destinationNumber(remote.number())
                    .receivePsn(remote.psn());
        }
        if (qp.type() == QueuePairType.RC) {
            int depth = Math.clamp(context().queryDevice().maxReadAtomicPerQueuePair(), 1, READ_DEPTH_MAX);
            receive.destinationReadDepth(depth).minRnrTimer(MIN_RNR_TIMER);
            send.timeout(ACK_TIMEOUT).retryCount(RETRIES).rnrRetry(RETRIES).readDepth(depth);
        }
        qp.modify(receive);
        qp.modify(send);
    }
}
