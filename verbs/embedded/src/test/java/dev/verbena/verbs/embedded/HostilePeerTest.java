package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A peer whose tables lie: every request to it ends with an error, or reaches the peer's own memory, and no other. The
 * queue pair beside it, connected to itself, goes on.
 */
@SuppressWarnings("NullAway.Init") // set before each test
final class HostilePeerTest {
    private static final int BYTES = 256;
    private static final int GUARD = 0x5a;
    private static final int SMALL = 1;
    private static final int UNSEALED = 2;
    private static final int NOTHING = 3;
    private static final int TOO_LONG = 4;
    /** Of requests that wait in vain for a mapping: a second, and the acknowledge timeouts. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final SplittableRandom random = new SplittableRandom(Long.getLong("seed", 7));
    private Context context;
    private ProtectionDomain pd;
    private CompletionQueue cq;
    private CompletionQueue ownQueue;
    private MemoryRegion memory;
    private MemoryRegion guarded;
    private QueuePair own;
    private SharedMemory small;
    private int unsealed;
    private HostileNode hostile;
    private int nextIndex = 1;

    @BeforeEach
    void open() {
        context = Verbs.devices(Verbs.provider("embedded")).getFirst().open();
        pd = context.allocateProtectionDomain();
        cq = context.createCompletionQueue(1024);
        ownQueue = context.createCompletionQueue(16);
        memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        guarded = pd.allocate(1 << 20, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
        guarded.memory().fill((byte) GUARD);
        own = pd.createQueuePair(QueuePairConfig.reliable(ownQueue));
        own.connect(own.localEndpoint());
        small = SharedMemory.create("verbena-test", 4096);
        unsealed = Linux.memfdCreate("verbena-test", Linux.MFD_CLOEXEC | Linux.MFD_ALLOW_SEALING);
        assertThat(Linux.ftruncate(unsealed, 1 << 20)).isZero();
        hostile = new HostileNode(random.split(), new HostileNode.Segments() {
            @Override
            public int fd(int slot) {
                return switch (slot) {
                    case UNSEALED -> unsealed;
                    case NOTHING -> 0;
                    default -> small.fd();
                };
            }

            @Override
            public long claimedBytes(int slot) {
                return slot == TOO_LONG ? 1L << 40 : 4096;
            }
        });
    }

    @AfterEach
    void nobodyElseWasHarmed() throws Exception {
        try {
            assertThat(own.postReceive(1, memory.address(), 64, memory.lkey())).isZero();
            assertThat(own.postSend(2, memory.address() + 64, 64, memory.lkey(), SendFlags.SIGNALED))
                    .isZero();
            WorkCompletions completions = new WorkCompletions(2);
            for (int polled = 0; polled < 2; ) {
                int now = ownQueue.poll(completions);
                for (int index = 0; index < now; index++) {
                    completions.requireSuccess(index);
                }
                polled += now;
            }
            assertThat(guarded.memory()
                            .mismatch(pd.allocate(1 << 20, AccessFlags.LOCAL_WRITE)
                                    .memory()
                                    .fill((byte) GUARD)))
                    .as("the first byte of another region that was changed")
                    .isEqualTo(-1);
        } finally {
            hostile.close();
            context.close();
            small.close();
            assertThat(Linux.close(unsealed)).isZero();
        }
    }

    /** A queue pair connected to one of the hostile peer's, whose entry is answered for a test to spoil. */
    private QueuePair connect(long[] entry) {
        QueuePair qp = pd.createQueuePair(
                QueuePairConfig.reliable(cq).sendSlots(4).receiveSlots(4).entries(1, 1));
        int index = nextIndex++;
        entry[0] = hostile.queuePair(index, qp.number());
        QueuePairEndpoint here = qp.localEndpoint();
        qp.connect(new QueuePairEndpoint(hostile.number(index), 0, here.gid(), here.lid()));
        return qp;
    }

    private void post(QueuePair qp, int kind, long remoteAddress, int rkey) {
        long at = memory.address();
        int refused = switch (kind) {
            case 0 -> qp.postWrite(kind, at, BYTES, memory.lkey(), remoteAddress, rkey, SendFlags.SIGNALED);
            case 1 -> qp.postRead(kind, at, BYTES, memory.lkey(), remoteAddress, rkey, SendFlags.SIGNALED);
            case 2 -> qp.postFetchAndAdd(kind, at, memory.lkey(), remoteAddress, rkey, 1, SendFlags.SIGNALED);
            default -> qp.postSend(kind, at, BYTES, memory.lkey(), SendFlags.SIGNALED);
        };
        assertThat(refused).isZero();
    }

