package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.VerbsException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One side of a benchmark: its queue pairs, and one memory region that holds what each of them sends from and then what
 * each of them receives in or lets the other side reach.
 *
 * <p>Threading: one thread at a time. Ownership: {@link #close} ends all of it but the context.
 */
final class Side implements AutoCloseable {
    /** Bytes before a datagram. */
    static final int GRH_BYTES = 40;

    private static final int PSN_MAX = 1 << 24;
    private static final int HOP_LIMIT = 255;
    private static final int MIN_RNR_TIMER = 12;
    private static final int ACK_TIMEOUT = 14;
    private static final int RETRIES = 7;

    private final Settings settings;
    private final Context context;
    private final GidEntry gid;
    private final boolean routed;
    private final PortAttributes port;
    private final int reads;
    private final long strideBytes;
    private final int cacheLineBytes;
    private final ProtectionDomain pd;
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final Completions sends;
    private final Completions receives;
    private final MemoryRegion memory;
    private final QueuePair[] qps;
    private final int[] psns;
    private final PeerRecord[] remotes;
    private final AddressHandle[] routes;
    private final int inlineBytes;

    /**
     * Makes everything, queue pairs in INIT; or in RESET, for the connection manager.
     *
     * @param routed whether packets carry GIDs
     */
    Side(Context context, GidEntry gid, boolean routed, Settings settings, CycleBuffer cycle) {
        this.context = context;
        this.gid = gid;
        this.routed = routed;
        this.settings = settings;
        this.port = context.queryPort(gid.port());
        this.reads = settings.test().verb().isRequest()
                ? Math.clamp(context.queryDevice().maxReadAtomicPerQueuePair(), 1, 255)
                : 1;
        this.cacheLineBytes = cycle.lineBytes();
        this.strideBytes = Math.max(settings.bytes(), cycle.bytes()) + 2L * cacheLineBytes;
        int count = settings.queuePairs();
        qps = new QueuePair[count];
        psns = new int[count];
        remotes = new PeerRecord[count];
        routes = new AddressHandle[count];
        pd = context.allocateProtectionDomain();
        CompletionChannel sendChannel = settings.events() ? context.createCompletionChannel() : null;
        CompletionChannel receiveChannel = settings.events() ? context.createCompletionChannel() : null;
        sendQueue = context.createCompletionQueue(settings.sendSlots() * count + 1, sendChannel, 0);
        receiveQueue = context.createCompletionQueue(settings.receiveSlots() * count + 1, receiveChannel, 0);
        sends = new Completions(
                sendQueue,
                sendChannel,
                "the completion of a " + settings.test().verb().title());
        receives = new Completions(receiveQueue, receiveChannel, "a message of the other side");
        memory = pd.allocate(2 * strideBytes * count, access());
        for (int i = 0; i < count; i++) {
            qps[i] = queuePair();
            psns[i] = ThreadLocalRandom.current().nextInt(PSN_MAX);
            if (!settings.byManager()) {
                initialize(qps[i]);
            }
        }
        int wanted = settings.inlineBytes() < 0 ? defaultInlineBytes() : settings.inlineBytes();
        inlineBytes = Math.min(wanted, qps[0].inlineMax());
    }

    private QueuePair queuePair() {
        if (settings.inlineBytes() >= 0) {
            return queuePair(settings.inlineBytes());
        }
        try {
            return queuePair(defaultInlineBytes());
        } catch (VerbsException e) {
            // perftest's own default is more than the device takes.
            return queuePair(0);
        }
    }

    private QueuePair queuePair(int inline) {
        return pd.createQueuePair(QueuePairConfig.of(settings.type(), sendQueue)
                .receiveQueue(receiveQueue)
                .sendSlots(settings.sendSlots())
                .receiveSlots(settings.receiveSlots())
                .inlineBytes(inline));
    }

    /** perftest's values. */
    private int defaultInlineBytes() {
        if (!settings.test().isLatency() || settings.test().verb().isRequest()) {
            return 0;
        }
        return settings.type() == QueuePairType.UD ? 188 : settings.test().verb() == Verb.SEND ? 236 : 220;
    }

    private int access() {
        int remote = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ;
        return remote | (context.has(Capability.REMOTE_ATOMICS) ? AccessFlags.REMOTE_ATOMIC : 0);
    }

    private void initialize(QueuePair qp) {
        QueuePairAttributes attributes = new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(gid.port());
        qp.modify(
                switch (settings.type()) {
                    case UD -> attributes.qkey(QueuePair.DEFAULT_QKEY);
                    case UC -> attributes.accessFlags(AccessFlags.REMOTE_WRITE);
                    default -> attributes.accessFlags(access() & ~AccessFlags.LOCAL_WRITE);
                });
    }

    /** What the other side needs to know of a queue pair. */
    PeerRecord record(int which) {
        return new PeerRecord(
                port.lid(), reads, qps[which].number(), psns[which], memory.rkey(), incoming(which), gid.gid());
    }

    /** Whether the records carry GIDs. */
    boolean isRouted() {
        return routed;
    }

    /** Makes a queue pair ready to speak with the other side's, unless the connection manager has done so. */
    void connect(int which, PeerRecord remote, Mtu mtu) {
        if (settings.byManager()) {
            remotes[which] = remote;
            return;
        }
        if (routed && remote.gid().isZero()) {
            throw new Failure(
                    Failure.Code.FAILED, "the other side told no GID, and RoCE needs one", "start it with -x INDEX");
        }
        remotes[which] = remote;
        AddressVector way = new AddressVector(
                gid.port(), routed, remote.gid(), gid.index(), HOP_LIMIT, 0, 0, remote.lid(), 0, 0, 0);
        QueuePairAttributes receive = new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE);
        QueuePairAttributes send =
                new QueuePairAttributes().state(QueuePairState.READY_TO_SEND).sendPsn(psns[which]);
        if (settings.type() != QueuePairType.UD) {
            receive.addressVector(way)
                    .pathMtu(mtu)
                    .destinationNumber(remote.number())
                    .receivePsn(remote.psn());
        }
        if (settings.type() == QueuePairType.RC) {
            int depth = Math.clamp(remote.reads(), 1, reads);
            receive.destinationReadDepth(reads).minRnrTimer(MIN_RNR_TIMER);
            send.timeout(ACK_TIMEOUT).retryCount(RETRIES).rnrRetry(RETRIES).readDepth(depth);
        }
        qps[which].modify(receive);
        qps[which].modify(send);
        if (settings.type() == QueuePairType.UD) {
            routes[which] = pd.createAddressHandle(way);
        }
    }

    /** Outstanding READs and atomics that this side takes. */
    int reads() {
        return reads;
    }

    /** Greatest message that goes inline. */
    int inlineBytes() {
        return inlineBytes;
    }

    QueuePair qp(int which) {
        return qps[which];
    }

    PeerRecord remote(int which) {
        return remotes[which];
    }

    AddressHandle route(int which) {
        return routes[which];
    }

    MemoryRegion memory() {
        return memory;
    }

    /** Where a queue pair's messages are sent from, in the region. */
    long outgoingOffset(int which) {
        return which * strideBytes;
    }

    /** Where they arrive, in the region: room for a datagram's header lies before it. */
    long incomingOffset(int which) {
        return (qps.length + which) * strideBytes + cacheLineBytes;
    }

    long outgoing(int which) {
        return memory.address() + outgoingOffset(which);
    }

    long incoming(int which) {
        return memory.address() + incomingOffset(which);
    }

    /** Completions of what this side posts, receives apart. */
    Completions sends() {
        return sends;
    }

    /** Completions of receives. */
    Completions receives() {
        return receives;
    }

    @Override
    public void close() {
        for (int i = 0; i < qps.length; i++) {
            if (routes[i] != null) {
                routes[i].close();
            }
            qps[i].close();
        }
        sendQueue.close();
        receiveQueue.close();
        memory.close();
        pd.close();
    }
}
