package dev.verbena.verbs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Attributes of a queue pair: {@code struct ibv_qp_attr} with its mask; see ibv_modify_qp(3). Each setter adds its bit to
 * {@link #mask()}.
 *
 * <p>Threading: one thread at a time.
 */
public final class QueuePairAttributes {
    /** The state to go to. */
    public static final int STATE = 1;
    /** The state that the caller believes the queue pair to be in. */
    public static final int CUR_STATE = 1 << 1;
    /** Whether SQ_DRAINED is raised. */
    public static final int EN_SQD_ASYNC_NOTIFY = 1 << 2;
    /** What peers may do through the queue pair. */
    public static final int ACCESS_FLAGS = 1 << 3;
    /** Index into the port's table of partition keys. */
    public static final int PKEY_INDEX = 1 << 4;
    /** The port it uses. */
    public static final int PORT = 1 << 5;
    /** The queue key of datagrams. */
    public static final int QKEY = 1 << 6;
    /** The way to the peer. */
    public static final int AV = 1 << 7;
    /** The largest packet on the way. */
    public static final int PATH_MTU = 1 << 8;
    /** How long an acknowledgement may take, as an exponent. */
    public static final int TIMEOUT = 1 << 9;
    /** How often a request without an acknowledgement is sent again. */
    public static final int RETRY_CNT = 1 << 10;
    /** How often a request is sent again that found no receive; 7 is without end. */
    public static final int RNR_RETRY = 1 << 11;
    /** The packet number that the peer begins with. */
    public static final int RQ_PSN = 1 << 12;
    /** How many READs and atomics may be under way to the peer. */
    public static final int MAX_QP_RD_ATOMIC = 1 << 13;
    /** Another way to the peer. */
    public static final int ALT_PATH = 1 << 14;
    /** How long the peer shall wait when it found no receive, as a code. */
    public static final int MIN_RNR_TIMER = 1 << 15;
    /** The packet number that this side begins with. */
    public static final int SQ_PSN = 1 << 16;
    /** How many READs and atomics of the peer are served at a time. */
    public static final int MAX_DEST_RD_ATOMIC = 1 << 17;
    /** Whether the other way is armed or taken. */
    public static final int PATH_MIG_STATE = 1 << 18;
    /** The sizes of its queues. */
    public static final int CAP = 1 << 19;
    /** The peer's queue-pair number. */
    public static final int DEST_QPN = 1 << 20;

    private static final String[] NAMES = {
        "STATE",
        "CUR_STATE",
        "EN_SQD_ASYNC_NOTIFY",
        "ACCESS_FLAGS",
        "PKEY_INDEX",
        "PORT",
        "QKEY",
        "AV",
        "PATH_MTU",
        "TIMEOUT",
        "RETRY_CNT",
        "RNR_RETRY",
        "RQ_PSN",
        "MAX_QP_RD_ATOMIC",
        "ALT_PATH",
        "MIN_RNR_TIMER",
        "SQ_PSN",
        "MAX_DEST_RD_ATOMIC",
        "PATH_MIG_STATE",
        "CAP",
        "DEST_QPN"
    };

    private int mask;
    private QueuePairState state = QueuePairState.RESET;
    private QueuePairState currentState = QueuePairState.RESET;
    private boolean drainedNotify;
    private int accessFlags;
    private int pkeyIndex;
    private int port;
    private int qkey;
    private @Nullable AddressVector addressVector;
    private Mtu pathMtu = Mtu.UNKNOWN;
    private int timeout;
    private int retryCount;
    private int rnrRetry;
    private int receivePsn;
    private int readDepth;
    private int minRnrTimer;
    private int sendPsn;
    private int destinationReadDepth;
    private int destinationNumber;

    /** No attribute set. */
    public QueuePairAttributes() {}

    /** The bits that are set. */
    public int mask() {
        return mask;
    }

    /** Whether all the given bits are set. */
    public boolean has(int bits) {
        return (mask & bits) == bits;
    }

    /** The names of mask bits, joined by {@code |}. */
    public static String describe(int mask) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < NAMES.length; bit++) {
            if ((mask & (1 << bit)) != 0) {
                names.add(NAMES[bit]);
            }
        }
        return names.isEmpty() ? "nothing" : String.join("|", names);
    }

    /** The state to move to, or the state it is in. */
    public QueuePairAttributes state(QueuePairState value) {
        state = value;
        mask |= STATE;
        return this;
    }

    /** The state to move to, or the state it is in. */
    public QueuePairState state() {
        return state;
    }

    /** The state the caller believes it is in. */
    public QueuePairAttributes currentState(QueuePairState value) {
        currentState = value;
        mask |= CUR_STATE;
        return this;
    }

    /** The state the caller believes it is in. */
    public QueuePairState currentState() {
        return currentState;
    }

    /** Whether an SQ_DRAINED event is raised when draining ends. */
    public QueuePairAttributes drainedNotify(boolean value) {
        drainedNotify = value;
        mask |= EN_SQD_ASYNC_NOTIFY;
        return this;
    }

    /** Whether an SQ_DRAINED event is raised when draining ends. */
    public boolean drainedNotify() {
        return drainedNotify;
    }

    /** Remote rights through this queue pair, {@link AccessFlags}. */
    public QueuePairAttributes accessFlags(int value) {
        accessFlags = value;
        mask |= ACCESS_FLAGS;
        return this;
    }

    /** Remote rights through this queue pair, {@link AccessFlags}. */
    public int accessFlags() {
        return accessFlags;
    }

    /** Index of the partition key. */
    public QueuePairAttributes pkeyIndex(int value) {
        pkeyIndex = value;
        mask |= PKEY_INDEX;
        return this;
    }

    /** Index of the partition key. */
    public int pkeyIndex() {
        return pkeyIndex;
    }

    /** The port, from 1. */
    public QueuePairAttributes port(int value) {
        port = value;
        mask |= PORT;
        return this;
    }

    /** The port, from 1. */
    public int port() {
        return port;
    }

    /** Queue key, UD only. */
    public QueuePairAttributes qkey(int value) {
        qkey = value;
        mask |= QKEY;
        return this;
    }

    /** Queue key, UD only. */
    public int qkey() {
        return qkey;
    }

    /** How to reach the peer. */
    public QueuePairAttributes addressVector(AddressVector value) {
        addressVector = value;
        mask |= AV;
        return this;
    }

    /** How to reach the peer. */
    public @Nullable AddressVector addressVector() {
        return addressVector;
    }

    /** MTU of the path. */
    public QueuePairAttributes pathMtu(Mtu value) {
        pathMtu = value;
        mask |= PATH_MTU;
        return this;
    }

    /** MTU of the path. */
    public Mtu pathMtu() {
        return pathMtu;
    }

    /** Acknowledge timeout: 4.096 us times two to this power; 0 waits for ever. */
    public QueuePairAttributes timeout(int value) {
        timeout = value;
        mask |= TIMEOUT;
        return this;
    }

    /** Acknowledge timeout: 4.096 us times two to this power; 0 waits for ever. */
    public int timeout() {
        return timeout;
    }

    /** Transport retries, 0 to 7. */
    public QueuePairAttributes retryCount(int value) {
        retryCount = value;
        mask |= RETRY_CNT;
        return this;
    }

    /** Transport retries, 0 to 7. */
    public int retryCount() {
        return retryCount;
    }

    /** Receiver-not-ready retries, 0 to 7; 7 is endless. */
    public QueuePairAttributes rnrRetry(int value) {
        rnrRetry = value;
        mask |= RNR_RETRY;
        return this;
    }

    /** Receiver-not-ready retries, 0 to 7; 7 is endless. */
    public int rnrRetry() {
        return rnrRetry;
    }

    /** First packet number expected. */
    public QueuePairAttributes receivePsn(int value) {
        receivePsn = value;
        mask |= RQ_PSN;
        return this;
    }

    /** First packet number expected. */
    public int receivePsn() {
        return receivePsn;
    }

    /** READs and atomics under way at a time. */
    public QueuePairAttributes readDepth(int value) {
        readDepth = value;
        mask |= MAX_QP_RD_ATOMIC;
        return this;
    }

    /** READs and atomics under way at a time. */
    public int readDepth() {
        return readDepth;
    }

    /** Code of the shortest receiver-not-ready pause: 12 is 0.64 ms, 0 is 655 ms. */
    public QueuePairAttributes minRnrTimer(int value) {
        minRnrTimer = value;
        mask |= MIN_RNR_TIMER;
        return this;
    }

    /** Code of the shortest receiver-not-ready pause: 12 is 0.64 ms, 0 is 655 ms. */
    public int minRnrTimer() {
        return minRnrTimer;
    }

    /** First packet number sent. */
    public QueuePairAttributes sendPsn(int value) {
        sendPsn = value;
        mask |= SQ_PSN;
        return this;
    }

    /** First packet number sent. */
    public int sendPsn() {
        return sendPsn;
    }

    /** The peer's READs and atomics served at a time. */
    public QueuePairAttributes destinationReadDepth(int value) {
        destinationReadDepth = value;
        mask |= MAX_DEST_RD_ATOMIC;
        return this;
    }

    /** The peer's READs and atomics served at a time. */
    public int destinationReadDepth() {
        return destinationReadDepth;
    }

    /** The peer's queue-pair number. */
    public QueuePairAttributes destinationNumber(int value) {
        destinationNumber = value;
        mask |= DEST_QPN;
        return this;
    }

    /** The peer's queue-pair number. */
    public int destinationNumber() {
        return destinationNumber;
    }

    /** The same values with a mask that keeps only the given bits. */
    public QueuePairAttributes keeping(int bits) {
        mask &= bits;
        return this;
    }
}
