package dev.verbena.verbs.embedded;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that has come to use this one's memory: the other end of its {@link Link}. Its control segment tells whether
 * one of its queue pairs is inside an access to us.
 *
 * <p>Threading: messages and the end run on the agent; the rest on any thread.
 */
final class Guest implements Agent.Handler {
    private static final Logger LOG = LoggerFactory.getLogger(Guest.class);

    private final Node node;
    private final int fd;
    private @Nullable SharedMemory controlMemory;
    private volatile long control;
    private volatile int slot = -1;
    private volatile boolean dead;
    private volatile int obituaryFd = -1;
    private boolean orderly;
    /** Guards the control segment too: whoever looks at it while the process ends is done before it is unmapped. */
    private final Quiet quiet = new Quiet(this::isGone);

    Guest(Node node, int fd) {
        this.node = node;
        this.fd = fd;
    }

    /** The slot of its process, -1 before it has said so. */
    int slot() {
        return slot;
    }

    /** Whether its process is gone: also before the agent has noticed. */
    boolean isGone() {
        int obituary = obituaryFd;
        return dead || Sockets.isHungUp(fd) || Obituary.isTrue(obituary);
    }

    /** Waits until none of its queue pairs is inside the access that it is in now; false when one does not move. */
    boolean awaitOutside() {
        synchronized (quiet) {
            return dead || control == 0 || quiet.await(control);
        }
    }

    /** The same for one queue pair. */
    boolean awaitOutside(int index) {
        synchronized (quiet) {
            return dead || control == 0 || quiet.await(control, index);
        }
    }

    void sendSegmentGone(Segments.Segment segment) {
        int _ = Sockets.send(
                fd,
                Link.message(Link.SEGMENT_GONE)
                        .putInt(segment.slot())
                        .putInt(segment.life())
                        .array());
    }

    @Override
    public void onReadable() {
        while (!dead) {
            Sockets.Received received = Sockets.receive(fd);
            if (received == null) {
                return;
            }
            if (received.isEnd()) {
                end();
                return;
            }
            try {
                onMessage(received);
            } catch (RuntimeException e) {
                LOG.warn("a process sent what is not understood and is cut off: {}", Link.explain(e));
                received.closeDescriptors();
                end();
                return;
            }
        }
    }

    private void onMessage(Sockets.Received received) {
        ByteBuffer buffer = ByteBuffer.wrap(received.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int type = buffer.getInt();
        if ((type == Link.HELLO) != (slot < 0)) {
            throw new IllegalStateException("message " + type + (slot < 0 ? " before" : " after") + " the greeting");
        }
        switch (type) {
            case Link.HELLO -> onHello(buffer, received);
            case Link.SEGMENT_WANTED -> onSegmentWanted(buffer.getInt(), buffer.getInt());
            case Link.BYE -> orderly = true;
            case Link.RING -> onRing(buffer.getInt(), buffer.getInt(), received);
            default -> throw new IllegalStateException("message " + type);
        }
    }

    private void onHello(ByteBuffer buffer, Sockets.Received received) {
        int said = Node.checkHello(buffer, received, -1);
        int _ = Linux.close(received.take(1));
        SharedMemory memory =
                SharedMemory.map(received.take(0), Layout.CONTROL_BYTES, "control segment of process " + said);
        controlMemory = memory;
        control = memory.address();
        slot = said;
        obituaryFd = received.take(2);
        node.agent().watch(obituaryFd, this::onDeath);
        int sent = node.sendHello(fd);
        if (sent < 0) {
            throw new IllegalStateException("it does not read the answer");
        }
    }

    private void onSegmentWanted(int segmentSlot, int life) {
        Segments.Segment segment = node.segments().get(segmentSlot, life);
        if (segment != null) {
            // When its socket is full the peer asks again.
            int _ = Sockets.send(
                    fd,
                    Link.message(Link.SEGMENT)
                            .putInt(segmentSlot)
                            .putInt(life)
                            .putLong(segment.memory().lengthBytes())
                            .array(),
                    segment.memory().fd());
        }
    }

    private void onRing(int queue, int slots, Sockets.Received received) {
        if (received.fds().length != 1
                || slots < Link.RING_SLOTS_MIN
                || slots > Link.RING_SLOTS_MAX
                || Integer.bitCount(slots) != 1) {
            throw new IllegalStateException("a ring of " + slots);
        }
        SharedMemory memory = SharedMemory.map(received.take(0), RingWriter.bytes(slots), "ring of process " + slot);
        RingReader reader = new RingReader(this, memory, memory.address(), slots);
        EmbeddedCompletionQueue target = node.completionQueue(queue);
        if (target == null || !target.attach(reader)) {
            reader.close();
            return;
        }
        // What was sent before the ring was armed is looked for after this fence, in the same cycle of the agent.
        Fences.heavy();
    }

    /** Its process is dead: what it said before still counts. */
    private void onDeath() {
        if (Obituary.isTrue(obituaryFd)) {
            onReadable();
            end();
            if (!orderly) {
                node.onDeath(slot);
            }
        }
    }

    private void end() {
        if (dead) {
            return;
        }
        dead = true;
        node.onGuestEnd(this, orderly);
        node.agent().close(fd);
        if (obituaryFd >= 0) {
            node.agent().close(obituaryFd);
        }
        synchronized (quiet) {
            if (controlMemory != null) {
                controlMemory.close();
            }
        }
    }

    /** Closes it with the node. */
    void close() {
        if (!dead) {
            orderly = true;
            int _ = Sockets.send(fd, Link.message(Link.BYE).array());
            end();
        }
    }
}
