package dev.verbena.verbs.embedded;

import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A peer that speaks the protocol and lies: its tables are whatever a test writes, its segments whatever a test hands out,
 * and it scribbles over the heads of the rings that it is given.
 */
final class HostileNode {
    /** What is answered to whoever asks for a segment: a descriptor, with a length that is claimed. */
    interface Segments {
        int fd(int slot);

        long claimedBytes(int slot);
    }

    private final SplittableRandom random;
    private final Segments segments;
    private final int slot;
    private final int listenFd;
    private final SharedMemory control = SharedMemory.create("verbena-test", Layout.CONTROL_BYTES);
    private final int event = Linux.eventfd();
    private final int obituary = Linux.eventfd();
    private final Thread thread;
    private volatile boolean stopping;
    private int fd = -1;
    private @Nullable SharedMemory ring;

    HostileNode(SplittableRandom random, Segments segments) {
        this.random = random;
        this.segments = segments;
        int name = 0;
        int bound = -1;
        while (bound < 0) {
            name = random.nextInt(1, Layout.SLOTS_MAX);
            bound = Sockets.bind(Node.socketName(name));
        }
        slot = name;
        listenFd = bound;
        if (Linux.listen(listenFd, 4) < 0) {
            throw new AssertionError("listen");
        }
        thread = Thread.ofPlatform().name("hostile").start(this::serve);
    }

    /** The number of one of its queue pairs. */
    int number(int index) {
        return (slot << 12) | index;
    }

    /** A queue pair as it should be, of which a test changes what it likes. */
    long queuePair(int index, int destination) {
        long entry = Layout.queuePair(control.address(), index);
        Memory.putInt(entry + Layout.QP_GENERATION, 1);
        Memory.putInt(entry + Layout.QP_TYPE, QueuePairType.RC.code());
        Memory.putInt(entry + Layout.QP_DESTINATION, destination);
        Memory.putInt(entry + Layout.QP_RECEIVE_QUEUE, 1);
        Memory.putIntRelease(entry + Layout.QP_STATUS, Layout.status(QueuePairState.READY_TO_SEND.code(), -1, 1));
        return entry;
    }

    /** The region of a key; the key is written last. */
    long region(int key) {
        long entry = Layout.region(control.address(), key);
        Memory.putIntRelease(entry + Layout.REGION_KEY, key);
        return entry;
    }

    private void serve() {
        while (!stopping) {
            if (fd < 0) {
                fd = Math.max(Linux.accept(listenFd), -1);
            } else {
                Sockets.Received received = Sockets.receive(fd);
                if (received != null && received.isEnd()) {
                    int _ = Linux.close(fd);
                    fd = -1;
                } else if (received != null) {
                    answer(received);
                }
            }
            scribble();
            Thread.onSpinWait();
        }
    }

    private void answer(Sockets.Received received) {
        ByteBuffer buffer = ByteBuffer.wrap(received.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        switch (buffer.getInt()) {
            case Link.HELLO -> {
                byte[] hello = Link.message(Link.HELLO)
                        .putLong(Layout.MAGIC)
                        .putInt(Layout.VERSION)
                        .putInt(slot)
                        .putInt(Fences.asymmetric() ? 1 : 0)
                        .array();
                send(hello, control.fd(), event, obituary);
            }
            case Link.SEGMENT_WANTED -> {
                int wanted = buffer.getInt();
                byte[] segment = Link.message(Link.SEGMENT)
                        .putInt(wanted)
                        .putInt(buffer.getInt())
                        .putLong(segments.claimedBytes(wanted))
                        .array();
                send(segment, segments.fd(wanted));
            }
            case Link.RING -> {
                buffer.getInt();
                SharedMemory given = SharedMemory.map(received.take(0), RingWriter.bytes(buffer.getInt()), "a ring");
                if (ring != null) {
                    ring.close();
                }
                ring = given;
            }
            default -> {}
        }
        received.closeDescriptors();
    }

    private void send(byte[] message, int... fds) {
        // Who does not take it asks again, or has closed.
        int _ = Sockets.send(fd, message, fds);
    }

    /** Everything that a receiver tells in a ring: consumed, armed, closed, room. */
    private void scribble() {
        SharedMemory given = ring;
        if (given != null) {
            for (long offset = 0; offset < Layout.RING_ENTRIES; offset += Long.BYTES) {
                Memory.putLong(given.address() + offset, random.nextLong());
            }
        }
    }

    void close() throws InterruptedException {
        stopping = true;
        thread.join();
        for (int open : new int[] {fd, listenFd, event, obituary}) {
            if (open >= 0) {
                int _ = Linux.close(open);
            }
        }
        if (ring != null) {
            ring.close();
        }
        control.close();
    }
}
