package dev.verbena.cli;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * One side of a ping-pong: the client sends, the server sends back what it got, and so on. The client sends other bytes each
 * time and compares the answer. The server compares with what a Verbena client sends; rdma-core's programs send the first
 * message again and again, so with them it compares with that.
 *
 * <p>Threading: one thread.
 */
final class PingPong {
    private static final int QKEY = 0x11111111;
    private static final int HOP_LIMIT = 64;
    private static final int PSN_MAX = 1 << 24;

    private final PingPongSettings settings;
    private final GidEntry gid;
    private final ProtectionDomain pd;
    private final QueuePair qp;
    private final Completions completions;
    private final MemoryRegion outgoing;
    private final MemoryRegion incoming;
    private final TestPattern pattern;
    private final PingPongEndpoint local;
    private @Nullable AddressHandle route;
    private int remoteNumber;
    private int receivesPosted;
    private int sendsPending;
    private boolean peerIsVerbena = true;
    private long wrong;

    /** Makes the queue pair and posts its receives. */
    PingPong(Context context, GidEntry gid, PingPongSettings settings) {
        this.settings = settings;
        this.gid = gid;
        this.pd = context.allocateProtectionDomain();
        CompletionChannel channel = context.createCompletionChannel();
        CompletionQueue cq = context.createCompletionQueue(settings.receiveDepth() + 1, channel, 0);
        this.completions = new Completions(cq, channel, !settings.asleep(), () -> null);
        this.qp = pd.createQueuePair(
                QueuePairConfig.of(settings.type(), cq).sendSlots(1).receiveSlots(settings.receiveDepth()));
        this.outgoing = pd.allocate(settings.bytes(), AccessFlags.LOCAL_READ);
        this.incoming = pd.allocate(settings.bytes() + settings.headerBytes(), AccessFlags.LOCAL_WRITE);
        this.pattern = new TestPattern(settings.bytes());
        this.local = new PingPongEndpoint(
                context.queryPort(gid.port()).lid(),
                qp.number(),
                ThreadLocalRandom.current().nextInt(PSN_MAX),
                gid.gid());
        initialize();
        postReceives();
    }

    /** What the peer needs to know. */
    PingPongEndpoint local() {
        return local;
    }

    private void initialize() {
        QueuePairAttributes attributes = new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(gid.port());
        qp.modify(settings.type() == QueuePairType.UD ? attributes.qkey(QKEY) : attributes.accessFlags(0));
    }

    private void postReceives() {
        qp.startReceives();
        for (; receivesPosted < settings.receiveDepth(); receivesPosted++) {
            posted(qp.postReceive(0, incoming.address(), (int) incoming.lengthBytes(), incoming.lkey()));
        }
        posted(qp.completeReceives());
    }

    private void posted(int result) {
        if (result < 0) {
            throw new Failure(Failure.Code.FAILED, "a post on " + qp + " was refused: " + Refusal.name(result));
        }
    }

    /** Makes the queue pair ready to talk to a peer. */
    void connect(PingPongEndpoint peer) {
        if (peer.gid().isZero() && peer.lid() == 0) {
            throw new Failure(
                    Failure.Code.FAILED,
                    "the peer told no GID, and RoCE needs one",
                    "start it with its GID index: -g 1 or what 'verbena gids' shows");
        }
        AddressVector way = new AddressVector(
                gid.port(),
                !peer.gid().isZero(),
                peer.gid(),
                gid.index(),
                HOP_LIMIT,
                0,
                0,
                peer.lid(),
                settings.serviceLevel(),
                0,
                0);
        QueuePairAttributes receive = new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE);
        QueuePairAttributes send =
                new QueuePairAttributes().state(QueuePairState.READY_TO_SEND).sendPsn(local.psn());
        if (settings.type() != QueuePairType.UD) {
            receive.addressVector(way)
                    .pathMtu(settings.mtu())
                    .destinationNumber(peer.number())
                    .receivePsn(peer.psn());
        }
        if (settings.type() == QueuePairType.RC) {
            receive.destinationReadDepth(1).minRnrTimer(12);
            send.timeout(14).retryCount(6).rnrRetry(6).readDepth(1);
        }
        qp.modify(receive);
        qp.modify(send);
        if (settings.type() == QueuePairType.UD) {
            route = pd.createAddressHandle(way);
            remoteNumber = peer.number();
        }
    }

    /** Plays; answers the times of the round trips. */
    Latencies play() throws InterruptedException {
        Latencies times = new Latencies(settings.iterations());
        if (settings.isClient()) {
            for (int i = 0; i < settings.iterations(); i++) {
                pattern.fill(outgoing.memory(), 0, i);
                long start = System.nanoTime();
                send();
                boolean whole = receive("message " + i + " of the server");
                times.add(System.nanoTime() - start);
                wrong += whole && pattern.mismatch(incoming.memory(), settings.headerBytes(), i) < 0 ? 0 : 1;
                drain("the acknowledgement of message " + i);
            }
        } else {
            long start = 0;
            for (int i = 0; i < settings.iterations(); i++) {
                boolean whole = receive("message " + i + " of the client");
                if (i > 0) {
                    times.add(System.nanoTime() - start);
                }
                wrong += whole && asExpected(i) ? 0 : 1;
                // Not earlier: the client's next message may overtake the completion of the last answer.
                drain("the acknowledgement of the last answer");
                MemorySegment.copy(incoming.memory(), settings.headerBytes(), outgoing.memory(), 0, settings.bytes());
                start = System.nanoTime();
                send();
            }
            drain("the acknowledgement of the last answer");
        }
        return times;
    }

    /** How many messages had other bytes than expected. */
    long wrong() {
        return wrong;
    }

    private boolean asExpected(int i) {
        boolean asVerbena = pattern.mismatch(incoming.memory(), settings.headerBytes(), i) < 0;
        if (i == 0) {
            peerIsVerbena = asVerbena;
            return true;
        }
        if (peerIsVerbena) {
            return asVerbena;
        }
        int bytes = settings.bytes();
        int header = settings.headerBytes();
        return MemorySegment.mismatch(outgoing.memory(), 0, bytes, incoming.memory(), header, header + bytes) < 0;
    }

    private void send() {
        AddressHandle way = route;
        posted(
                way == null
                        ? qp.postSend(1, outgoing.address(), settings.bytes(), outgoing.lkey(), SendFlags.SIGNALED)
                        : qp.postDatagram(
                                1,
                                outgoing.address(),
                                settings.bytes(),
                                outgoing.lkey(),
                                way,
                                remoteNumber,
                                QKEY,
                                SendFlags.SIGNALED));
        sendsPending++;
    }

    private boolean receive(String what) throws InterruptedException {
        Deadline deadline = Deadline.in(settings.timeout());
        int index = completions.next(deadline, what);
        while (!completions.batch().isReceive(index)) {
            sendsPending--;
            index = completions.next(deadline, what);
        }
        boolean whole = completions.batch().lengthBytes(index) == settings.bytes() + settings.headerBytes();
        if (--receivesPosted <= 1) {
            postReceives();
        }
        return whole;
    }

    private void drain(String what) throws InterruptedException {
        if (sendsPending == 0) {
            return;
        }
        Deadline deadline = Deadline.in(settings.timeout());
        while (sendsPending > 0) {
            if (completions.batch().isReceive(completions.next(deadline, what))) {
                throw new Failure(Failure.Code.FAILED, "the peer sent a message before it was its turn");
            }
            sendsPending--;
        }
    }
}
