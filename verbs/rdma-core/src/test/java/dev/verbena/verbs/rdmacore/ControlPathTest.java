package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the fake device tells of itself arrives field by field, and what is asked of it arrives there. */
class ControlPathTest {
    private static final int IWARP = 1;

    @BeforeEach
    void fake() {
        FakeIbverbs.require();
    }

    @Test
    void everyFieldOfTheDeviceArrives() {
        try (Context context = Verbs.open("fake0")) {
            DeviceAttributes device = context.queryDevice();

            assertThat(device)
                    .isEqualTo(new DeviceAttributes(
                            "1.2.3",
                            0x0123456789abcdefL,
                            0x0807060504030201L,
                            -1,
                            0xfffff000L,
                            0xfa4e,
                            7,
                            9,
                            4095,
                            16384,
                            1 << 17 | 1 << 24 | 1 << 13,
                            16,
                            15,
                            1000,
                            65536,
                            65535,
                            100,
                            16,
                            160,
                            17,
                            DeviceAttributes.AtomicCapability.DEVICE,
                            1000,
                            10,
                            11,
                            12,
                            13,
                            4096,
                            8,
                            1,
                            14,
                            1));
            assertThat(context.device().nodeGuid()).isEqualTo(0x0123456789abcdefL);
            assertThat(context.completionVectors()).isEqualTo(2);
            assertThat(context.queryPkey(1, 0)).isEqualTo(0xf234);
        }
    }

    private static PortAttributes port(PortAttributes.LinkLayer linkLayer) {
        return new PortAttributes(
                1,
                PortAttributes.State.ACTIVE,
                Mtu.MTU_4096,
                Mtu.MTU_1024,
                8,
                0x10000,
                1L << 30,
                0x1234,
                0x4321,
                3,
                linkLayer,
                1,
                2,
                32,
                5);
    }

    @Test
    void everyFieldOfThePortArrives() {
        try (Context context = Verbs.open("fake0")) {
            assertThat(context.queryPort(1)).isEqualTo(port(PortAttributes.LinkLayer.ETHERNET));
            assertThatThrownBy(() -> context.queryPort(2))
                    .hasMessageStartingWith("ibv_query_port failed on device fake0 port 2: EINVAL (22)");
        }
    }

    @Test
    void withoutExtendedVerbsTheOldFunctionsAreAsked() {
        FakeIbverbs.present(1, 0, false);
        try (Context context = Verbs.open("fake0")) {
            assertThat(context.queryPort(1)).isEqualTo(port(PortAttributes.LinkLayer.UNSPECIFIED));
            assertThat(context.has(Capability.ON_DEMAND_PAGING)).isFalse();
        }
    }

    @Test
    void theGidTableArrivesWithTypesAndInterfaces(@TempDir Path sysfs) throws Exception {
        Path names = Files.createDirectories(sysfs.resolve("ports/1/gid_attrs/ndevs"));
        Files.writeString(names.resolve("3"), "eth7\n");
        FakeIbverbs.presentPaths(sysfs.toString(), "", "uverbs-fake0");
        try (Context context = Verbs.open("fake0")) {
            List<GidEntry> gids = context.queryGids(1);

            assertThat(gids)
                    .containsExactly(
                            new GidEntry(1, 0, Gid.parse("fe80::1"), GidEntry.Type.ROCE_V1, "lo"),
                            new GidEntry(1, 1, Gid.parse("fe80::1"), GidEntry.Type.ROCE_V2, "lo"),
                            new GidEntry(1, 3, Gid.parse("::ffff:10.7.0.1"), GidEntry.Type.ROCE_V2, "eth7"));
            assertThat(context.chooseGid(1, null).index()).isEqualTo(3);
        }
    }

