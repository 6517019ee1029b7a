package dev.verbena.metrics;

/**
 * What a manager counts, for JMX ({@code dev.verbena:type=Manager,*}) and for {@link MicrometerBinder}. Sums are over all
 * connections, those that have ended included.
 *
 * <p>Threading: any thread; values may be some microseconds old.
 */
public interface ManagerMXBean {
    /** Its device. */
    String getDevice();

    /** The provider of the device. */
    String getProvider();

    /** Connections that have not ended. */
    int getConnections();

    /** Registered bytes. */
    long getRegisteredBytes();

    /** Bytes that may be registered. */
    long getRegisteredBytesMax();

    /** Registered bytes that connections and buffers use. */
    long getMemoryInUseBytes();

    /** Messages sent. */
    long getMessagesSent();

    /** Messages received. */
    long getMessagesReceived();

    /** Payload bytes sent. */
    long getBytesSent();

    /** Payload bytes received. */
    long getBytesReceived();

    /** Sends that found no credit or no slot. */
    long getSendStalls();

    /** Frames that did nothing but return credits. */
    long getCreditFrames();

    /** Receives posted again. */
    long getReposts();

    /** Payloads that had to be copied into registered memory. */
    long getCopies();

    /** Long messages fetched. */
    long getTransfers();

    /** Uses of the program's memory that found it registered. */
    long getRegistrationHits();

    /** Uses of the program's memory that registered it. */
    long getRegistrationMisses();

    /** Times that requests were handed to the device, several at a time. */
    long getDoorbells();

    /** One-sided operations completed. */
    long getOneSidedOperations();

    /** Connections that ended otherwise than in good order. */
    long getFailures();

    /** Polls of all loops. */
    long getPolls();

    /** Polls that found nothing. */
    long getEmptyPolls();
}
