package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The data path allocates nothing, once it is compiled. Measured with the JVM's own count of the thread's allocated bytes.
 */
class AllocationTest {
    private static final int WARM_UP = 60_000;
    private static final int MEASURED = 20_000;
    /** Reading the counter itself costs a little in a JVM that has just compiled the loop. */
    private static final int ROUNDS_MAX = 10;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @BeforeEach
    void fake() {
        FakeIbverbs.require();
    }

    /** Runs a loop until it is compiled, then until a run allocates nothing, or too many have not. */
    private static long bytesPerRun(Runnable loop) {
        long least = Long.MAX_VALUE;
        long thread = Thread.currentThread().threadId();
        for (int round = 0; round < ROUNDS_MAX && least > 0; round++) {
            long before = THREADS.getThreadAllocatedBytes(thread);
            loop.run();
            least = Math.min(least, THREADS.getThreadAllocatedBytes(thread) - before);
        }
        return least;
    }

    private static void assertNothingAllocated(Runnable warmUp, Runnable measured) {
        warmUp.run();
        assertThat(bytesPerRun(measured)).isZero();
    }

    private static void poll(CompletionQueue queue, WorkCompletions completions, int count) {
        int polled = 0;
        while (polled < count) {
            polled += queue.poll(completions);
        }
        completions.requireSuccess(0);
    }

    private static void sendAndReceive(Loopback loop, int times) {
        for (int i = 0; i < times; i++) {
            int received = loop.far.postReceive(i, loop.remote.address(), 64, loop.remote.lkey());
            int sent = loop.near.postSend(i, loop.local.address(), 64, loop.local.lkey(), SendFlags.SIGNALED);
            if ((received | sent) != 0) {
                throw new AssertionError(received + " " + sent);
            }
            poll(loop.sendQueue, loop.completions, 1);
            poll(loop.receiveQueue, loop.completions, 1);
        }
    }

    @Test
    void sendingReceivingAndPollingAllocateNothing() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            assertNothingAllocated(() -> sendAndReceive(loop, WARM_UP), () -> sendAndReceive(loop, MEASURED));
        }
    }

    @Test
    void postingCriticallyAllocatesNothingEither(@TempDir Path sysfs) throws IOException {
        presentAsHardware(sysfs);
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            assertNothingAllocated(() -> sendAndReceive(loop, WARM_UP), () -> sendAndReceive(loop, MEASURED));
        }
    }

    private static void presentAsHardware(Path sysfs) throws IOException {
        Path driver = Files.createDirectories(sysfs.resolve("drivers/mlx5_core"));
        Files.createSymbolicLink(
                Files.createDirectories(sysfs.resolve("device")).resolve("driver"), driver);
        FakeIbverbs.presentPaths(sysfs.toString(), "", "uverbs-fake0");
    }

    private static void oneSided(Loopback loop, ScatterGatherList list, int times) {
        long local = loop.local.address();
        int lkey = loop.local.lkey();
        long remote = loop.remote.address();
        int rkey = loop.remote.rkey();
        QueuePair qp = loop.near;
        for (int i = 0; i < times; i++) {
            list.clear().add(local, 8, lkey).add(local + 8, 8, lkey);
            qp.start();
            qp.postWrite(i, local, 64, lkey, remote, rkey, 0);
            qp.postWrite(i, local, 64, lkey, remote, rkey, SendFlags.INLINE);
            qp.postWrite(i, list, remote, rkey, 0);
            qp.postRead(i, local, 64, lkey, remote, rkey, 0);
            qp.postFetchAndAdd(i, local, lkey, remote, rkey, 1, 0);
            qp.postCompareAndSwap(i, local, lkey, remote, rkey, 1, 2, SendFlags.SIGNALED);
            int taken = qp.complete();
            if (taken != 6) {
                throw new AssertionError(taken);
            }
            poll(loop.sendQueue, loop.completions, 1);
        }
    }

    @Test
    void batchesOfOneSidedRequestsAllocateNothing() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            ScatterGatherList list = new ScatterGatherList(4);

            assertNothingAllocated(() -> oneSided(loop, list, WARM_UP / 3), () -> oneSided(loop, list, MEASURED));
        }
    }

    private static void pollNothing(Loopback loop, int times) {
        for (int i = 0; i < times; i++) {
            if (loop.sendQueue.poll(loop.completions) != 0) {
                throw new AssertionError();
            }
            loop.receiveQueue.requestNotify(false);
        }
    }

    @Test
    void pollingAnEmptyQueueAndArmingItAllocateNothing() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            assertNothingAllocated(() -> pollNothing(loop, WARM_UP), () -> pollNothing(loop, MEASURED));
        }
    }

    private static void sharedReceives(Loopback loop, SharedReceiveQueue queue, int times) {
        for (int i = 0; i < times; i++) {
            queue.postReceive(i, loop.remote.address(), 64, loop.remote.lkey());
            loop.near.postSend(i, loop.local.address(), 64, loop.local.lkey(), 0);
            poll(loop.receiveQueue, loop.completions, 1);
        }
    }

    @Test
    void sharedReceivesAllocateNothing() {
        try (Loopback loop = new Loopback(QueuePairType.RC, 64)) {
            SharedReceiveQueue queue = loop.sharedReceiveQueue();

            assertNothingAllocated(
                    () -> sharedReceives(loop, queue, WARM_UP), () -> sharedReceives(loop, queue, MEASURED));
        }
    }
}
