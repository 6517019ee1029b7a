package dev.verbena.verbs.conformance.differential;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.AsyncEvent;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One side of a program on a device: everything it needs, made from an open device and closed after the program. */
final class RealEnd implements AutoCloseable {
    private static final int COMPLETIONS = 1024;
    /** 0.64 ms. */
    private static final int MIN_RNR_TIMER = 12;
    /** 4.096 us times 2^16, 0.27 s: an emulated machine's pauses are no losses. */
    private static final int ACK_TIMEOUT = 16;

    private static final int RETRIES = 6;
    private static final int IMPATIENT_RETRIES = 1;
    /** The group of {@link Key#GROUP}: an address for use within one site. */
    private static final String GROUP_ADDRESS = "239.77.2.1";

    private static final int PORT = 1;
    private static final int WRONG_BITS = 0x5a5a00;

    private final Program.Setup setup;
    private final Side side;
    private final Context context;
    private final GidEntry gid;
    private final int silence;
    private final ProtectionDomain pd;
    private final ProtectionDomain otherDomain;
    private final Map<Key, MemoryRegion> regions = new EnumMap<>(Key.class);
    private final Map<Key, MemorySegment> memory = new EnumMap<>(Key.class);
    private final Map<Key, Long> addresses = new EnumMap<>(Key.class);
    private final Map<Key, Integer> localKeys = new EnumMap<>(Key.class);
    private final Map<Key, Integer> keys = new EnumMap<>(Key.class);
    private final Map<Key, MemoryWindow> windows = new EnumMap<>(Key.class);
    private final WorkCompletions polled = new WorkCompletions(16);
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final @Nullable SharedReceiveQueue shared;
    private @Nullable AddressHandle toPeer;
    private @Nullable AddressHandle toGroup;
    private boolean attached;
    private boolean closed;
    QueuePair qp;

    RealEnd(Program program, Side side, Bench bench) {
        this.setup = program.setup();
        this.side = side;
        this.context = bench.context(side);
        this.gid = bench.gid(side);
        this.silence = bench.silence();
        this.pd = context.allocateProtectionDomain();
        this.otherDomain = context.allocateProtectionDomain();
        this.sendQueue = context.createCompletionQueue(COMPLETIONS);
        this.receiveQueue = setup.oneQueue() ? sendQueue : context.createCompletionQueue(COMPLETIONS);
        for (Key key : Key.REGIONS) {
            register(key, ModelEnd.initialBytes(program, side, key));
        }
        keys.put(Key.WRONG, region(Key.MAIN).rkey() ^ WRONG_BITS);
        localKeys.put(Key.WRONG, region(Key.MAIN).lkey() ^ WRONG_BITS);
        this.shared = setup.shared()
                ? pd.createSharedReceiveQueue(new SharedReceiveQueueConfig(setup.slots(), setup.entries(), 0))
                : null;
        this.qp = pd.createQueuePair(config());
    }

    private void register(Key key, byte[] bytes) {
        MemoryRegion region = switch (key) {
            case FOREIGN -> pd.register(Arena.ofAuto().allocate(Key.REGION_BYTES, 4096), key.access());
            case OTHER_DOMAIN -> otherDomain.allocate(Key.REGION_BYTES, key.access());
            default -> pd.allocate(Key.REGION_BYTES, key.access());
        };
        MemorySegment segment = region.memory();
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
        regions.put(key, region);
        memory.put(key, segment);
        addresses.put(key, region.address());
        keys.put(key, region.rkey());
        localKeys.put(key, region.lkey());
    }

    private QueuePairConfig config() {
        QueuePairConfig config = QueuePairConfig.of(setup.type(), sendQueue)
                .receiveQueue(receiveQueue)
                .sendSlots(setup.slots())
                .receiveSlots(setup.slots())
                .entries(setup.entries(), setup.entries())
                .inlineBytes(setup.inlineBytes())
                .signalAll(setup.signalAll());
        return shared == null ? config : config.sharedReceiveQueue(shared);
    }

    private MemoryRegion region(Key key) {
        MemoryRegion region = regions.get(key);
        if (region == null) {
            throw new IllegalArgumentException(key + " is no region");
        }
        return region;
    }

    // ---------------------------------------------------------------- the queue pair

    QueuePairEndpoint endpoint() {
        return qp.localEndpoint(gid);
    }

    void connect(QueuePairEndpoint peer) {
        initialize();
        ready(peer);
    }