    @Test
    void capabilitiesFollowWhatTheDeviceSays() {
        try (Context context = Verbs.open("fake0")) {
            assertThat(context.capabilities())
                    .contains(
                            Capability.RELIABLE_CONNECTED,
                            Capability.REMOTE_ATOMICS,
                            Capability.SHARED_RECEIVE_QUEUE,
                            Capability.RESIZE_SHARED_RECEIVE_QUEUE,
                            Capability.MEMORY_WINDOW_TYPE_1,
                            Capability.MEMORY_WINDOW_TYPE_2,
                            Capability.ON_DEMAND_PAGING,
                            Capability.MAX_MESSAGE_ENFORCED)
                    .doesNotContain(Capability.ATOMICS_WITH_CPU, Capability.RELAXED_ORDERING);
        }
        FakeIbverbs.present(1, IWARP, true);
        try (Context context = Verbs.open("fake0")) {
            assertThat(context.capabilities())
                    .contains(Capability.RELIABLE_CONNECTED)
                    .doesNotContain(Capability.UNRELIABLE_DATAGRAM, Capability.UNRELIABLE_CONNECTED);
        }
    }

    @Test
    void softRoceIsKnownByItsNodeDescription(@TempDir Path sysfs) throws Exception {
        Files.writeString(sysfs.resolve("node_desc"), "rxe\n");
        FakeIbverbs.presentPaths(sysfs.toString(), "", "uverbs-fake0");
        try (Context context = Verbs.open("fake0")) {
            assertThat(context.capabilities())
                    .doesNotContain(
                            Capability.MAX_MESSAGE_ENFORCED,
                            Capability.MEMORY_WINDOW_BOUNDS,
                            Capability.SEND_SLOTS_FREED_BY_POLLING,
                            Capability.SEND_QUEUE_ERROR_STATE);
        }
    }

    @Test
    void everyAttributeOfAQueuePairGoesThereAndBack() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            QueuePair qp = loop.pd.createQueuePair(QueuePairConfig.reliable(loop.sendQueue));
            AddressVector vector =
                    new AddressVector(1, true, Gid.parse("fd07::2"), 3, 63, 0x2c, 0xfffff, 0x7fff, 5, 0x7f, 3);
            qp.modify(new QueuePairAttributes()
                    .state(QueuePairState.INIT)
                    .pkeyIndex(0xfedc)
                    .port(1)
                    .accessFlags(AccessFlags.REMOTE_ALL));
            qp.modify(new QueuePairAttributes()
                    .state(QueuePairState.READY_TO_RECEIVE)
                    .addressVector(vector)
                    .pathMtu(Mtu.MTU_2048)
                    .destinationNumber(0xabcdef)
                    .receivePsn(0x123456)
                    .destinationReadDepth(200)
                    .minRnrTimer(31));
            qp.modify(new QueuePairAttributes()
                    .state(QueuePairState.READY_TO_SEND)
                    .sendPsn(0x654321)
                    .timeout(30)
                    .retryCount(5)
                    .rnrRetry(4)
                    .readDepth(150));

            QueuePairAttributes back = qp.query();

