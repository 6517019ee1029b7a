package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way from this process to the memory of another, or to its own: the peer's control segment and whatever of its
 * shared memory was used so far. Everything is asked for by messages and arrives on the agent; who needs it comes again.
 *
 * <p>Threading: any thread; replies and the end run on the agent.
 */
final class Link implements Agent.Handler {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    static final int HELLO = 1;
    static final int SEGMENT_WANTED = 2;
    static final int SEGMENT = 3;
    static final int SEGMENT_GONE = 4;
    static final int RING = 5;
    /** The sender closes its device in good order: to queue pairs connected to it, silence and not an end. */
    static final int BYE = 6;

    private static final long ANSWER_NS = 100_000_000;

    static final int RING_SLOTS_MIN = 64;
    static final int RING_SLOTS_MAX = 4096;

    /** A segment of the peer in this process. */
    record Mapping(
            int life, long base, long lengthBytes, @Nullable SharedMemory memory) {}

    private final Node node;
    private final int slot;
    private final boolean self;
    private final int fd;
    private final Map<Integer, RingWriter> rings = new ConcurrentHashMap<>();
    private volatile @Nullable Mapping[] mappings = new Mapping[16];
    private @Nullable SharedMemory controlMemory;
    private final Object kickLock = new Object();
    private final long begunNs = System.nanoTime();
    private int kickFd = -1;
    private int obituaryFd = -1;
    private int pid;
    private long control;
    private volatile boolean ready;
    /** Counted by one thread at a time: the agent, or who frees memory of this process. */
    private volatile int changes;

    private volatile boolean dead;
    private boolean orderly;
    private boolean warned;

    private Link(Node node, int slot, int fd, boolean self) {
        this.node = node;
        this.slot = slot;
        this.fd = fd;
        this.self = self;
    }

    /** The link of a process to itself. */
    static Link toSelf(Node node) {
        Link link = new Link(node, node.slot(), -1, true);
        link.control = node.control();
        link.pid = (int) ProcessHandle.current().pid();
        link.ready = true;
        return link;
    }

    /** Begins a link; null when no process has the slot. */
    static @Nullable Link begin(Node node, int slot) {
        int fd = Sockets.connect(Node.socketName(slot));
        if (fd < 0) {
            if (fd != -Errno.ECONNREFUSED && fd != -Errno.EAGAIN) {
                LOG.warn("no link to process {}: {} {}", slot, Errno.name(-fd), SharedMemory.explain(-fd));
            }
            return null;
        }
        Sockets.Credentials peer = Sockets.peer(fd);
        if (peer.uid() != Linux.geteuid()) {
            LOG.warn("process {} belongs to user {}: it is not talked to", slot, peer.uid());
            int _ = Linux.close(fd);
            return null;
        }
        Link link = new Link(node, slot, fd, false);
        link.pid = peer.pid();
        if (node.sendHello(fd) < 0) {
            int _ = Linux.close(fd);
            return null;
        }
        return link;
    }

    int slot() {
        return slot;
    }

    int fd() {
        return fd;
    }

    boolean isSelf() {
        return self;
    }

    int pid() {
        return pid;
    }

    /** Whether the peer's control segment is there. */
    boolean isReady() {
        return ready && !dead;
    }

    /** Whether the peer's answer can still come soon; a stopped process gives none. */
    boolean isAwaited() {
        return !ready && !dead && System.nanoTime() - begunNs < ANSWER_NS;
    }

    boolean isDead() {
        return dead;
    }

    long control() {
        return control;
    }

    /** Makes the peer's agent look around. */
    void kick() {
        if (self) {
            node.agent().kick();
        } else {
            synchronized (kickLock) {
                if (kickFd >= 0) {
                    long _ = Linux.write(kickFd, node.one(), 8);
                }
            }
        }
    }

    // ---------------------------------------------------------------- memory