    private void initialize() {
        QueuePairAttributes attributes = new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(PORT);
        if (setup.type() == QueuePairType.UD) {
            attributes.qkey(QueuePair.DEFAULT_QKEY);
        } else {
            int access = setup.access(side);
            attributes.accessFlags(setup.type() == QueuePairType.UC ? access & AccessFlags.REMOTE_WRITE : access);
        }
        qp.modify(attributes);
    }

    private void ready(QueuePairEndpoint peer) {
        QueuePairAttributes receive = new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE);
        QueuePairAttributes send = new QueuePairAttributes()
                .state(QueuePairState.READY_TO_SEND)
                .sendPsn(endpoint().psn());
        AddressVector way = AddressVector.to(peer.gid(), PORT, gid.index()).withLid(peer.lid());
        if (setup.type() == QueuePairType.UD) {
            toPeer = toPeer == null ? pd.createAddressHandle(way) : toPeer;
        } else {
            receive.addressVector(way)
                    .pathMtu(context.queryPort(PORT).activeMtu())
                    .destinationNumber(peer.number())
                    .receivePsn(peer.psn());
        }
        if (setup.type() == QueuePairType.RC) {
            int depth = Math.clamp(context.queryDevice().maxReadAtomicPerQueuePair(), 1, 16);
            receive.destinationReadDepth(depth).minRnrTimer(MIN_RNR_TIMER);
            send.timeout(setup.impatient() ? silence : ACK_TIMEOUT)
                    .retryCount(setup.impatient() ? IMPATIENT_RETRIES : RETRIES)
                    .rnrRetry(setup.rnrRetry())
                    .readDepth(depth);
        }
        qp.modify(receive);
        qp.modify(send);
    }

    void reset() {
        endLife();
        if (closed) {
            qp = pd.createQueuePair(config());
            closed = false;
        } else {
            qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
        }
    }

    /** From now on it does not answer. */
    void silence(boolean closes) {
        endLife();
        if (closes) {
            qp.close();
            closed = true;
        } else {
            qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
        }
    }

    private void endLife() {
        MemoryWindow bound = windows.remove(Key.WINDOW_2);
        if (bound != null) {
            keys.put(Key.OLD_WINDOW_2, bound.rkey());
            bound.close();
        }
        if (attached) {
            leave();
        }
    }

    /** RESET for one that is closed. */
    QueuePairState state() {
        return closed ? QueuePairState.RESET : qp.query().state();
    }

    void drain(boolean notify) {
        QueuePairAttributes attributes = new QueuePairAttributes().state(QueuePairState.SEND_QUEUE_DRAINED);
        qp.modify(notify ? attributes.drainedNotify(true) : attributes);
    }

    // ---------------------------------------------------------------- the multicast group

    /** The address of the group, for who has to tell the host's network of it. */
    static InetAddress groupAddress() {
        return InetAddress.ofLiteral(GROUP_ADDRESS);
    }

    private static Gid group() {
        return Gid.of(groupAddress());
    }

    void join() {
        qp.attachMulticast(group(), 0);
        attached = true;
    }

    void leave() {
        qp.detachMulticast(group(), 0);
        attached = false;
    }

    AddressHandle toGroup() {
        AddressHandle handle =
                toGroup == null ? pd.createAddressHandle(AddressVector.to(group(), PORT, gid.index())) : toGroup;
        toGroup = handle;
        return handle;
    }

    // ---------------------------------------------------------------- events

    void arm(int limit) {
        if (shared != null) {
            shared.armLimit(limit);
        }
    }

    /** Takes the kinds of events that are told about this side's objects; those of programs before are nobody's. */
    void readEvents(Outcome to) {
        for (AsyncEvent event = context.pollAsyncEvent(); event != null; event = context.pollAsyncEvent()) {
            boolean ours = event.queuePair() == qp
                    || (shared != null && event.sharedReceiveQueue() == shared)
                    || event.completionQueue() == sendQueue
                    || event.completionQueue() == receiveQueue;
            if (ours) {
                to.events
                        .computeIfAbsent(side, missing -> EnumSet.noneOf(AsyncEventType.class))
                        .add(event.type());
            }
        }
    }

    void revoke() {
        region(Key.SPARE).close();
        memory.remove(Key.SPARE);
    }

    @Nullable
    SharedReceiveQueue shared() {
        return shared;
    }

    AddressHandle toPeer() {
        AddressHandle handle = toPeer;
        if (handle == null) {
            throw new IllegalStateException("not a datagram queue pair, or not connected");
        }
        return handle;
    }

    // ---------------------------------------------------------------- names of things

    long address(Key key, int offset) {
        Long address = addresses.get(key.region());
        if (address == null) {
            throw new IllegalArgumentException(key + " has no memory");
        }
        return address + offset;
    }

    /** The number behind a key's name, for this side's own buffers. */
    int localKey(Key key) {
        Integer number = localKeys.get(key);
        if (number == null) {
            throw new IllegalArgumentException(key + " is no key of a local buffer");
        }
        return number;
    }

    /** The number behind a key's name, as it is now, for the peer. */
    int key(Key key) {
        if (key.isWindow()) {
            return window(key).rkey();
        }
        if (key == Key.OLD_WINDOW_1 || key == Key.OLD_WINDOW_2) {
            Integer old = keys.get(key);
            return old == null
                    ? window(key == Key.OLD_WINDOW_1 ? Key.WINDOW_1 : Key.WINDOW_2)
                            .rkey()
                    : old;
        }
        Integer number = keys.get(key);
        if (number == null) {
            throw new IllegalArgumentException(key + " has no number");
        }
        return number;
    }

    /** The key is about to change. */
    void remember(Key window) {
        keys.put(
                window == Key.WINDOW_1 ? Key.OLD_WINDOW_1 : Key.OLD_WINDOW_2,
                window(window).rkey());
    }

    MemoryWindow window(Key key) {
        return windows.computeIfAbsent(
                key,
                missing -> pd.allocateMemoryWindow(
                        missing == Key.WINDOW_1 ? MemoryWindow.Type.TYPE_1 : MemoryWindow.Type.TYPE_2));
    }

    MemoryRegion bindable(Key key) {
        return region(key);
    }

    /** All memory that is still registered. */
    void snapshot(Outcome outcome) {
        memory.forEach((key, segment) -> outcome.memory.put(
                new Outcome.Region(side, key), new Outcome.Content(segment.toArray(JAVA_BYTE), new BitSet())));
    }

    // ---------------------------------------------------------------- completions

    /** Takes what has completed. */
    void poll(Map<Outcome.Queue, List<Outcome.Completed>> to) {
        poll(sendQueue, to);
        if (!setup.oneQueue()) {
            poll(receiveQueue, to);
        }
    }

    private void poll(CompletionQueue cq, Map<Outcome.Queue, List<Outcome.Completed>> to) {
        int count = cq.poll(polled);
        for (int index = 0; index < count; index++) {
            // Of a failed completion only the id tells which queue it belongs to.
            boolean receive = Generator.isReceive(polled.id(index));
            to.computeIfAbsent(new Outcome.Queue(side, receive), queue -> new ArrayList<>())
                    .add(new Outcome.Completed(
                            polled.id(index),
                            EnumSet.of(polled.statusOf(index)),
                            polled.succeeded(index) ? detail(index) : ""));
        }
    }

    private String detail(int index) {
        int opcode = polled.opcode(index);
        StringBuilder text = new StringBuilder(CompletionOpcode.name(opcode));
        boolean pulled = opcode == CompletionOpcode.RDMA_READ
                || opcode == CompletionOpcode.COMP_SWAP
                || opcode == CompletionOpcode.FETCH_ADD;
        if (pulled || polled.isReceive(index)) {
            text.append(' ').append(polled.lengthBytes(index)).append(" B");
        }
        if (polled.isReceive(index) && (polled.flags(index) & WorkCompletions.WITH_IMMEDIATE) != 0) {
            text.append(" imm ").append(polled.immediate(index));
        }
        if ((polled.flags(index) & WorkCompletions.WITH_INVALIDATE) != 0) {
            boolean known = polled.invalidatedKey(index) == key(Key.WINDOW_2);
            text.append(" invalidates ").append(known ? Key.WINDOW_2 : "another key");
        }
        return text.toString();
    }

    @Override
    public void close() {
        if (attached) {
            leave();
        }
        qp.close();
        if (shared != null) {
            shared.close();
        }
        windows.values().forEach(MemoryWindow::close);
        regions.values().forEach(MemoryRegion::close);
        sendQueue.close();
        receiveQueue.close();
        otherDomain.close();
        pd.close();
    }
}
