package dev.verbena.connection;

import dev.verbena.queuepair.Receives;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.cm.ConnectionParameters;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a manager shall work. The defaults suit a program with tens of connections.
 *
 * <p>Threading: immutable; each method that sets something answers a changed copy.
 */
public final class QueuePairManagerConfig implements Cloneable {
    /** Receives kept for control frames, per connection. */
    static final int CONTROL_WINDOW = 16;

    /** The same of a connection that shares receives: idle ones shall cost little. */
    static final int SHARED_CONTROL_WINDOW = 6;

    private static final int SEND_SLOTS = 256;
    private static final int SHARED_SEND_SLOTS = 64;

    private @Nullable String device;
    private @Nullable String provider;
    private @Nullable InetAddress sourceAddress;
    private int loops = 1;
    private WaitingPolicy waitingPolicy = WaitingPolicy.ADAPTIVE;
    private int connectionsPerLoopMax = 256;
    private long lockedMemoryMaxBytes = 1L << 30;
    private int messageWindow = 112;
    /** An odd number of cache lines: with it the receives of a window fill a block of the pool. */
    private int receiveBufferBytes = 4032;

    private int sharedReceives;
    private int idleMessageWindow = 4;
    private int sendSlots;
    private int receiverNotReadyRetries = ConnectionParameters.DEFAULT.rnrRetryCount();
    private int copyMaxBytes = 240;
    private int inlineMaxBytes = 220;
    private long messageMaxBytes = 1L << 28;
    private int registerMinBytes = 1 << 16;
    private long registrationCacheMaxBytes = 1L << 28;
    private Duration connectTimeout = Duration.ofSeconds(5);
    private int connectRetries = 2;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private @Nullable Duration heartbeat;

    /** The defaults. */
    public QueuePairManagerConfig() {}