    /** Where a segment of the peer lies here; null when it has been asked for and is not there yet, or is gone. */
    @Nullable
    Mapping segment(int segmentSlot, int life) {
        @Nullable Mapping[] known = mappings;
        if (segmentSlot >= 0 && segmentSlot < known.length) {
            Mapping mapping = known[segmentSlot];
            if (mapping != null && mapping.life == life) {
                return mapping;
            }
        }
        return segmentSlowly(segmentSlot, life);
    }

    private @Nullable Mapping segmentSlowly(int segmentSlot, int life) {
        if (segmentSlot < 0 || segmentSlot >= Segments.SEGMENTS_MAX) {
            return null;
        }
        if (self) {
            Segments.Segment own = node.segments().get(segmentSlot, life);
            if (own == null) {
                return null;
            }
            SharedMemory memory = own.memory();
            Mapping mapping = new Mapping(life, memory.address(), memory.lengthBytes(), null);
            put(segmentSlot, mapping);
            return mapping;
        }
        int _ = Sockets.send(
                fd, message(SEGMENT_WANTED).putInt(segmentSlot).putInt(life).array());
        return null;
    }

    private synchronized void put(int segmentSlot, @Nullable Mapping mapping) {
        @Nullable
        Mapping[] copy = Arrays.copyOf(mappings, Math.max(mappings.length, Layout.powerOfTwo(segmentSlot + 1)));
        copy[segmentSlot] = mapping;
        mappings = copy;
    }

    /** Counts forgotten segments, and the end: when it changes, remembered places may be gone. */
    int changes() {
        return changes;
    }

    private void countChange() {
        int before = changes;
        changes = before + 1;
        node.countChange();
    }

    /** Forgets a segment that is about to be unmapped, or has been by its process. */
    void forgetSegment(int segmentSlot, int life) {
        Mapping mapping = segmentSlot < mappings.length ? mappings[segmentSlot] : null;
        if (mapping != null && mapping.life == life) {
            put(segmentSlot, null);
            countChange();
            SharedMemory memory = mapping.memory;
            if (memory != null && isOutside()) {
                memory.close();
            }
        }
    }

    // ---------------------------------------------------------------- rings

    /** The ring to a completion queue of the peer; null when it cannot be made now. */
    @Nullable
    RingWriter ring(int queue) {
        RingWriter ring = rings.get(queue);
        return ring != null ? ring : ringSlowly(queue);
    }

    private synchronized @Nullable RingWriter ringSlowly(int queue) {
        RingWriter known = rings.get(queue);
        if (known != null || dead) {
            return known;
        }
        sweepRings();
        int slots = node.ringSlots();
        SharedMemory memory;
        try {
            memory = SharedMemory.create("verbena-ring", RingWriter.bytes(slots));
        } catch (VerbsException e) {
            // The request is tried again, as one that is not answered, and ends with RETRY_EXC_ERR.
            LOG.warn("nothing can be sent to process {}: {}", slot, e.getMessage());
            return null;
        }
        if (self) {
            EmbeddedCompletionQueue target = node.completionQueue(queue);
            if (target == null || !target.attach(new RingReader(null, null, memory.address(), slots))) {
                memory.close();
                return null;
            }
        } else {
            int sent =
                    Sockets.send(fd, message(RING).putInt(queue).putInt(slots).array(), memory.fd());
            if (sent < 0) {
                memory.close();
                return null;
            }
        }
        RingWriter ring = new RingWriter(this, node.presences(), memory.withoutDescriptor(), slots);
        rings.put(queue, ring);
        return ring;
    }

    /** Frees rings whose readers are gone: no queue pair completes there any more. */
    private void sweepRings() {
        List<RingWriter> closed = new ArrayList<>();
        rings.values().removeIf(ring -> ring.isClosed() && closed.add(ring));
        if (!closed.isEmpty() && isOutside()) {
            closed.forEach(RingWriter::free);
        }
    }

    /** Whether no thread of this process is in an access any more; else the memory stays mapped, which only costs memory. */
    private boolean isOutside() {
        boolean outside = node.awaitOutsideOwn();
        if (!outside) {
            LOG.warn("memory of process {} stays mapped: a thread of this process does not come out of it", slot);
        }
        return outside;
    }

