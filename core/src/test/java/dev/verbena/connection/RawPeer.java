package dev.verbena.connection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/** A peer that speaks verbs, and as frames whatever a test wants. */
final class RawPeer implements AutoCloseable {
    static final int SLOT = 4032;
    static final int READABLE_BYTES = 1 << 16;
    private static final int RECEIVES = 128;
    private static final Duration STEP = Duration.ofSeconds(5);

    private final Host host;
    private final boolean ownsHost;
    private final QueuePair qp;
    final ConnectionId id;
    private boolean over;

    /** The device and memory of one peer, or of several after each other. */
    static final class Host implements AutoCloseable {
        private final Context context = TestDevices.CLIENT.open();
        private final ProtectionDomain pd = context.allocateProtectionDomain();
        private final CompletionQueue sends = context.createCompletionQueue(1024);
        private final CompletionQueue receives = context.createCompletionQueue(1024);
        private final EventChannel channel = TestDevices.openChannel();
        private final MemoryRegion region =
                pd.allocate((long) SLOT * (RECEIVES + 2), AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
        private final MemoryRegion readable =
                pd.allocate(READABLE_BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
        private final WorkCompletions completions = new WorkCompletions(1);

        /** Memory that the other side may read. */
        long readableAddress() {
            return readable.address();
        }

        int readableKey() {
            return readable.rkey();
        }

        @Override
        public void close() {
            channel.close();
            context.close();
        }
    }

    /** Resolves and attaches; {@link #connect} does the rest. */
    RawPeer(InetSocketAddress address) throws InterruptedException {
        this(new Host(), true, address);
    }

    /** On a host that is used again after it. */
    RawPeer(Host host, InetSocketAddress address) throws InterruptedException {
        this(host, false, address);
    }

    private RawPeer(Host host, boolean ownsHost, InetSocketAddress address) throws InterruptedException {
        this.host = host;
        this.ownsHost = ownsHost;
        qp = host.pd.createQueuePair(QueuePairConfig.reliable(host.sends)
                .receiveQueue(host.receives)
                .sendSlots(64)
                .receiveSlots(RECEIVES));
        id = host.channel.createId(PortSpace.TCP);
        id.resolveAddress(new InetSocketAddress(TestDevices.CLIENT.address(), 0), address, STEP);
        expect(ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(STEP);
        expect(ConnectionEventType.ROUTE_RESOLVED);
        id.attach(qp);
        // The first two slots are for what is sent.
        for (int i = 0; i < RECEIVES; i++) {
            qp.postReceive(i, host.region.address() + (long) SLOT * (i + 2), SLOT, host.region.lkey());
        }
    }

    ConnectionEvent connect(byte[] privateData) throws InterruptedException {
        id.connect(ConnectionParameters.DEFAULT.withPrivateData(privateData));
        return next();
    }

    /** Connects as a well-behaved peer. */
    RawPeer connected() throws InterruptedException {
        ConnectionEvent event = connect(new Handshake(112, 16, SLOT).encode());
        if (event.type() != ConnectionEventType.ESTABLISHED) {
            throw new IllegalStateException(event.toString());
        }
        return this;
    }

    private ConnectionEvent next() throws InterruptedException {
        ConnectionEvent event = host.channel.await(STEP);
        if (event == null) {
            throw new IllegalStateException("no event within " + STEP);
        }
        return event;
    }

    private void expect(ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = next();
        if (event.type() != type) {
            throw new IllegalStateException(event.toString());
        }
    }

    /** Memory that the other side may read. */
    MemoryRegion region() {
        return host.region;
    }

    /** Whether the other side has ended the connection; then its device may not answer any more. */
    private boolean isOver() {
        if (!over) {
            ConnectionEvent event = host.channel.poll();
            over = event != null && event.type() == ConnectionEventType.DISCONNECTED;
        }
        return over;
    }

    /** Sends the bytes as a frame; false when the connection is over. */
    boolean send(byte[] frame) {
        MemorySegment.copy(frame, 0, host.region.memory(), JAVA_BYTE, 0, frame.length);
        qp.postSend(1, host.region.address(), frame.length, host.region.lkey(), SendFlags.SIGNALED);
        long deadline = System.nanoTime() + STEP.toNanos();
        while (host.sends.poll(host.completions) == 0) {
            if (isOver()) {
                return false;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("no completion");
            }
            Thread.onSpinWait();
        }
        return host.completions.succeeded(0);
    }

    /** Deregisters what the receives point to, and then sends the bytes: the answer finds no memory. */
    void sendWithoutReceives(byte[] frame) {
        MemorySegment.copy(frame, 0, host.readable.memory(), JAVA_BYTE, 0, frame.length);
        host.region.close();
        qp.postSend(1, host.readable.address(), frame.length, host.readable.lkey(), SendFlags.SIGNALED);
    }

    /** The next frame from the other side: header and body. */
    ByteBuffer receive() {
        long deadline = System.nanoTime() + STEP.toNanos();
        while (host.receives.poll(host.completions) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("no frame");
            }
            Thread.onSpinWait();
        }
        if (!host.completions.succeeded(0)) {
            throw new IllegalStateException(host.completions.statusOf(0).toString());
        }
        long at = SLOT * (host.completions.id(0) + 2);
        byte[] frame = new byte[host.completions.lengthBytes(0)];
        MemorySegment.copy(host.region.memory(), JAVA_BYTE, at, frame, 0, frame.length);
        return ByteBuffer.wrap(frame);
    }

    /** Waits until the other side has ended the connection. */
    void awaitEnd() throws InterruptedException {
        if (!isOver()) {
            expect(ConnectionEventType.DISCONNECTED);
        }
    }

    /** A frame with this header. */
    static byte[] frame(int kind, int controlCredits, int dataCredits, int length, byte... body) {
        return ByteBuffer.allocate(16 + body.length)
                .put((byte) kind)
                .put((byte) controlCredits)
                .putShort((short) dataCredits)
                .putInt(0)
                .putInt(length)
                .putInt(0)
                .put(body)
                .array();
    }

    @Override
    public void close() {
        id.close();
        qp.close();
        while (host.sends.poll(host.completions) + host.receives.poll(host.completions) > 0) {
            // Nothing of it may be taken for the next one's.
        }
        if (ownsHost) {
            host.close();
            return;
        }
        // What the channel still has to tell was of this one.
        while (host.channel.poll() != null) {
            Thread.onSpinWait();
        }
    }
}
