package dev.verbena.bench.perftest;

import dev.verbena.cli.Addresses;
import dev.verbena.cli.Failure;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * perftest's way to talk with -R: each piece is a SEND on a queue pair of its own, which the connection manager connects.
 * First the way to the other side is found, which says through which device it goes, then the queue pair is made there.
 *
 * <p>Threading: one thread.
 */
final class CmChannel implements PeerChannel {
    private static final int SLOTS = 4;
    private static final int SLOT_BYTES = 128;
    private static final int ATTEMPTS = 10;
    private static final Duration AGAIN = Duration.ofMillis(100);
    private static final Duration NAP = Duration.ofMillis(100);
    private static final ConnectionParameters PARAMETERS = ConnectionParameters.DEFAULT.withRetries(7, 7);

    private final VerbsProvider provider;
    private final CmEvents events;
    private final int port;
    private final Duration timeout;
    private final @Nullable InetSocketAddress server;
    private final boolean patient;
    private final String name;
    private final WorkCompletions completions = new WorkCompletions(1);
    private ConnectionId id;
    private @Nullable Open open;
    private boolean gone;

    /** What is made on the device. */
    private record Open(
            ProtectionDomain pd,
            CompletionChannel channel,
            CompletionQueue sends,
            CompletionQueue receives,
            MemoryRegion memory,
            QueuePair qp) {
        void close() {
            qp.close();
            sends.close();
            receives.close();
            channel.close();
            memory.close();
            pd.close();
        }
    }

    private CmChannel(
            VerbsProvider provider,
            CmEvents events,
            ConnectionId id,
            String name,
            int port,
            Duration timeout,
            @Nullable InetSocketAddress server,
            boolean patient) {
        this.provider = provider;
        this.events = events;
        this.id = id;
        this.name = name;
        this.port = port;
        this.timeout = timeout;
        this.server = server;
        this.patient = patient;
    }

    /**
     * Finds the way to a server.
     *
     * @param patient whether to try again while it does not listen yet
     */
    static CmChannel connect(VerbsProvider provider, InetSocketAddress server, Duration timeout, boolean patient)
            throws InterruptedException {
        CmEvents events = new CmEvents(provider, timeout);
        try {
            ConnectionId id = events.resolve(server);
            return new CmChannel(
                    provider, events, id, Addresses.text(server), server.getPort(), timeout, server, patient);
        } catch (RuntimeException | InterruptedException e) {
            events.close();
            throw e;
        }
    }

    /** Waits for a client; it is answered when the queue pair is there. */
    static CmChannel accept(
            VerbsProvider provider, int port, Duration acceptTimeout, Duration timeout, Runnable listening)
            throws InterruptedException {
        CmEvents events = new CmEvents(provider, timeout);
        try {
            ConnectionId listener = events.listen(port, 1);
            listening.run();
            ConnectionId id = events.expect(ConnectionEventType.CONNECT_REQUEST, "a client", acceptTimeout)
                    .id();
            listener.close();
            InetSocketAddress address = id.peerAddress();
            String name = address == null ? "the client" : address.getAddress().getHostAddress();
            return new CmChannel(provider, events, id, name, port, timeout, null, false);
        } catch (RuntimeException | InterruptedException e) {
            events.close();
            throw e;
        }
    }

    /** Through which device the way goes. */
    String deviceName() {
        String device = id.deviceName();
        if (device == null) {
            throw new IllegalStateException(name + " is reached through no device");
        }
        return device;
    }