    private QueuePairManagerConfig copy() {
        try {
            return (QueuePairManagerConfig) clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int within(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not within " + min + " to " + max);
        }
        return value;
    }

    private static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException(name + " " + value + " is not within 1 ns to 1 day");
        }
        return value;
    }

    /** On the device of a name; else the first of the preferred provider. */
    public QueuePairManagerConfig device(String name) {
        QueuePairManagerConfig copy = copy();
        copy.device = name;
        return copy;
    }

    /** On the first device of a provider: {@code embedded}, {@code rdma-core}. */
    public QueuePairManagerConfig provider(String name) {
        QueuePairManagerConfig copy = copy();
        copy.provider = name;
        return copy;
    }

    /**
     * With connections made from this address, an IP address of the device's, unless {@code connect} names another. A host
     * with two devices on one network needs it: else the system chooses the device by its routes, which may be the other one.
     */
    public QueuePairManagerConfig sourceAddress(InetAddress address) {
        QueuePairManagerConfig copy = copy();
        copy.sourceAddress = address;
        return copy;
    }

    /** With so many event loops; connections are spread over them. */
    public QueuePairManagerConfig loops(int count) {
        QueuePairManagerConfig copy = copy();
        copy.loops = within("loops", count, 1, 256);
        return copy;
    }

    /** With another waiting policy of the loops. */
    public QueuePairManagerConfig waitingPolicy(WaitingPolicy policy) {
        QueuePairManagerConfig copy = copy();
        copy.waitingPolicy = policy;
        return copy;
    }

    /** With completion queues for so many connections each. */
    public QueuePairManagerConfig connectionsPerLoopMax(int count) {
        QueuePairManagerConfig copy = copy();
        copy.connectionsPerLoopMax = within("connectionsPerLoopMax", count, 1, 1 << 14);
        return copy;
    }

    /** With at most so much registered memory. */
    public QueuePairManagerConfig lockedMemoryMaxBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("lockedMemoryMaxBytes " + bytes + " is less than 1");
        }
        QueuePairManagerConfig copy = copy();
        copy.lockedMemoryMaxBytes = bytes;
        return copy;
    }

    /**
     * With receives that all connections of a loop share, for programs with many connections of which few are busy. The
     * memory is taken while traffic needs it. A peer may always send {@link #idleMessageWindow} messages ahead, and up to
     * {@link #messageWindow} while it does send and there are receives. A message that is retained costs memory, no credit,
     * until its connection has as much as is left for all others.
     *
     * @param perLoop receives at most, per loop; 0 gives every connection its own, which is the default
     */
    public QueuePairManagerConfig sharedReceives(int perLoop) {
        QueuePairManagerConfig copy = copy();
        copy.sharedReceives = within("sharedReceives", perLoop, 0, 1 << 20);
        return copy;
    }

    /** With shared receives: so many messages that every peer may send ahead, however little it does. */
    public QueuePairManagerConfig idleMessageWindow(int messages) {
        QueuePairManagerConfig copy = copy();
        copy.idleMessageWindow = within("idleMessageWindow", messages, 2, 1 << 14);
        return copy;
    }

    /** With so many tries when the peer has no receive, 7 for no end: it never should, and a test finds out. */
    QueuePairManagerConfig receiverNotReadyRetries(int retries) {
        QueuePairManagerConfig copy = copy();
        copy.receiverNotReadyRetries = within("receiverNotReadyRetries", retries, 0, 7);
        return copy;
    }

    /** With so many messages that the peer of a connection may send ahead. */
    public QueuePairManagerConfig messageWindow(int messages) {
        QueuePairManagerConfig copy = copy();
        copy.messageWindow = within("messageWindow", messages, 2, 1 << 14);
        return copy;
    }

    /**
     * With receive buffers of so many bytes (4,032 unless told); longer messages are fetched by the receiver. Each takes an odd
     * number of cache lines, and a window of them a block of memory of a power of two: 4,096 bytes take twice the memory.
     */
    public QueuePairManagerConfig receiveBufferBytes(int bytes) {
        QueuePairManagerConfig copy = copy();
        copy.receiveBufferBytes =
                within("receiveBufferBytes", bytes, Handshake.FRAME_MIN_BYTES, Handshake.FRAME_MAX_BYTES);
        return copy;
    }

    /** With so many requests under way per connection; a power of two. 256, or 64 with shared receives. */
    public QueuePairManagerConfig sendSlots(int slots) {
        if (Integer.bitCount(slots) != 1) {
            throw new IllegalArgumentException("sendSlots " + slots + " is no power of two");
        }
        QueuePairManagerConfig copy = copy();
        copy.sendSlots = within("sendSlots", slots, 64, 1 << 14);
        return copy;
    }

    /** With messages up to so many bytes copied when they are sent, so that their buffer is free at once. */
    public QueuePairManagerConfig copyMaxBytes(int bytes) {
        QueuePairManagerConfig copy = copy();
        copy.copyMaxBytes = within("copyMaxBytes", bytes, 112, 1 << 16);
        return copy;
    }

    /** With frames up to so many bytes copied into the request itself; 0 for none. */
    public QueuePairManagerConfig inlineMaxBytes(int bytes) {
        QueuePairManagerConfig copy = copy();
        copy.inlineMaxBytes = within("inlineMaxBytes", bytes, 0, 1 << 12);
        return copy;
    }

    /** With messages from peers up to so many bytes; longer ones are refused. A ByteBuf ends at 2 GiB in any case. */
    public QueuePairManagerConfig messageMaxBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("messageMaxBytes " + bytes + " is less than 1");
        }
        QueuePairManagerConfig copy = copy();
        copy.messageMaxBytes = bytes;
        return copy;
    }

    /**
     * With memory of the program, that was not allocated here, copied below so many bytes and registered from there on:
     * registering costs more than copying what is short.
     */
    public QueuePairManagerConfig registerMinBytes(int bytes) {
        QueuePairManagerConfig copy = copy();
        copy.registerMinBytes = within("registerMinBytes", bytes, 1 << 12, 1 << 30);
        return copy;
    }

    /** With so many bytes of such memory kept registered for their next use, within the locked memory; 0 for none. */
    public QueuePairManagerConfig registrationCacheMaxBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("registrationCacheMaxBytes " + bytes + " is negative");
        }
        QueuePairManagerConfig copy = copy();
        copy.registrationCacheMaxBytes = bytes;
        return copy;
    }

    /** With so much time for connecting, retries included. */
    public QueuePairManagerConfig connectTimeout(Duration timeout) {
        QueuePairManagerConfig copy = copy();
        copy.connectTimeout = positive("connectTimeout", timeout);
        return copy;
    }

    /** With so many more attempts, with growing pauses, when nobody listens or answers yet. */
    public QueuePairManagerConfig connectRetries(int retries) {
        QueuePairManagerConfig copy = copy();
        copy.connectRetries = within("connectRetries", retries, 0, 1000);
        return copy;
    }

    /** With so much time for a close in good order before it becomes an abrupt one. */
    public QueuePairManagerConfig closeTimeout(Duration timeout) {
        QueuePairManagerConfig copy = copy();
        copy.closeTimeout = positive("closeTimeout", timeout);
        return copy;
    }

    /** With a question to an idle peer after this time; it is taken for lost when it has not answered after it again. */
    public QueuePairManagerConfig heartbeat(Duration interval) {
        QueuePairManagerConfig copy = copy();
        copy.heartbeat = positive("heartbeat", interval);
        return copy;
    }

    @Nullable
    String device() {
        return device;
    }

    @Nullable
    String provider() {
        return provider;
    }

    @Nullable
    InetAddress sourceAddress() {
        return sourceAddress;
    }

    int loops() {
        return loops;
    }

    WaitingPolicy waitingPolicy() {
        return waitingPolicy;
    }

    /** Completions that one connection can have outstanding: its sends, and its data and control receives if it has any. */
    int entriesPerConnection() {
        return sendSlots() + (sharedReceives > 0 ? 0 : receiveSlots());
    }

    int receiveSlots() {
        return messageWindow + CONTROL_WINDOW;
    }

    /** Receives that the connections of a loop share; 0 when each has its own. */
    int sharedReceives() {
        return sharedReceives;
    }

    /** Completions that a loop can have outstanding: those of its connections and the receives that they share. */
    long entriesPerLoop() {
        return (long) connectionsPerLoopMax * entriesPerConnection() + sharedReceives;
    }

    ConnectionParameters parameters() {
        return ConnectionParameters.DEFAULT.withRetries(
                ConnectionParameters.DEFAULT.retryCount(), receiverNotReadyRetries);
    }

    long lockedMemoryMaxBytes() {
        return lockedMemoryMaxBytes;
    }

    int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /** Memory of a connection's own receives. */
    long receiveBytes() {
        return (long) receiveSlots() * Receives.strideBytes(receiveBufferBytes);
    }

    int sendSlots() {
        return sendSlots > 0 ? sendSlots : sharedReceives > 0 ? SHARED_SEND_SLOTS : SEND_SLOTS;
    }

    /** Header and copied message, to whole cache lines. */
    int sendSlotBytes() {
        return (copyMaxBytes + 16 + 63) & -64;
    }

    int inlineMaxBytes() {
        return inlineMaxBytes;
    }

    long messageMaxBytes() {
        return messageMaxBytes;
    }

    int registerMinBytes() {
        return registerMinBytes;
    }

    long registrationCacheMaxBytes() {
        return registrationCacheMaxBytes;
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    int connectRetries() {
        return connectRetries;
    }

    Duration closeTimeout() {
        return closeTimeout;
    }

    @Nullable
    Duration heartbeat() {
        return heartbeat;
    }

    /** What only the values together tell. */
    void validate() {
        long bytes = receiveBytes();
        if (sharedReceives > 0) {
            if (idleMessageWindow > messageWindow) {
                throw new IllegalArgumentException(String.format(
                        "idleMessageWindow %,d is more than messageWindow %,d", idleMessageWindow, messageWindow));
            }
        } else if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(String.format(
                    "the receives of a connection take %,d bytes, 2 GiB at most: lower messageWindow or receiveBufferBytes",
                    bytes));
        }
    }

    Handshake handshake() {
        return sharedReceives > 0
                ? new Handshake(
                        Handshake.VERSION, idleMessageWindow, SHARED_CONTROL_WINDOW, receiveBufferBytes, messageWindow)
                : new Handshake(messageWindow, CONTROL_WINDOW, receiveBufferBytes);
    }
}
