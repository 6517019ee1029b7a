package dev.verbena.metrics;

/**
 * What happened on a connection, or the sum over several. Counting is a plain add.
 *
 * <p>Threading: one thread counts; others read values that may be some microseconds old.
 */
public final class Counters {
    /** Messages handed to the device, long ones when the peer had them. */
    public long messagesSent;
    /** Messages given to the handler. */
    public long messagesReceived;
    /** Payload bytes of the messages sent. */
    public long bytesSent;
    /** Payload bytes of the messages received. */
    public long bytesReceived;
    /** Sends that found no credit or no slot. */
    public long sendStalls;
    /** Frames that did nothing but return credits. */
    public long creditFrames;
    /** Receives posted again. */
    public long reposts;
    /** Payloads that had to be copied into registered memory. */
    public long copies;
    /** Long messages fetched. */
    public long transfers;
    /** Times that send requests were handed to the device, several at a time. */
    public long doorbells;
    /** One-sided operations completed. */
    public long oneSided;

    /** Connections that ended otherwise than in good order. */
    public long failures;

    /** Nothing counted. */
    public Counters() {}

    /** Adds another's values. */
    public void add(Counters other) {
        messagesSent += other.messagesSent;
        messagesReceived += other.messagesReceived;
        bytesSent += other.bytesSent;
        bytesReceived += other.bytesReceived;
        sendStalls += other.sendStalls;
        creditFrames += other.creditFrames;
        reposts += other.reposts;
        copies += other.copies;
        transfers += other.transfers;
        doorbells += other.doorbells;
        oneSided += other.oneSided;
        failures += other.failures;
    }

    @Override
    public String toString() {
        return "sent " + messagesSent + " (" + bytesSent + " B), received " + messagesReceived + " (" + bytesReceived
                + " B), stalls " + sendStalls + ", credit frames " + creditFrames + ", reposts " + reposts + ", copies "
                + copies + ", transfers " + transfers + ", doorbells " + doorbells + ", one-sided " + oneSided;
    }
}
