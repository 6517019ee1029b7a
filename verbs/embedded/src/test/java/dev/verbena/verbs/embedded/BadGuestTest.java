package dev.verbena.verbs.embedded;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Errno;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever says what is not understood is cut off; everybody else goes on. */
@SuppressWarnings("NullAway.Init") // set before each test
final class BadGuestTest {
    private Context context;
    private CompletionQueue cq;
    private QueuePair qp;
    private MemoryRegion memory;

    @BeforeEach
    void open() {
        context = Verbs.devices(Verbs.provider("embedded")).getFirst().open();
        ProtectionDomain pd = context.allocateProtectionDomain();
        cq = context.createCompletionQueue(16);
        qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
        memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        qp.connect(qp.localEndpoint());
    }

    @AfterEach
    void everybodyElseGoesOn() {
        WorkCompletions completions = new WorkCompletions(2);
        assertThat(qp.postReceive(1, memory.address(), 64, memory.lkey())).isZero();
        assertThat(qp.postSend(2, memory.address() + 64, 64, memory.lkey(), SendFlags.SIGNALED))
                .isZero();
        int polled = 0;
        while (polled < 2) {
            int now = cq.poll(completions);
            for (int index = 0; index < now; index++) {
                completions.requireSuccess(index);
            }
            polled += now;
        }
        context.close();
    }

    private int connect() {
        int fd = Sockets.connect(Node.socketName(Layout.slotOf(qp.number())));
        assertThat(fd).as(Errno.name(-fd)).isPositive();
        return fd;
    }

    private static void awaitCutOff(int fd) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> Sockets.isHungUp(fd));
        assertThat(Linux.close(fd)).isZero();
    }

    private static byte[] hello(long magic, int version, int slot) {
        return Link.message(Link.HELLO)
                .putLong(magic)
                .putInt(version)
                .putInt(slot)
                .putInt(Fences.asymmetric() ? 1 : 0)
                .array();
    }

    @Test
    void garbageIsCutOff() {
        for (byte[] garbage : new byte[][] {
            {1}, {1, 2, 3, 4, 5}, new byte[300], "GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII)
        }) {
            int fd = connect();
            assertThat(Sockets.send(fd, garbage)).isEqualTo(garbage.length);
            awaitCutOff(fd);
        }
    }

    @Test
    void aListenerCutsOffWhatIsNoRequestAndGoesOn() throws InterruptedException {
        try (EventChannel channel = EventChannel.open(Verbs.provider("embedded"))) {
            ConnectionId listener = channel.createId(PortSpace.TCP);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listener.listen(4);
            InetSocketAddress at = requireNonNull(listener.localAddress());
            byte[] request = new CmMessage(
                            CmMessage.REQUEST, PortSpace.TCP.code(), at, ConnectionParameters.DEFAULT, 7, 0, false)
                    .encode();
            byte[] oldVersion = request.clone();
            oldVersion[4] = 0;
            byte[] unknown = request.clone();
            unknown[0] = 77;
            for (byte[] garbage : new byte[][] {{1}, new byte[300], oldVersion, unknown, Arrays.copyOf(request, 40)}) {
                int fd = CmPorts.connect(PortSpace.TCP, at);
                assertThat(Sockets.send(fd, garbage)).isEqualTo(garbage.length);
                awaitCutOff(fd);
            }
            assertThat(channel.poll()).isNull();

            int fd = CmPorts.connect(PortSpace.TCP, at);
            assertThat(Sockets.send(fd, request)).isEqualTo(request.length);
            ConnectionEvent event = requireNonNull(channel.await(Duration.ofSeconds(10)));
            assertThat(event.type()).isEqualTo(ConnectionEventType.CONNECT_REQUEST);
            assertThat(Linux.close(fd)).isZero();
        }
    }

    @Test
    void anotherVersionIsCutOff() {
        SharedMemory control = SharedMemory.create("verbena-test", Layout.CONTROL_BYTES);
        int fd = connect();
        byte[] old = hello(Layout.MAGIC, Layout.VERSION - 1, 7);
        assertThat(Sockets.send(fd, old, control.fd(), control.fd(), control.fd()))
                .isEqualTo(old.length);
        awaitCutOff(fd);
        control.close();
    }

    @Test
    void aControlSegmentThatCouldShrinkOrIsTooSmallIsCutOff() {
        int unsealed = Linux.memfdCreate("verbena-test", Linux.MFD_CLOEXEC | Linux.MFD_ALLOW_SEALING);
        assertThat(Linux.ftruncate(unsealed, Layout.CONTROL_BYTES)).isZero();
        SharedMemory small = SharedMemory.create("verbena-test", 4096);
        for (int control : new int[] {unsealed, small.fd()}) {
            int fd = connect();
            byte[] hello = hello(Layout.MAGIC, Layout.VERSION, 7);
            assertThat(Sockets.send(fd, hello, control, control, control)).isEqualTo(hello.length);
            awaitCutOff(fd);
        }
        small.close();
        assertThat(Linux.close(unsealed)).isZero();
    }

    @Test
    void aRingThatIsNoneIsCutOffAndOneWithNonsenseInItHarmsNobody() {
        int fd = greeted();
        SharedMemory tiny = SharedMemory.create("verbena-test", 4096);
        byte[] ring = ring(1, 4096);
        assertThat(Sockets.send(fd, ring, tiny.fd())).isEqualTo(ring.length);
        awaitCutOff(fd);
        tiny.close();

        // Entries with right stamps and random fields, for every queue there may be.
        int other = greeted();
        SharedMemory scribbled = SharedMemory.create("verbena-test", RingWriter.bytes(64));
        SplittableRandom random = new SplittableRandom(Long.getLong("seed", 42));
        for (int slot = 0; slot < 64; slot++) {
            long at = scribbled.address() + Layout.RING_ENTRIES + slot * Layout.SLOT_BYTES;
            for (int offset = 8; offset < Layout.SLOT_BYTES; offset += 8) {
                Memory.putLong(at + offset, random.nextLong());
            }
            Memory.putInt(at + Layout.SLOT_TARGET, qp.number());
            Memory.putInt(at + Layout.SLOT_OPERATION, 1 + random.nextInt(5));
            Memory.putLong(at + Layout.SLOT_STAMP, slot + 1);
        }
        for (int queue = 1; queue < 20; queue++) {
            byte[] message = ring(queue, 64);
            assertThat(Sockets.send(other, message, scribbled.fd())).isEqualTo(message.length);
        }
        assertThat(cq.poll(new WorkCompletions(16))).isZero();
        assertThat(Linux.close(other)).isZero();
        scribbled.close();
    }

    private int greeted() {
        int fd = connect();
        SharedMemory control = SharedMemory.create("verbena-test", Layout.CONTROL_BYTES);
        int event = Linux.eventfd();
        byte[] hello = hello(Layout.MAGIC, Layout.VERSION, 7);
        assertThat(Sockets.send(fd, hello, control.fd(), event, event)).isEqualTo(hello.length);
        control.close();
        assertThat(Linux.close(event)).isZero();
        Sockets.Received[] answer = new Sockets.Received[1];
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> {
            answer[0] = Sockets.receive(fd);
            return answer[0] != null;
        });
        assertThat(answer[0].fds()).hasSize(3);
        answer[0].closeDescriptors();
        return fd;
    }

    private static byte[] ring(int queue, int slots) {
        return Link.message(Link.RING).putInt(queue).putInt(slots).array();
    }
}
