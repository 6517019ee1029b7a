package dev.verbena.verbs.rdmacore;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every work request through the real native path, on the fake provider. */
class DataPathTest {
    private static final int SIGNALED = SendFlags.SIGNALED;

    @BeforeEach
    void fake() {
        FakeIbverbs.require();
    }

    private static void fill(MemoryRegion region, int from, int bytes) {
        for (int i = 0; i < bytes; i++) {
            region.memory().set(JAVA_BYTE, from + i, (byte) (i * 7 + 1));
        }
    }

    private static void assertFilled(MemoryRegion region, int from, int bytes) {
        for (int i = 0; i < bytes; i++) {
            assertThat(region.memory().get(JAVA_BYTE, from + i))
                    .as("byte %d", i)
                    .isEqualTo((byte) (i * 7 + 1));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = QueuePairType.class,
            names = {"RC", "UC"})
    void aMessageArrivesWithItsImmediate(QueuePairType type) {
        try (Loopback loop = new Loopback(type)) {
            fill(loop.local, 0, 1000);
            loop.far.postReceive(7, loop.remote.address() + 64, 2000, loop.remote.lkey());

            int result = loop.near.postSendWithImmediate(
                    1, loop.local.address(), 1000, loop.local.lkey(), 0x12345678, SIGNALED);

            assertThat(result).isZero();
            loop.expect(loop.sendQueue, 1);
            assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.SEND);
            loop.expect(loop.receiveQueue, 7);
            assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.RECV);
            assertThat(loop.completions.lengthBytes(0)).isEqualTo(1000);
            assertThat(loop.completions.immediate(0)).isEqualTo(0x12345678);
            assertThat(loop.completions.flags(0)).isEqualTo(WorkCompletions.WITH_IMMEDIATE);
            assertThat(loop.completions.queuePairNumber(0)).isEqualTo(loop.far.number());
            assertFilled(loop.remote, 64, 1000);
        }
    }

    @Test
    void aMessageIsGatheredAndScattered() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            fill(loop.local, 0, 300);
            long from = loop.local.address();
            long to = loop.remote.address();
            ScatterGatherList gather = new ScatterGatherList(4)
                    .add(from, 100, loop.local.lkey())
                    .add(from + 100, 150, loop.local.lkey())
                    .add(from + 250, 50, loop.local.lkey());
            ScatterGatherList scatter =
                    new ScatterGatherList(4).add(to, 10, loop.remote.lkey()).add(to + 10, 500, loop.remote.lkey());
            loop.far.postReceive(7, scatter);

            loop.near.postSend(1, gather, SIGNALED);

            loop.expect(loop.sendQueue, 1);
            loop.expect(loop.receiveQueue, 7);
            assertFilled(loop.remote, 0, 300);
        }
    }

    @Test
    void anEmptyMessageNeedsNoMemory() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.far.postReceive(7, 0, 0, 0);

            loop.near.postSend(1, 0, 0, 0, SIGNALED);

            loop.expect(loop.sendQueue, 1);
            loop.expect(loop.receiveQueue, 7);
            assertThat(loop.completions.lengthBytes(0)).isZero();
        }
    }

    @Test
    void aWriteLandsAndItsImmediateTakesAReceive() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            fill(loop.local, 0, 4096);
            loop.far.postReceive(7, loop.remote.address(), 0, loop.remote.lkey());

            loop.near.postWrite(
                    1, loop.local.address(), 4096, loop.local.lkey(), loop.remote.address(), loop.remote.rkey(), 0);
            loop.near.postWriteWithImmediate(
                    2,
                    loop.local.address(),
                    8,
                    loop.local.lkey(),
                    loop.remote.address(),
                    loop.remote.rkey(),
                    -2,
                    SIGNALED);

            loop.expect(loop.sendQueue, 2);
            assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.RDMA_WRITE);
            loop.expect(loop.receiveQueue, 7);
            assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.RECV_RDMA_WITH_IMM);
            assertThat(loop.completions.immediate(0)).isEqualTo(-2);
            assertFilled(loop.remote, 0, 4096);
        }
    }

    @Test
    void aReadFetches() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            fill(loop.remote, 8, 100);

            loop.near.postRead(
                    1,
                    loop.local.address(),
                    100,
                    loop.local.lkey(),
                    loop.remote.address() + 8,
                    loop.remote.rkey(),
                    SIGNALED);

            loop.expect(loop.sendQueue, 1);
            assertFilled(loop.local, 0, 100);
        }
    }

    @Test
    void atomicsAnswerTheValueBefore() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            long target = loop.remote.address() + 16;
            loop.remote.memory().set(JAVA_LONG, 16, 40);

            loop.near.postFetchAndAdd(
                    1, loop.local.address(), loop.local.lkey(), target, loop.remote.rkey(), 2, SIGNALED);
            loop.near.postCompareAndSwap(
                    2, loop.local.address() + 8, loop.local.lkey(), target, loop.remote.rkey(), 42, -1, 0);
            loop.near.postCompareAndSwap(
                    3, loop.local.address() + 16, loop.local.lkey(), target, loop.remote.rkey(), 42, 5, 0);

            loop.expect(loop.sendQueue, 1);
            assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.FETCH_ADD);
            assertThat(loop.local.memory().get(JAVA_LONG, 0)).isEqualTo(40);
            assertThat(loop.local.memory().get(JAVA_LONG, 8)).isEqualTo(42);
            assertThat(loop.local.memory().get(JAVA_LONG, 16)).isEqualTo(-1);
            assertThat(loop.remote.memory().get(JAVA_LONG, 16)).isEqualTo(-1);
        }
    }

    @Test
    void anInlinePayloadMayChangeAsSoonAsItIsStaged() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            int messages = 60; // more than the stage has room for at first, so it grows with payloads in it
            loop.near.start();
            for (int i = 0; i < messages; i++) {
                loop.local.memory().set(JAVA_LONG, 0, i);
                loop.near.postWrite(
                        i,
                        loop.local.address(),
                        8,
                        loop.local.lkey(),
                        loop.remote.address() + i * 8L,
                        loop.remote.rkey(),
                        SendFlags.INLINE);
            }
            loop.local.memory().set(JAVA_LONG, 0, -1);

            int taken = loop.near.complete();

            assertThat(taken).isEqualTo(messages);
            for (int i = 0; i < messages; i++) {
                assertThat(loop.remote.memory().get(JAVA_LONG, i * 8L)).isEqualTo(i);
            }
        }
    }

    @Test
    void aLongBatchGrowsTheStage() {
        FakeIbverbs.hold(false);
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            QueuePairConfig config = QueuePairConfig.reliable(loop.sendQueue)
                    .receiveQueue(loop.receiveQueue)
                    .sendSlots(500)
                    .receiveSlots(500)
                    .entries(3, 2)
                    .inlineBytes(20);
            QueuePair near = loop.pd.createQueuePair(config);
            QueuePair far = loop.pd.createQueuePair(config);
            near.connect(far.localEndpoint());
            far.connect(near.localEndpoint());
            far.startReceives();
            for (int i = 0; i < 500; i++) {
                assertThat(far.postReceive(i, loop.remote.address() + i * 16L, 16, loop.remote.lkey()))
                        .isZero();
            }
            int receives = far.completeReceives();
            long sends = FakeIbverbs.calls("post_send");

            near.start();
            for (int i = 0; i < 500; i++) {
                loop.local.memory().set(JAVA_LONG, 16, i);
                loop.local.memory().set(JAVA_LONG, 1024 + i * 8L, 1000 + i);
                ScatterGatherList list = new ScatterGatherList(2)
                        .add(loop.local.address() + 16, 8, loop.local.lkey())
                        .add(loop.local.address() + 16, 8, loop.local.lkey());
                int result = i % 2 == 0
                        ? near.postSend(i, list, SendFlags.INLINE)
                        : near.postSend(i, loop.local.address() + 1024 + i * 8L, 8, loop.local.lkey(), 0);
                assertThat(result).isZero();
            }
            assertThat(near.postSend(501, 0, 0, 0, 0)).isEqualTo(Refusal.SEND_QUEUE_FULL);
            int taken = near.complete();

            assertThat(receives).isEqualTo(500);
            assertThat(taken).isEqualTo(500);
            assertThat(FakeIbverbs.calls("post_send")).isEqualTo(sends + 1);
            for (int i = 0; i < 500; i++) {
                long expected = i % 2 == 0 ? i : 1000 + i;
                assertThat(loop.remote.memory().get(JAVA_LONG, i * 16L)).isEqualTo(expected);
            }
        }
    }

    @Test
    void aFullSendQueueTakesWhatFitsAndSaysSo() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            FakeIbverbs.hold(true);
            for (int i = 0; i < 60; i++) {
                assertThat(loop.near.postWrite(i, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), SIGNALED))
                        .isZero();
            }

            loop.near.start();
            for (int i = 60; i < 70; i++) {
                assertThat(loop.near.postWrite(i, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), SIGNALED))
                        .isZero();
            }
            int taken = loop.near.complete();

            assertThat(taken).isEqualTo(4);
            assertThat(loop.near.lastErrno()).isEqualTo(Errno.ENOMEM);
            assertThat(loop.near.postWrite(99, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), SIGNALED))
                    .isEqualTo(Refusal.SEND_QUEUE_FULL);
            FakeIbverbs.hold(false);
            assertThat(loop.sendQueue.poll(loop.completions)).isEqualTo(64);
            assertThat(loop.completions.id(63)).isEqualTo(63);
        }
    }

    @Test
    void aFullReceiveQueueTakesWhatFitsAndSaysSo() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            for (int i = 0; i < 64; i++) {
                assertThat(loop.far.postReceive(i, 0, 0, 0)).isZero();
            }

            int result = loop.far.postReceive(64, 0, 0, 0);

            assertThat(result).isEqualTo(Refusal.RECEIVE_QUEUE_FULL);
            assertThat(loop.far.lastErrno()).isEqualTo(Errno.ENOMEM);
        }
    }

    @Test
    void windowsOfType1GetANewKeyWithEachBinding() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryWindow window = loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);
            int before = window.rkey();

            int result = loop.far.postBind(
                    5, window, 0, loop.remote, loop.remote.address(), 64, AccessFlags.REMOTE_WRITE, SIGNALED);

            assertThat(result).isZero();
            loop.expect(loop.sendQueue, 5);
            assertThat(window.rkey()).isEqualTo((before & ~0xff) | ((before + 1) & 0xff));
            loop.near.postWrite(
                    6, loop.local.address(), 64, loop.local.lkey(), loop.remote.address(), window.rkey(), SIGNALED);
            loop.expect(loop.sendQueue, 6);
            loop.near.postWrite(
                    7, loop.local.address(), 65, loop.local.lkey(), loop.remote.address(), window.rkey(), SIGNALED);
            loop.sendQueue.poll(loop.completions);
            assertThat(loop.completions.statusOf(0)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        }
    }

    @Test
    void windowsOfType2AreBoundInvalidatedAndBoundAgain() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryWindow window = loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2);
            for (int round = 0; round < 3; round++) {
                int key = window.nextRkey();
                loop.far.postBind(
                        10, window, key, loop.remote, loop.remote.address(), 64, AccessFlags.REMOTE_WRITE, SIGNALED);
                loop.expect(loop.sendQueue, 10);
                assertThat(window.rkey()).isEqualTo(key);
                loop.near.postWrite(
                        11, loop.local.address(), 64, loop.local.lkey(), loop.remote.address(), key, SIGNALED);
                loop.expect(loop.sendQueue, 11);
                loop.far.postLocalInvalidate(12, key, SIGNALED);
                loop.expect(loop.sendQueue, 12);
                assertThat(loop.completions.opcode(0)).isEqualTo(CompletionOpcode.LOCAL_INV);
            }

            loop.near.postWrite(
                    13, loop.local.address(), 8, loop.local.lkey(), loop.remote.address(), window.rkey(), SIGNALED);

            loop.sendQueue.poll(loop.completions);
            assertThat(loop.completions.statusOf(0)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        }
    }

    @Test
    void aMessageInvalidatesTheReceiversKey() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryWindow window = loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2);
            int key = window.nextRkey();
            loop.far.postBind(1, window, key, loop.remote, loop.remote.address(), 64, AccessFlags.REMOTE_WRITE, 0);
            loop.far.postReceive(7, 0, 0, 0);

            loop.near.postSendWithInvalidate(2, 0, 0, 0, key, SIGNALED);

            loop.expect(loop.sendQueue, 2);
            loop.expect(loop.receiveQueue, 7);
            assertThat(loop.completions.flags(0)).isEqualTo(WorkCompletions.WITH_INVALIDATE);
            assertThat(loop.completions.invalidatedKey(0)).isEqualTo(key);
        }
    }

    @Test
    void aDatagramArrivesBehindItsGlobalRouteHeader() {
        try (Loopback loop = new Loopback(QueuePairType.UD)) {
            GidEntry gid = loop.context.chooseGid(1, null);
            AddressHandle handle = loop.pd.createAddressHandle(AddressVector.to(gid.gid(), 1, gid.index()));
            fill(loop.local, 0, 100);
            loop.far.postReceive(7, loop.remote.address(), 1000, loop.remote.lkey());

            loop.near.postDatagramWithImmediate(
                    1,
                    loop.local.address(),
                    100,
                    loop.local.lkey(),
                    3,
                    handle,
                    loop.far.number(),
                    QueuePair.DEFAULT_QKEY,
                    SIGNALED);

            loop.expect(loop.sendQueue, 1);
            loop.expect(loop.receiveQueue, 7);
            assertThat(loop.completions.lengthBytes(0)).isEqualTo(140);
            assertThat(loop.completions.sourceQueuePair(0)).isEqualTo(loop.near.number());
            assertThat(loop.completions.flags(0))
                    .isEqualTo(WorkCompletions.WITH_IMMEDIATE | WorkCompletions.GLOBAL_ROUTE_HEADER);
            assertFilled(loop.remote, 40, 100);
        }
    }

    @Test
    void sharedReceivesServeAQueuePair() {
        try (Loopback loop = new Loopback(QueuePairType.RC, 32)) {
            loop.sharedReceiveQueue().start();
            for (int i = 0; i < 32; i++) {
                loop.sharedReceiveQueue().postReceive(i, loop.remote.address(), 100, loop.remote.lkey());
            }
            int taken = loop.sharedReceiveQueue().complete();
            int full = loop.sharedReceiveQueue().postReceive(32, 0, 0, 0);

            loop.near.postSend(1, loop.local.address(), 100, loop.local.lkey(), SIGNALED);

            assertThat(taken).isEqualTo(32);
            assertThat(full).isEqualTo(Refusal.RECEIVE_QUEUE_FULL);
            loop.expect(loop.sendQueue, 1);
            loop.expect(loop.receiveQueue, 0);
            assertThat(loop.completions.queuePairNumber(0)).isEqualTo(loop.far.number());
        }
    }

    @Test
    void aFailedRequestIsReportedOnceAndTheRestIsFlushed() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            loop.near.postReceive(3, 0, 0, 0);
            loop.near.start();
            loop.near.postWrite(1, loop.local.address(), 8, loop.local.lkey(), loop.remote.address(), 0x7f00, SIGNALED);
            loop.near.postWrite(2, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), SIGNALED);
            loop.near.complete();

            assertThat(loop.sendQueue.poll(loop.completions)).isEqualTo(2);
            assertThat(loop.completions.statusOf(0)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
            assertThat(loop.completions.vendorError(0)).isEqualTo(0x77);
            assertThat(loop.completions.statusOf(1)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
            assertThat(loop.receiveQueue.poll(loop.completions)).isEqualTo(1);
            assertThat(loop.completions.statusOf(0)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
        }
    }

    /** rxe queues a request that it refuses in INIT, and executes it when the queue pair gets ready. */
    @Test
    void aPostRefusedInInitNeverExecutes() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            QueuePair early = loop.pd.createQueuePair(QueuePairConfig.reliable(loop.sendQueue));
            early.initialize();

            assertThatThrownBy(() -> early.postWrite(
                            1,
                            loop.local.address(),
                            8,
                            loop.local.lkey(),
                            loop.remote.address(),
                            loop.remote.rkey(),
                            SIGNALED))
                    .isInstanceOf(IllegalStateException.class);
            early.connectInitialized(loop.far.localEndpoint());

            assertThat(loop.sendQueue.poll(loop.completions)).isZero();
        }
    }

    @Test
    void aHandleClosedInsideABatchStopsTheBatchBeforeTheDoorbell() {
        try (Loopback loop = new Loopback(QueuePairType.UD)) {
            GidEntry gid = loop.context.chooseGid(1, null);
            AddressHandle handle = loop.pd.createAddressHandle(AddressVector.to(gid.gid(), 1, gid.index()));
            loop.near.start();
            loop.near.postDatagram(
                    1,
                    loop.local.address(),
                    100,
                    loop.local.lkey(),
                    handle,
                    loop.far.number(),
                    QueuePair.DEFAULT_QKEY,
                    SIGNALED);
            handle.close();

            assertThatThrownBy(loop.near::complete)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was closed between start and complete");
            assertThat(loop.near.complete()).isZero();
            assertThat(loop.sendQueue.poll(loop.completions)).isZero();
        }
    }
}
