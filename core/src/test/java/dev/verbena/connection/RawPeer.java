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
import dev.verbena.verbs.Verbs;
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
    static final int SLOT = 4096;
    private static final int RECEIVES = 128;
    private static final Duration STEP = Duration.ofSeconds(5);

    private final Context context =
            Verbs.devices(Verbs.provider("embedded")).getFirst().open();
    private final ProtectionDomain pd = context.allocateProtectionDomain();
    private final CompletionQueue sends = context.createCompletionQueue(1024);
    private final CompletionQueue receives = context.createCompletionQueue(1024);
    private final EventChannel channel = EventChannel.open(Verbs.provider("embedded"));
    private final MemoryRegion region =
            pd.allocate((long) SLOT * (RECEIVES + 1), AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
    private final WorkCompletions completions = new WorkCompletions(1);
    private final QueuePair qp = pd.createQueuePair(
            QueuePairConfig.reliable(sends).receiveQueue(receives).sendSlots(64).receiveSlots(RECEIVES));
    final ConnectionId id = channel.createId(PortSpace.TCP);

    /** Resolves and attaches; {@link #connect} does the rest. */
    RawPeer(InetSocketAddress address) throws InterruptedException {
        id.resolveAddress(address, STEP);
        expect(ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(STEP);
        expect(ConnectionEventType.ROUTE_RESOLVED);
        id.attach(qp);
        for (int i = 0; i < RECEIVES; i++) {
            qp.postReceive(i, region.address() + (long) SLOT * (i + 1), SLOT, region.lkey());
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
        ConnectionEvent event = channel.await(STEP);
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
        return region;
    }

    /** Sends the bytes as a frame; false when the connection is over. */
    boolean send(byte[] frame) {
        MemorySegment.copy(frame, 0, region.memory(), JAVA_BYTE, 0, frame.length);
        qp.postSend(1, region.address(), frame.length, region.lkey(), SendFlags.SIGNALED);
        long deadline = System.nanoTime() + STEP.toNanos();
        while (sends.poll(completions) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("no completion");
            }
            Thread.onSpinWait();
        }
        return completions.succeeded(0);
    }

    /** The next frame from the other side: header and body. */
    ByteBuffer receive() {
        long deadline = System.nanoTime() + STEP.toNanos();
        while (receives.poll(completions) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("no frame");
            }
            Thread.onSpinWait();
        }
        if (!completions.succeeded(0)) {
            throw new IllegalStateException(completions.statusOf(0).toString());
        }
        long at = SLOT * (completions.id(0) + 1);
        byte[] frame = new byte[completions.lengthBytes(0)];
        MemorySegment.copy(region.memory(), JAVA_BYTE, at, frame, 0, frame.length);
        return ByteBuffer.wrap(frame);
    }

    /** Waits until the other side has ended the connection. */
    void awaitEnd() throws InterruptedException {
        expect(ConnectionEventType.DISCONNECTED);
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
        channel.close();
        context.close();
    }
}
