package dev.verbena.verbs.cm;

import java.util.Arrays;

/**
 * What a side wants of a connection; see rdma_connect(3) and rdma_accept(3). The defaults are finite, unlike those of
 * librdmacm: seven retries and seven receiver-not-ready retries mean for ever there.
 *
 * <p>Threading: immutable.
 *
 * @param privateData sent to the peer; limited by {@link PortSpace}, checked before the call
 * @param responderResources READs and atomics of the peer that this side serves at a time
 * @param initiatorDepth READs and atomics that this side has under way at a time
 * @param flowControl whether the hardware's flow control is used
 * @param retryCount transport retries, 0 to 7; 7 is endless on some devices
 * @param rnrRetryCount receiver-not-ready retries, 0 to 7; 7 is endless
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record ConnectionParameters(
        byte[] privateData,
        int responderResources,
        int initiatorDepth,
        boolean flowControl,
        int retryCount,
        int rnrRetryCount) {
    /** No private data, one READ at a time each way, six retries of each kind. */
    public static final ConnectionParameters DEFAULT = new ConnectionParameters(new byte[0], 1, 1, true, 6, 6);

    /** Copies the private data and checks the ranges. */
    public ConnectionParameters {
        privateData = privateData.clone();
        check("responderResources", responderResources, 255);
        check("initiatorDepth", initiatorDepth, 255);
        check("retryCount", retryCount, 7);
        check("rnrRetryCount", rnrRetryCount, 7);
    }

    private static void check(String name, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not within 0 to " + max);
        }
    }

    /** A copy of the private data. */
    @Override
    public byte[] privateData() {
        return privateData.clone();
    }

    /** The same with other private data. */
    public ConnectionParameters withPrivateData(byte[] data) {
        return new ConnectionParameters(
                data, responderResources, initiatorDepth, flowControl, retryCount, rnrRetryCount);
    }

    /** The same with other depths of READs and atomics. */
    public ConnectionParameters withReadDepth(int served, int initiated) {
        return new ConnectionParameters(privateData, served, initiated, flowControl, retryCount, rnrRetryCount);
    }

    /** The same with other retry counts. */
    public ConnectionParameters withRetries(int transport, int receiverNotReady) {
        return new ConnectionParameters(
                privateData, responderResources, initiatorDepth, flowControl, transport, receiverNotReady);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectionParameters that
                && Arrays.equals(privateData, that.privateData)
                && responderResources == that.responderResources
                && initiatorDepth == that.initiatorDepth
                && flowControl == that.flowControl
                && retryCount == that.retryCount
                && rnrRetryCount == that.rnrRetryCount;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(privateData) * 31 + responderResources * 7 + initiatorDepth;
    }
}
