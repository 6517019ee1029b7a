package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process as its peers see it: a slot among the processes of this host and user, held by an abstract socket; a control
 * segment with the tables of its queue pairs and regions; an agent. A queue-pair number contains the slot, so it finds its
 * process. It lives while a device of it is open.
 *
 * <p>Threading: any thread.
 */
final class Node {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final int BACKLOG = 256;
    private static final int FREE_NUMBERS_KEPT = 256;
    private static final int DEFAULT_RING_SLOTS = 4096;
    private static final int HELLO_DESCRIPTORS = 3;

    private static final Map<Integer, Node> OPEN = new ConcurrentHashMap<>();

    private final int device;
    private final int slot;
    private final int listenFd;
    private final SharedMemory controlMemory;
    private final long control;
    private final Agent agent;
    private final Obituary obituary;
    private final Link self;
    private final RegionKeys keys;
    private final MulticastGroups groups;
    private final Presences presences;
    private final Segments segments = new Segments();
    private final MemorySegment one = Arena.ofAuto().allocate(8, 8);
    private final AtomicReferenceArray<@Nullable EmbeddedQueuePair> queuePairs =
            new AtomicReferenceArray<>(Layout.QUEUE_PAIRS_MAX);
    private final Map<Integer, EmbeddedCompletionQueue> completionQueues = new ConcurrentHashMap<>();
    private final Map<Integer, Link> links = new ConcurrentHashMap<>();
    private final Set<EmbeddedConnectionId> connections = ConcurrentHashMap.newKeySet();
    private final List<Guest> guests = new CopyOnWriteArrayList<>();
    private final Deque<Integer> freeNumbers = new ArrayDeque<>();
    private final AtomicInteger names = new AtomicInteger();
    private int highWater;
    private int users;

    private Node(int device) {
        this.device = device;
        String name = "embedded" + device;
        Memory.putLong(one.address(), 1);
        int fd = -Errno.EADDRINUSE;
        int chosen = 0;
        int start = ThreadLocalRandom.current().nextInt(Layout.SLOTS_MAX);
        for (int i = 0; i < Layout.SLOTS_MAX && fd == -Errno.EADDRINUSE; i++) {
            // Slot 0 would contain the reserved queue-pair numbers 0 and 1.
            chosen = (start + i) & (Layout.SLOTS_MAX - 1);
            fd = chosen == 0 ? fd : Sockets.bind(socketName(chosen));
        }
        if (fd < 0) {
            throw new VerbsException(
                    "ibv_open_device",
                    name,
                    -fd,
                    fd == -Errno.EADDRINUSE
                            ? "4095 processes of this user have it open already"
                            : SharedMemory.explain(-fd));
        }
        slot = chosen;
        listenFd = fd;
        List<Runnable> undo = new ArrayList<>(List.of(() -> Linux.close(listenFd)));
        try {
            controlMemory = SharedMemory.create("verbena-control", Layout.CONTROL_BYTES);
            undo.add(controlMemory::close);
            control = controlMemory.address();
            Memory.putLong(controlMemory.address(), Layout.MAGIC);
            keys = new RegionKeys(control());
            groups = new MulticastGroups(control());
            presences = new Presences(control());
            agent = new Agent(this, "verbena-" + name + "-agent");
            undo.add(agent::dispose);
            obituary = new Obituary(name);
            undo.add(obituary::close);
            int listening = Linux.listen(listenFd, BACKLOG);
            if (listening < 0) {
                throw new VerbsException("listen", name, -listening, "");
            }
        } catch (RuntimeException e) {
            undo.reversed().forEach(Runnable::run);
            throw e;
        }
        self = Link.toSelf(this);
        links.put(slot, self);
        agent.watch(listenFd, this::onVisitors);
        agent.start();
    }

    /** The node of a device, made when it is the first use; {@link #release} ends each use. */
    static Node acquire(int device) {
        synchronized (OPEN) {
            Node node = OPEN.get(device);
            if (node == null) {
                node = new Node(device);
                OPEN.put(device, node);
            }
            node.users++;
            return node;
        }
    }

    void release() {
        synchronized (OPEN) {
            if (--users > 0) {
                return;
            }
            OPEN.remove(device);
        }
        close();
    }

    static String socketName(int slot) {
        return socketPrefix() + slot;
    }

    private static String socketPrefix() {
        return "verbena." + Linux.geteuid() + ".";
    }

    int slot() {
        return slot;
    }

    /** The link of this process to itself. */
    Link self() {
        return self;
    }

    long control() {
        return control;
    }

    Agent agent() {
        return agent;
    }

    RegionKeys keys() {
        return keys;
    }

    MulticastGroups groups() {
        return groups;
    }