    /** Makes the queue pair on that device, and connects it. */
    void open(Context context) throws InterruptedException {
        InetSocketAddress to = server;
        if (to == null) {
            open = make(context);
            id.accept(PARAMETERS);
            ConnectionEvent _ = events.expect(ConnectionEventType.ESTABLISHED, name, timeout);
            return;
        }
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            Open made = make(context);
            try {
                id.connect(PARAMETERS);
                ConnectionEvent _ = events.expect(ConnectionEventType.ESTABLISHED, name, timeout);
                open = made;
                return;
            } catch (Failure e) {
                id.close();
                made.close();
                if (!patient || e.code() != Failure.Code.PEER_REFUSED || System.nanoTime() - end > 0) {
                    throw e.code() == Failure.Code.PEER_REFUSED
                            ? new Failure(
                                    Failure.Code.PEER_REFUSED,
                                    String.valueOf(e.getMessage()),
                                    "start the same benchmark without HOST there first, with -R as well",
                                    e)
                            : e;
                }
                Thread.sleep(AGAIN); // it does not listen yet, and has no way to say when it does
                id = events.resolve(to);
            }
        }
    }

    private Open make(Context context) {
        ProtectionDomain pd = context.allocateProtectionDomain();
        CompletionChannel channel = context.createCompletionChannel();
        CompletionQueue sends = context.createCompletionQueue(SLOTS, channel, 0);
        CompletionQueue receives = context.createCompletionQueue(SLOTS, channel, 0);
        MemoryRegion memory = pd.allocate((SLOTS + 1L) * SLOT_BYTES, AccessFlags.LOCAL_WRITE);
        QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(sends)
                .receiveQueue(receives)
                .sendSlots(1)
                .receiveSlots(SLOTS));
        id.attach(qp);
        for (int slot = 0; slot < SLOTS; slot++) {
            posted(qp, qp.postReceive(slot, address(memory, slot), SLOT_BYTES, memory.lkey()));
        }
        return new Open(pd, channel, sends, receives, memory, qp);
    }

    private static long address(MemoryRegion memory, int slot) {
        return memory.address() + (long) slot * SLOT_BYTES;
    }

    private static void posted(QueuePair qp, int result) {
        if (result < 0) {
            throw new Failure(Failure.Code.FAILED, "a piece of the exchange on " + qp + ": " + Refusal.name(result));
        }
    }

    /** The connections of the benchmark's own queue pairs, on a port of the same number. */
    CmPairs pairs(Settings settings) {
        return new CmPairs(new CmEvents(provider, timeout), port, server, name, settings);
    }

    /** Tries something that fails while the other side does not listen yet, as often as perftest does. */
    static <T> T again(Attempt<T> attempt) throws InterruptedException {
        for (int i = 1; ; i++) {
            try {
                return attempt.run();
            } catch (Failure e) {
                if (e.code() != Failure.Code.PEER_REFUSED || i == ATTEMPTS) {
                    throw e;
                }
                Thread.sleep(AGAIN);
            }
        }
    }

    /** What may be tried again. */
    interface Attempt<T> {
        T run() throws InterruptedException;
    }

    private Open made() {
        Open there = open;
        if (there == null) {
            throw new IllegalStateException("the channel is not open");
        }
        return there;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String method() {
        return "rdma_cm";
    }

    @Override
    public byte[] encode(PeerRecord record, boolean withGid) {
        return record.encodeBinary();
    }

    @Override
    public PeerRecord decode(byte[] record) {
        return PeerRecord.decodeBinary(record);
    }

    @Override
    public boolean isGone() {
        ConnectionEvent event = gone ? null : events.poll();
        if (event != null) {
            gone = event.type() == ConnectionEventType.DISCONNECTED
                    || event.type().isFailure();
        }
        return gone;
    }

    @Override
    public Failure lost() {
        return new Failure(
                Failure.Code.PEER_LOST,
                name + " is gone: it ended its connection in the middle of the benchmark",
                "its own messages say why");
    }

    @Override
    public byte[] read(int length, String what) throws InterruptedException {
        return read(length, what, timeout);
    }

    @Override
    public byte[] readAfterRun(int length, String what) throws InterruptedException {
        return read(length, what, RUN_TIMEOUT);
    }

    private byte[] read(int length, String what, Duration most) throws InterruptedException {
        Open there = made();
        await(there.receives, what, most);
        int slot = (int) completions.id(0);
        if (completions.lengthBytes(0) != length) {
            throw new Failure(
                    Failure.Code.FAILED,
                    name + " speaks otherwise: " + what + " came as " + completions.lengthBytes(0) + " bytes, not "
                            + length,
                    "does it run the same benchmark, and with -R?");
        }
        byte[] bytes =
                there.memory.memory().asSlice((long) slot * SLOT_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        posted(there.qp, there.qp.postReceive(slot, address(there.memory, slot), SLOT_BYTES, there.memory.lkey()));
        return bytes;
    }

    @Override
    public void write(byte[] bytes) throws InterruptedException {
        Open there = made();
        MemorySegment.copy(
                bytes, 0, there.memory.memory(), ValueLayout.JAVA_BYTE, (long) SLOTS * SLOT_BYTES, bytes.length);
        posted(
                there.qp,
                there.qp.postSend(
                        SLOTS, address(there.memory, SLOTS), bytes.length, there.memory.lkey(), SendFlags.SIGNALED));
        await(there.sends, "the exchange", timeout);
    }

    /** Waits for one successful completion. */
    private void await(CompletionQueue queue, String what, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (true) {
            // What came before the end counts.
            boolean wasGone = isGone();
            if (queue.poll(completions) > 0) {
                break;
            }
            if (wasGone) {
                throw lost();
            }
            if (System.nanoTime() - end > 0) {
                throw Failure.timeout(what + " of " + name, most);
            }
            queue.requestNotify(false);
            if (queue.poll(completions) > 0) {
                break;
            }
            CompletionQueue _ = made().channel.await(NAP);
        }
        if (!completions.succeeded(0)) {
            throw new Failure(
                    Failure.codeOf(completions.statusOf(0)),
                    what + " of " + name + ": " + completions.statusOf(0) + ", "
                            + completions.statusOf(0).meaning(),
                    "its own messages say why");
        }
    }

    /** With -R the end of the connection says it. */
    @Override
    public void goodbye() {}

    @Override
    public void close() {
        Open there = open;
        open = null;
        if (there != null) {
            id.close();
            there.close();
        }
        events.close();
    }
}