    /** The status of one request of each of so many queue pairs. */
    private Map<Integer, CompletionStatus> statuses(int count) {
        Map<Integer, CompletionStatus> statuses = new HashMap<>();
        WorkCompletions completions = new WorkCompletions(16);
        long start = System.nanoTime();
        while (statuses.size() < count) {
            int polled = cq.poll(completions);
            for (int index = 0; index < polled; index++) {
                statuses.put(completions.queuePairNumber(index), completions.statusOf(index));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("%s of %s requests ended", statuses.size(), count)
                    .isLessThan(LIMIT);
        }
        return statuses;
    }

    private CompletionStatus statusOfAccess(int kind, int segment, long offset, long lengthBytes, long iova) {
        QueuePair qp = connect(new long[1]);
        int key = (nextIndex << 16) | 0x1234;
        long region = hostile.region(key);
        Memory.putInt(region + Layout.REGION_KIND, Layout.REGION_SHARED);
        Memory.putLong(region + Layout.REGION_IOVA, iova);
        Memory.putLong(region + Layout.REGION_LENGTH, lengthBytes);
        Memory.putInt(region + Layout.REGION_ACCESS, -1);
        Memory.putInt(region + Layout.REGION_SEGMENT, segment);
        Memory.putInt(region + Layout.REGION_SEGMENT_LIFE, 1);
        Memory.putLong(region + Layout.REGION_OFFSET, offset);
        post(qp, kind, 4096, key);
        return statuses(1).values().iterator().next();
    }

    @Test
    void aRegionThatIsLargerThanItsSegmentIsRefusedBeyondTheSegment() {
        assertThat(statusOfAccess(0, SMALL, 0, 4096, 4096)).isEqualTo(CompletionStatus.SUCCESS);
        for (int kind = 0; kind < 3; kind++) {
            assertThat(statusOfAccess(kind, SMALL, 4096, 1L << 40, 4096)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
            assertThat(statusOfAccess(kind, SMALL, Long.MAX_VALUE - 8, Long.MAX_VALUE, 0))
                    .isEqualTo(CompletionStatus.REM_ACCESS_ERR);
            assertThat(statusOfAccess(kind, SMALL, -1, 1 << 20, 4096)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        }
    }

    @Test
    void aSegmentThatCouldShrinkOrIsTooSmallOrNoMemoryIsNotMapped() {
        assertThat(statusOfAccess(0, UNSEALED, 0, 4096, 4096)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(statusOfAccess(1, NOTHING, 0, 4096, 4096)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(statusOfAccess(0, TOO_LONG, 0, 4096, 4096)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(statusOfAccess(0, -7, 0, 4096, 4096)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        assertThat(statusOfAccess(0, 1 << 20, 0, 4096, 4096)).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
    }

    @Test
    void randomTablesBringErrorsAndNoHarm() {
        System.err.println("random tables: -Dseed=" + Long.getLong("seed", 7));
        List<QueuePair> all = new ArrayList<>();
        int count = 300 * Math.max(1, Integer.getInteger("scale", 1));
        for (int round = 0; round < count; round++) {
            long[] entry = new long[1];
            QueuePair qp = connect(entry);
            int key = (nextIndex << 16) | random.nextInt(1 << 16);
            spoilRegion(hostile.region(key));
            spoilQueuePair(entry[0]);
            post(qp, random.nextInt(4), random.nextBoolean() ? 4096 : random.nextLong(), key);
            all.add(qp);
        }

        Map<Integer, CompletionStatus> statuses = statuses(count);

        assertThat(statuses.keySet()).hasSize(count);
        assertThat(statuses.values()).contains(CompletionStatus.REM_ACCESS_ERR, CompletionStatus.RETRY_EXC_ERR);
        all.forEach(QueuePair::close);
    }

    private long wild() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(64);
            case 1 -> -random.nextInt(4096);
            case 2 -> random.nextInt();
            default -> random.nextLong();
        };
    }

    /** Foreign memory is left out: the hostile process is this one, and it may let its own memory be written. */
    private void spoilRegion(long region) {
        Memory.putInt(region + Layout.REGION_KIND, Layout.REGION_SHARED);
        Memory.putLong(region + Layout.REGION_IOVA, wild());
        Memory.putLong(region + Layout.REGION_LENGTH, wild());
        Memory.putInt(region + Layout.REGION_ACCESS, -1);
        Memory.putInt(region + Layout.REGION_SEGMENT, random.nextBoolean() ? SMALL : random.nextInt(5, 9));
        Memory.putInt(region + Layout.REGION_SEGMENT_LIFE, 1);
        Memory.putLong(region + Layout.REGION_OFFSET, wild());
        Memory.putInt(region + Layout.REGION_WINDOW, random.nextInt(3));
    }

    private void spoilQueuePair(long entry) {
        Memory.putInt(entry + Layout.QP_WINDOW_SEGMENT, random.nextBoolean() ? SMALL : random.nextInt(5, 9));
        Memory.putInt(entry + Layout.QP_WINDOW_SEGMENT_LIFE, 1);
        Memory.putLong(entry + Layout.QP_WINDOW_OFFSET, wild());
        Memory.putInt(entry + Layout.QP_WINDOW_MASK, (int) wild());
        Memory.putInt(entry + Layout.QP_WINDOW_STRIDE, (int) wild());
        Memory.putInt(entry + Layout.QP_MIN_RNR_TIMER, 1 + random.nextInt(8));
        Memory.putLong(entry + Layout.QP_TAKEN, random.nextInt(8) == 0 ? wild() : 0);
        Memory.putLongRelease(entry + Layout.QP_POSTED, wild());
    }
}