    /** Where its threads say that they are inside. */
    Presences presences() {
        return presences;
    }

    Segments segments() {
        return segments;
    }

    /** Address of the number 1, for eventfds. */
    long one() {
        return one.address();
    }

    int ringSlots() {
        return DEFAULT_RING_SLOTS;
    }

    /** A number that no object of this node has had. */
    int nextName() {
        return names.incrementAndGet();
    }

    // ---------------------------------------------------------------- greeting

    /** Greets a peer: the control segment, what wakes the agent, what tells of the end of this process. */
    int sendHello(int fd) {
        byte[] hello = Link.message(Link.HELLO)
                .putLong(Layout.MAGIC)
                .putInt(Layout.VERSION)
                .putInt(slot)
                .putInt(Fences.asymmetric() ? 1 : 0)
                .array();
        return Sockets.send(fd, hello, controlMemory.fd(), agent.wakeFd(), obituary.fd());
    }

    /** Checks a greeting and answers the slot it tells. */
    static int checkHello(ByteBuffer buffer, Sockets.Received received, int expectedSlot) {
        long magic = buffer.order(ByteOrder.LITTLE_ENDIAN).getLong();
        int version = buffer.getInt();
        int slot = buffer.getInt();
        boolean asymmetric = buffer.getInt() != 0;
        if (magic != Layout.MAGIC) {
            throw new IllegalStateException("no greeting of the embedded provider");
        }
        if (version != Layout.VERSION) {
            throw new IllegalStateException(
                    "its memory has layout " + version + ", ours " + Layout.VERSION + ": use the same release");
        }
        if (received.fds().length != HELLO_DESCRIPTORS) {
            throw new IllegalStateException(received.fds().length + " of " + HELLO_DESCRIPTORS
                    + " descriptors of its greeting have arrived: when others are refused too, raise `ulimit -n`");
        }
        if (asymmetric != Fences.asymmetric()) {
            throw new IllegalStateException("membarrier(2) is allowed to one of the processes only");
        }
        if (slot < 1 || slot >= Layout.SLOTS_MAX || (expectedSlot >= 0 && slot != expectedSlot)) {
            throw new IllegalStateException("it says it is process " + slot);
        }
        return slot;
    }

    private void onVisitors() {
        while (true) {
            int fd = Linux.accept(listenFd);
            if (fd == -Errno.EMFILE) {
                agent.turnAway(listenFd);
            }
            if (fd < 0) {
                return;
            }
            if (Sockets.peer(fd).uid() != Linux.geteuid()) {
                LOG.warn("a process of another user was turned away");
                int _ = Linux.close(fd);
                continue;
            }
            Guest guest = new Guest(this, fd);
            guests.add(guest);
            agent.watch(fd, guest);
        }
    }

    // ---------------------------------------------------------------- links

    /** The link to a process; null when there is no such process. It may not be ready yet. */
    @Nullable
    Link link(int toSlot) {
        Link link = links.get(toSlot);
        if (link != null && !link.isDead()) {
            return link;
        }
        if (toSlot == 0) {
            return null;
        }
        synchronized (links) {
            link = links.get(toSlot);
            if (link != null && !link.isDead()) {
                return link;
            }
            link = Link.begin(this, toSlot);
            if (link != null) {
                links.put(toSlot, link);
                agent.watch(link.fd(), link);
            }
            return link;
        }
    }

    /** Begins a link to every process of this host and user that has the device open. */
    void meetEveryone() {
        for (int other : Sockets.names(socketPrefix())) {
            Link _ = link(other);
        }
    }

    /** The links to all processes known: those met, and those that have come. */
    Collection<Link> everyone() {
        for (Guest guest : guests) {
            if (guest.slot() > 0) {
                Link _ = link(guest.slot());
            }
        }
        return links.values();
    }

    void onLinkEnd(Link link, boolean orderly, String why) {
        LOG.debug("link to process {} ended: {}", link.slot(), why);
        links.remove(link.slot(), link);
        if (!orderly) {
            failConnectedTo(link.slot());
        }
    }

    void onGuestEnd(Guest guest, boolean orderly) {
        guests.remove(guest);
        if (guest.slot() >= 0 && !orderly) {
            failConnectedTo(guest.slot());
        }
        for (EmbeddedCompletionQueue queue : completionQueues.values()) {
            queue.detach(guest);
        }
    }

    /** A process is dead: connections to it end now, of whichever device. */
    void onDeath(int peerSlot) {
        for (Node node : OPEN.values()) {
            node.connections.forEach(id -> id.onDeath(peerSlot));
        }
    }

    private void failConnectedTo(int peerSlot) {
        for (int index = 0; index < highWater; index++) {
            EmbeddedQueuePair qp = queuePairs.get(index);
            if (qp != null) {
                qp.onPeerGone(peerSlot);
            }
        }
    }