    // ---------------------------------------------------------------- messages

    static ByteBuffer message(int type) {
        return ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN).putInt(type);
    }

    @Override
    public void onReadable() {
        while (!dead) {
            Sockets.Received received = Sockets.receive(fd);
            if (received == null) {
                return;
            }
            if (received.isEnd()) {
                end("its process closed the connection");
                return;
            }
            try {
                onMessage(received);
            } catch (RuntimeException e) {
                received.closeDescriptors();
                LOG.warn("process {} sent what is not understood and is not talked to: {}", slot, explain(e));
                end("it sent what is not understood");
                return;
            }
        }
    }

    private void onMessage(Sockets.Received received) {
        ByteBuffer buffer = ByteBuffer.wrap(received.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int type = buffer.getInt();
        switch (type) {
            case HELLO -> {
                if (ready) {
                    throw new IllegalStateException("a second greeting");
                }
                Node.checkHello(buffer, received, slot);
                SharedMemory memory =
                        SharedMemory.map(received.take(0), Layout.CONTROL_BYTES, "control segment of process " + slot);
                controlMemory = memory;
                control = memory.address();
                kickFd = received.take(1);
                obituaryFd = received.take(2);
                ready = true;
                node.agent().watch(obituaryFd, this::onDeath);
            }
            case SEGMENT -> onSegment(buffer, received);
            case BYE -> orderly = true;
            case SEGMENT_GONE -> forgetSegment(buffer.getInt(), buffer.getInt());
            default -> throw new IllegalStateException("message " + type);
        }
    }

    private void onSegment(ByteBuffer buffer, Sockets.Received received) {
        int segmentSlot = buffer.getInt();
        int life = buffer.getInt();
        Mapping old = segmentSlot >= 0 && segmentSlot < mappings.length ? mappings[segmentSlot] : null;
        boolean known = old != null && old.life == life;
        if (received.fds().length != 1 || known || segmentSlot < 0 || segmentSlot >= Segments.SEGMENTS_MAX) {
            received.closeDescriptors();
            return;
        }
        try {
            SharedMemory memory = SharedMemory.map(received.take(0), buffer.getLong(), "memory of process " + slot);
            put(segmentSlot, new Mapping(life, memory.address(), memory.lengthBytes(), memory));
        } catch (VerbsException e) {
            if (e.errno() == Errno.EPROTO) {
                throw e;
            }
            if (!warned) {
                // The request asks again, and ends with RETRY_EXC_ERR.
                warned = true;
                LOG.warn("memory of process {} cannot be used: {}", slot, e.getMessage());
            }
        }
    }

    static String explain(RuntimeException e) {
        return e instanceof BufferUnderflowException ? "a message that is too short" : String.valueOf(e.getMessage());
    }

    /** Its process is dead: what it said before still counts. */
    private void onDeath() {
        if (Obituary.isTrue(obituaryFd)) {
            onReadable();
            end("its process is dead");
            if (!orderly) {
                node.onDeath(slot);
            }
        }
    }

    void sayBye() {
        if (!self && !dead) {
            int _ = Sockets.send(fd, message(BYE).array());
        }
    }

    /** The peer is gone: nobody begins an access any more, then everything is unmapped. */
    void end(String why) {
        if (dead) {
            return;
        }
        dead = true;
        countChange();
        node.onLinkEnd(this, orderly, why);
        boolean outside = isOutside();
        for (Mapping mapping : mappings) {
            if (outside && mapping != null && mapping.memory != null) {
                mapping.memory.close();
            }
        }
        synchronized (this) {
            if (outside) {
                rings.values().forEach(RingWriter::free);
            }
            rings.clear();
            if (fd >= 0) {
                node.agent().close(fd);
            }
            if (obituaryFd >= 0) {
                node.agent().close(obituaryFd);
            }
        }
        if (outside && controlMemory != null) {
            controlMemory.close();
        }
        synchronized (kickLock) {
            if (kickFd >= 0) {
                int _ = Linux.close(kickFd);
                kickFd = -1;
            }
        }
    }
}