            assertThat(back.state()).isEqualTo(QueuePairState.READY_TO_SEND);
            assertThat(back.currentState()).isEqualTo(QueuePairState.READY_TO_SEND);
            assertThat(back.pkeyIndex()).isEqualTo(0xfedc);
            assertThat(back.port()).isEqualTo(1);
            assertThat(back.accessFlags()).isEqualTo(AccessFlags.REMOTE_ALL);
            assertThat(back.addressVector()).isEqualTo(vector);
            assertThat(back.pathMtu()).isEqualTo(Mtu.MTU_2048);
            assertThat(back.destinationNumber()).isEqualTo(0xabcdef);
            assertThat(back.receivePsn()).isEqualTo(0x123456);
            assertThat(back.destinationReadDepth()).isEqualTo(200);
            assertThat(back.minRnrTimer()).isEqualTo(31);
            assertThat(back.sendPsn()).isEqualTo(0x654321);
            assertThat(back.timeout()).isEqualTo(30);
            assertThat(back.retryCount()).isEqualTo(5);
            assertThat(back.rnrRetry()).isEqualTo(4);
            assertThat(back.readDepth()).isEqualTo(150);
        }
    }

    @Test
    void anIllegalMoveIsExplained() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            QueuePair qp = loop.pd.createQueuePair(QueuePairConfig.reliable(loop.sendQueue));

            assertThatThrownBy(() -> qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND)))
                    .isInstanceOf(VerbsException.class)
                    .hasMessageContaining("EINVAL (22)")
                    .hasMessageContaining("RESET -> READY_TO_SEND");
        }
    }

    @Test
    void aCompletionQueueKeepsWhatIsInItWhenItIsResized() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            for (int i = 0; i < 10; i++) {
                loop.near.postWrite(i, 0, 0, 0, loop.remote.address(), loop.remote.rkey(), 2);
            }

            assertThat(loop.sendQueue.resize(20)).isEqualTo(20);

            assertThat(loop.sendQueue.entries()).isEqualTo(20);
            assertThatThrownBy(() -> loop.sendQueue.resize(5)).hasMessageContaining("more completions are waiting");
            assertThat(loop.sendQueue.poll(loop.completions)).isEqualTo(10);
            assertThat(loop.completions.id(9)).isEqualTo(9);
        }
    }

    @Test
    void aSharedReceiveQueueKeepsWhatIsInItWhenItIsResized() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            SharedReceiveQueue queue = loop.pd.createSharedReceiveQueue(new SharedReceiveQueueConfig(4, 2, 3));
            assertThat(queue.limit()).isEqualTo(3);
            for (int i = 0; i < 4; i++) {
                assertThat(queue.postReceive(i, 0, 0, 0)).isZero();
            }
            assertThat(queue.postReceive(4, 0, 0, 0)).isEqualTo(Refusal.RECEIVE_QUEUE_FULL);

            queue.resize(8);

            assertThat(queue.slots()).isEqualTo(8);
            for (int i = 4; i < 8; i++) {
                assertThat(queue.postReceive(i, 0, 0, 0)).isZero();
            }
            assertThat(queue.postReceive(8, 0, 0, 0)).isEqualTo(Refusal.RECEIVE_QUEUE_FULL);
        }
    }

    @Test
    void allocatedMemoryIsZeroedPageAlignedAndEndsWithItsRegion() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryRegion region = loop.pd.allocate(10_000, Loopback.ALL, Pages.HUGE_IF_AVAILABLE);
            MemorySegment memory = region.memory();

            assertThat(region.address() % 4096).isZero();
            assertThat(memory.byteSize()).isEqualTo(10_000);
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 9_999)).isZero();
            region.close();
            assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void peersReachAZeroBasedRegionFromZero() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryRegion region = loop.pd.allocate(4096, Loopback.ALL | AccessFlags.ZERO_BASED);
            loop.local.memory().set(ValueLayout.JAVA_LONG, 0, 77);

            loop.near.postWrite(1, loop.local.address(), 8, loop.local.lkey(), 8, region.rkey(), 2);

            loop.expect(loop.sendQueue, 1);
            assertThat(region.memory().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(77);
        }
    }

    @Test
    void foreignMemoryIsRegisteredWhereItLies() {
        try (Loopback loop = new Loopback(QueuePairType.RC);
                Arena arena = Arena.ofShared()) {
            MemorySegment segment = arena.allocate(100, 8);
            MemoryRegion region = loop.pd.registerUnmanaged(segment, Loopback.ALL);
            loop.local.memory().set(ValueLayout.JAVA_LONG, 0, 78);

            loop.near.postWrite(1, loop.local.address(), 8, loop.local.lkey(), segment.address(), region.rkey(), 2);

            loop.expect(loop.sendQueue, 1);
            assertThat(segment.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(78);
            region.close();
        }
    }
}