    // ---------------------------------------------------------------- objects

    /** Gives a queue pair its number. */
    synchronized int register(EmbeddedQueuePair qp) {
        int index;
        if (freeNumbers.size() > FREE_NUMBERS_KEPT || highWater == Layout.QUEUE_PAIRS_MAX) {
            Integer free = freeNumbers.poll();
            if (free == null) {
                throw new VerbsException(
                        "ibv_create_qp",
                        "embedded" + device,
                        Errno.ENOMEM,
                        "a process has at most " + Layout.QUEUE_PAIRS_MAX + " queue pairs");
            }
            index = free;
        } else {
            index = highWater++;
            Memory.putIntRelease(control() + Layout.QUEUE_PAIR_HIGH_WATER, highWater);
        }
        queuePairs.set(index, qp);
        return (slot << 12) | index;
    }

    synchronized void unregister(int number) {
        queuePairs.set(Layout.indexOf(number), null);
        freeNumbers.add(Layout.indexOf(number));
    }

    /** A queue pair of this node by its number, null when there is none. */
    @Nullable
    EmbeddedQueuePair queuePair(int number) {
        return queuePairs.get(Layout.indexOf(number));
    }

    void register(EmbeddedConnectionId id) {
        connections.add(id);
    }

    void unregister(EmbeddedConnectionId id) {
        connections.remove(id);
    }

    void register(EmbeddedCompletionQueue queue) {
        completionQueues.put(queue.number(), queue);
    }

    void unregister(EmbeddedCompletionQueue queue) {
        completionQueues.remove(queue.number(), queue);
    }

    @Nullable
    EmbeddedCompletionQueue completionQueue(int number) {
        return completionQueues.get(number);
    }

    /** Takes what peers have delivered so far, as far as the completion queues have room; the rest is lost as on a device. */
    void takeNews() {
        for (EmbeddedCompletionQueue queue : completionQueues.values()) {
            if (queue.hasRings()) {
                queue.onKick();
            }
        }
    }

    /** Somebody wants something: completions for a sleeper, a shared receive, a queue pair to be failed. */
    void onKick() {
        long _ = Memory.getAndAdd(control() + Layout.PULSE, 1);
        for (EmbeddedCompletionQueue queue : completionQueues.values()) {
            queue.onKick();
        }
    }

    // ---------------------------------------------------------------- accesses

    /** What was counted so far. Hot path. */
    long changes() {
        return Memory.getLongAcquire(control() + Layout.CHANGES);
    }

    /** Something that was found good may be so no longer: whoever remembers it looks again. */
    void countChange() {
        long _ = Memory.getAndAdd(control() + Layout.CHANGES, 1);
    }

    /**
     * Returns when no queue pair of any process that was inside an access to this node's memory is still in the same one.
     *
     * @return false when a peer that is neither gone nor moving was waited for in vain
     */
    boolean awaitOutside() {
        Fences.heavy();
        boolean all = new Quiet().await(control());
        for (Guest guest : guests) {
            if (!guest.awaitOutside()) {
                LOG.warn("process {} is stopped inside an access: it is cut off", guest.slot());
                failConnectedTo(guest.slot());
                all = false;
            }
        }
        return all;
    }

    /** The same for this process' own queue pairs only: before memory that they can reach is unmapped. */
    boolean awaitOutsideOwn() {
        Fences.heavy();
        return new Quiet().await(control());
    }

    /** The same for one queue pair of a peer, or of this process. */
    boolean awaitOutside(int number) {
        Fences.heavy();
        int peer = Layout.slotOf(number);
        if (peer == slot) {
            return new Quiet().await(control(), Layout.indexOf(number));
        }
        boolean all = true;
        for (Guest guest : guests) {
            all &= guest.slot() != peer || guest.awaitOutside(Layout.indexOf(number));
        }
        return all;
    }

    /** Unmaps a segment that no key leads to any more; peers are told to do so too. */
    void discard(Segments.Segment segment) {
        self.forgetSegment(segment.slot(), segment.life());
        for (Guest guest : guests) {
            guest.sendSegmentGone(segment);
        }
        if (awaitOutsideOwn()) {
            segment.memory().close();
        } else {
            LOG.warn("{} stays mapped: a thread of this process does not come out of it", segment.memory());
        }
    }

    private void close() {
        agent.stop();
        agent.close(listenFd);
        for (Link link : links.values()) {
            link.sayBye();
            link.end("the device was closed");
        }
        guests.forEach(Guest::close);
        segments.close();
        controlMemory.close();
        obituary.close();
        agent.dispose();
    }
}
