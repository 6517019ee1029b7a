package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairTransitions;
import dev.verbena.verbs.QueuePairType;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a queue pair.
 *
 * <p>Threading: under the queue pair's guard.
 */
final class QueuePairValues {
    int accessFlags;
    int qkey;
    int destination;
    int minRnrTimer;
    int destinationReadDepth;
    int readDepth;
    int timeout;
    int retryCount;
    int rnrRetry;
    boolean reachable;
    private int pkeyIndex;
    private int port;
    private int receivePsn;
    private int sendPsn;
    private Mtu pathMtu = Mtu.MTU_4096;
    private @Nullable AddressVector addressVector;

    void clear() {
        accessFlags = 0;
        qkey = 0;
        destination = 0;
        minRnrTimer = 0;
        destinationReadDepth = 0;
        readDepth = 0;
        timeout = 0;
        retryCount = 0;
        rnrRetry = 0;
        reachable = false;
        pkeyIndex = 0;
        port = 0;
        receivePsn = 0;
        sendPsn = 0;
        pathMtu = Mtu.MTU_4096;
        addressVector = null;
    }

    long timeoutNs() {
        return 4096L << timeout;
    }

    /** 0, or the negative errno of a move that is not legal or a value out of range. */
    int check(QueuePairType type, QueuePairState from, QueuePairAttributes wanted, EmbeddedContext context) {
        boolean wrongState = wanted.has(QueuePairAttributes.CUR_STATE) && wanted.currentState() != from;
        if (wrongState || !QueuePairTransitions.explain(type, from, wanted).isEmpty()) {
            return -Errno.EINVAL;
        }
        AddressVector vector = wanted.addressVector();
        boolean good = within(wanted, QueuePairAttributes.PORT, wanted.port(), 1, 1)
                && within(wanted, QueuePairAttributes.PKEY_INDEX, wanted.pkeyIndex(), 0, 0)
                && within(wanted, QueuePairAttributes.TIMEOUT, wanted.timeout(), 0, 31)
                && within(wanted, QueuePairAttributes.RETRY_CNT, wanted.retryCount(), 0, 7)
                && within(wanted, QueuePairAttributes.RNR_RETRY, wanted.rnrRetry(), 0, 7)
                && within(wanted, QueuePairAttributes.MIN_RNR_TIMER, wanted.minRnrTimer(), 0, 31)
                && within(wanted, QueuePairAttributes.MAX_QP_RD_ATOMIC, wanted.readDepth(), 0, 255)
                && within(wanted, QueuePairAttributes.MAX_DEST_RD_ATOMIC, wanted.destinationReadDepth(), 0, 255)
                && within(wanted, QueuePairAttributes.DEST_QPN, wanted.destinationNumber(), 0, 0xffffff)
                && (!wanted.has(QueuePairAttributes.PATH_MTU) || wanted.pathMtu() != Mtu.UNKNOWN)
                && (!wanted.has(QueuePairAttributes.AV) || (vector != null && context.hasGid(vector)));
        return good ? 0 : -Errno.EINVAL;
    }

    private static boolean within(QueuePairAttributes wanted, int bit, int value, int min, int max) {
        return !wanted.has(bit) || (value >= min && value <= max);
    }

    void apply(QueuePairAttributes given) {
        accessFlags = given.has(QueuePairAttributes.ACCESS_FLAGS) ? given.accessFlags() : accessFlags;
        qkey = given.has(QueuePairAttributes.QKEY) ? given.qkey() : qkey;
        destination = given.has(QueuePairAttributes.DEST_QPN) ? given.destinationNumber() : destination;
        minRnrTimer = given.has(QueuePairAttributes.MIN_RNR_TIMER) ? given.minRnrTimer() : minRnrTimer;
        destinationReadDepth =
                given.has(QueuePairAttributes.MAX_DEST_RD_ATOMIC) ? given.destinationReadDepth() : destinationReadDepth;
        readDepth = given.has(QueuePairAttributes.MAX_QP_RD_ATOMIC) ? given.readDepth() : readDepth;
        timeout = given.has(QueuePairAttributes.TIMEOUT) ? given.timeout() : timeout;
        retryCount = given.has(QueuePairAttributes.RETRY_CNT) ? given.retryCount() : retryCount;
        rnrRetry = given.has(QueuePairAttributes.RNR_RETRY) ? given.rnrRetry() : rnrRetry;
        pkeyIndex = given.has(QueuePairAttributes.PKEY_INDEX) ? given.pkeyIndex() : pkeyIndex;
        port = given.has(QueuePairAttributes.PORT) ? given.port() : port;
        receivePsn = given.has(QueuePairAttributes.RQ_PSN) ? given.receivePsn() : receivePsn;
        sendPsn = given.has(QueuePairAttributes.SQ_PSN) ? given.sendPsn() : sendPsn;
        pathMtu = given.has(QueuePairAttributes.PATH_MTU) ? given.pathMtu() : pathMtu;
        AddressVector vector = given.addressVector();
        if (given.has(QueuePairAttributes.AV) && vector != null) {
            addressVector = vector;
            reachable = Addresses.isLocal(vector.destination());
        }
    }

    QueuePairAttributes attributes(QueuePairState state) {
        QueuePairAttributes all = new QueuePairAttributes()
                .state(state)
                .currentState(state)
                .accessFlags(accessFlags)
                .pkeyIndex(pkeyIndex)
                .port(port)
                .qkey(qkey)
                .pathMtu(pathMtu)
                .timeout(timeout)
                .retryCount(retryCount)
                .rnrRetry(rnrRetry)
                .receivePsn(receivePsn)
                .readDepth(readDepth)
                .minRnrTimer(minRnrTimer)
                .sendPsn(sendPsn)
                .destinationReadDepth(destinationReadDepth)
                .destinationNumber(destination);
        AddressVector vector = addressVector;
        return vector == null ? all : all.addressVector(vector);
    }
}
