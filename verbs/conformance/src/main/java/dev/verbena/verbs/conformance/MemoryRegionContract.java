package dev.verbena.verbs.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.RegisteredArena;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Memory regions: every right, any length and address, memory of every kind, refusals, the end of a registration. */
final class MemoryRegionContract extends Contract {
    private static final int ALL = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_WRITE;

    private ProtectionDomain pd() {
        return contextA().allocateProtectionDomain();
    }

    @Test
    void everyCombinationOfRightsIsTakenOrRefusedByTheRule() {
        ProtectionDomain pd = pd();
        int rights = contextA().has(Capability.MEMORY_WINDOW_TYPE_1) ? 1 << 5 : 1 << 4;
        for (int access = 0; access < rights; access++) {
            if ((access & AccessFlags.REMOTE_ATOMIC) != 0 && !contextA().has(Capability.REMOTE_ATOMICS)) {
                continue;
            }
            int tried = access;
            boolean writesFromAfar = (access & (AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_ATOMIC)) != 0;
            if (writesFromAfar && (access & AccessFlags.LOCAL_WRITE) == 0) {
                assertThatThrownBy(() -> pd.allocate(4096, tried))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("LOCAL_WRITE");
            } else {
                MemoryRegion region = pd.allocate(4096, access);
                assertThat(region.access()).isEqualTo(access);
                region.close();
            }
        }
    }

    @Test
    void unknownRightsAreRefused() {
        ProtectionDomain pd = pd();

        assertThatThrownBy(() -> pd.allocate(4096, 1 << 12))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("unknown");
    }

    @Test
    void aRegionTellsItsAddressItsLengthItsKeysAndWhatItCovers() {
        MemoryRegion region = pd().allocate(10_000, ALL);

        assertThat(region.lengthBytes()).isEqualTo(10_000);
        assertThat(region.address()).isEqualTo(region.memory().address());
        assertThat(region.covers(region.address(), 10_000)).isTrue();
        assertThat(region.covers(region.address() + 9_999, 1)).isTrue();
        assertThat(region.covers(region.address() + 9_999, 2)).isFalse();
        assertThat(region.covers(region.address() - 1, 2)).isFalse();
    }

    @Test
    void allocatedMemoryIsZeroPageAlignedAndGoneAfterClosing() {
        MemoryRegion region = pd().allocate(5000, ALL);
        MemorySegment memory = region.memory();

        assertThat(region.address() % 4096).isZero();
        assertThat(memory.toArray(JAVA_BYTE)).containsOnly(0);

        region.close();
        region.close();

        assertThat(region.isOpen()).isFalse();
        assertThatThrownBy(() -> memory.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void oddLengthsAtOddAddressesCarryData() {
        Pair pair = pair();
        MemorySegment memory = Arena.ofAuto().allocate(300_000, 4096);
        long id = 10;
        for (int length : new int[] {1, 3, 4095, 4096, 4097, 65_537, 123_457}) {
            for (int shift : new int[] {0, 1, 2047, 4095}) {
                MemorySegment part = memory.asSlice(shift, length);
                byte[] message = Pattern.bytes(id, length);
                MemorySegment.copy(message, 0, part, JAVA_BYTE, 0, length);
                try (MemoryRegion region = pair.a().pd.register(part, AccessFlags.LOCAL_READ)) {
                    assertThat(region.lengthBytes()).isEqualTo(length);
                    pair.b().receive(id + 1, 7, length);
                    assertThat(pair.a().qp.postSend(id, region.address(), length, region.lkey(), SendFlags.SIGNALED))
                            .isZero();
                    pair.b().success(id + 1);
                    pair.a().success(id);
                    assertThat(pair.b().bytes(7, length)).isEqualTo(message);
                }
                id += 2;
            }
        }
    }

    @Test
    void memoryOfEveryKindThatCannotVanishIsTaken() {
        ProtectionDomain pd = pd();
        MemorySegment automatic = Arena.ofAuto().allocate(777);
        MemorySegment global = Arena.global().allocate(777);
        ByteBuffer buffer = ByteBuffer.allocateDirect(777).position(100).limit(200);

        assertThat(pd.register(automatic, ALL).lengthBytes()).isEqualTo(777);
        assertThat(pd.register(global, ALL).lengthBytes()).isEqualTo(777);
        assertThat(pd.register(buffer, ALL).lengthBytes()).isEqualTo(777);
    }

    @Test
    void memoryThatMovesVanishesOrMayNotBeWrittenIsRefusedInWords() {
        ProtectionDomain pd = pd();

        assertThatThrownBy(() -> pd.register(MemorySegment.ofArray(new byte[64]), ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("heap");
        assertThatThrownBy(() -> pd.register(ByteBuffer.allocate(64), ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("heap");
        assertThatThrownBy(() -> pd.register(ByteBuffer.allocateDirect(64).asReadOnlyBuffer(), ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("read-only");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment closeable = arena.allocate(64);
            assertThatThrownBy(() -> pd.register(closeable, ALL))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("registerUnmanaged");
        }
    }

    @Test
    void memoryOfACloseableArenaIsTakenWhenTheCallerTakesTheResponsibility() {
        Pair pair = pair();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(4096);
            byte[] message = Pattern.bytes(4, 4096);
            MemorySegment.copy(message, 0, memory, JAVA_BYTE, 0, 4096);
            try (MemoryRegion region = pair.a().pd.registerUnmanaged(memory, AccessFlags.LOCAL_READ)) {
                pair.b().receive(1, 0, 4096);
                assertThat(pair.a().qp.postSend(2, region.address(), 4096, region.lkey(), SendFlags.SIGNALED))
                        .isZero();
                pair.b().success(1);
                pair.a().success(2);
            }
            assertThat(pair.b().bytes(0, 4096)).isEqualTo(message);
        }
    }

    @Test
    void anArenaRegistersWhatItAllocatesAndDeregistersBeforeItFrees() {
        ProtectionDomain pd = pd();
        RegisteredArena arena = pd.arena(ALL);
        MemorySegment first = arena.allocate(100, 8);
        MemorySegment second = arena.allocate(100, 8);
        MemoryRegion region = arena.region(second);

        assertThat(region.covers(second.address(), 100)).isTrue();
        assertThat(region.covers(first.address(), 100)).isFalse();
        assertThat(region.isOpen()).isTrue();

        arena.close();
        arena.close();

        assertThat(region.isOpen()).isFalse();
        assertThatThrownBy(() -> first.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aLengthOfZeroMakesARegionOrIsRefusedByErrno() {
        ProtectionDomain pd = pd();
        MemorySegment memory = Arena.ofAuto().allocate(64, 4096);

        try (MemoryRegion region = pd.registerUnmanaged(memory.address(), 0, ALL)) {
            assertThat(region.lengthBytes()).isZero();
            assertThat(region.covers(memory.address(), 1)).isFalse();
        } catch (VerbsException refused) {
            assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
            assertThat(refused.verb()).isEqualTo("ibv_reg_mr");
        }
        assertThatThrownBy(() -> pd.allocate(0, ALL)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLengthBeyondAllMemoryIsRefusedByErrno() {
        ProtectionDomain pd = pd();
        MemorySegment memory = Arena.ofAuto().allocate(4096, 4096);

        for (long length : new long[] {1L << 40, 1L << 46, 1L << 62, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> pd.registerUnmanaged(memory.address(), length, ALL))
                    .isInstanceOfSatisfying(VerbsException.class, refused -> {
                        assertThat(refused.verb()).isEqualTo("ibv_reg_mr");
                        assertThat(refused.errno()).isPositive();
                    });
        }
        assertThatThrownBy(() -> pd.allocate(1L << 50, ALL)).isInstanceOf(VerbsException.class);
        // And the domain goes on.
        assertThat(pd.allocate(4096, ALL).isOpen()).isTrue();
    }

    @Test
    void aRangeOutsideTheAddressSpaceIsRefused() {
        ProtectionDomain pd = pd();

        assertThatThrownBy(() -> pd.registerUnmanaged(4096, -1, ALL)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pd.registerUnmanaged(-4096, 8192, ALL)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void memoryThatIsNotMappedIsRefusedByErrno() {
        ProtectionDomain pd = pd();

        assertThatThrownBy(() -> pd.registerUnmanaged(4096, 4096, ALL))
                .isInstanceOfSatisfying(
                        VerbsException.class,
                        refused -> assertThat(refused.errno()).isIn(Errno.EFAULT, Errno.ENOMEM));
    }

    @Test
    void manyRegionsAtOnceHaveKeysOfTheirOwn() {
        ProtectionDomain pd = pd();
        MemorySegment memory = Arena.ofAuto().allocate(4096, 4096);
        List<MemoryRegion> regions = new ArrayList<>();
        Set<Integer> lkeys = new HashSet<>();
        Set<Integer> rkeys = new HashSet<>();
        for (int count = 0; count < 200; count++) {
            MemoryRegion region = pd.register(memory, ALL);
            regions.add(region);
            assertThat(lkeys.add(region.lkey())).isTrue();
            assertThat(rkeys.add(region.rkey())).isTrue();
        }
        regions.forEach(MemoryRegion::close);
    }

    @Test
    void oneOfTwoRegionsOverTheSameMemoryStaysWhenTheOtherIsClosed() {
        Pair pair = pair();
        MemorySegment memory = Arena.ofAuto().allocate(4096, 8);
        MemoryRegion closed = pair.a().pd.register(memory, ALL);
        MemoryRegion kept = pair.a().pd.register(memory, ALL);
        closed.close();

        pair.b().receive(1, 0, 100);
        assertThat(pair.a().qp.postSend(2, kept.address(), 100, kept.lkey(), SendFlags.SIGNALED))
                .isZero();

        pair.b().success(1);
        pair.a().success(2);
    }

    @Test
    void theKeyOfAClosedRegionOpensNothing() {
        Pair pair = pair();
        MemorySegment memory = Arena.ofAuto().allocate(4096, 8);
        MemoryRegion region = pair.b().pd.register(memory, ALL);
        int rkey = region.rkey();
        region.close();

        assertThat(pair.a()
                        .qp
                        .postWrite(1, pair.a().at(0), 8, pair.a().lkey(), memory.address(), rkey, SendFlags.SIGNALED))
                .isZero();

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        assertThat(memory.toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void fromReadOnlyMemoryOneSendsAndIntoItNothingIsReceived() {
        Pair pair = pair();
        MemoryRegion readOnly = pair.a().pd.allocate(4096, AccessFlags.LOCAL_READ);
        pair.b().receive(1, 0, 64);
        assertThat(pair.a().qp.postSend(2, readOnly.address(), 64, readOnly.lkey(), SendFlags.SIGNALED))
                .isZero();
        pair.b().success(1);
        pair.a().success(2);

        assertThat(pair.a()
                        .qp
                        .postRead(
                                3,
                                readOnly.address(),
                                64,
                                readOnly.lkey(),
                                pair.b().at(0),
                                pair.b().rkey(),
                                SendFlags.SIGNALED))
                .isZero();

        assertThat(pair.a().failure(3)).isEqualTo(CompletionStatus.LOC_PROT_ERR);
        assertThat(readOnly.memory().toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void relaxedOrderingIsAHintThatEveryDeviceTakes() {
        Pair pair = pair();
        try (MemoryRegion relaxed = pair.b().pd.allocate(65_536, ALL | AccessFlags.RELAXED_ORDERING)) {
            byte[] message = Pattern.bytes(3, 65_536);
            pair.a().fill(0, message);

            assertThat(pair.a()
                            .qp
                            .postWrite(
                                    1,
                                    pair.a().at(0),
                                    65_536,
                                    pair.a().lkey(),
                                    relaxed.address(),
                                    relaxed.rkey(),
                                    SendFlags.SIGNALED))
                    .isZero();
            pair.a().success(1);
            // A message after the write tells that it is there, relaxed or not.
            pair.exchange(10, 8);

            assertThat(relaxed.memory().toArray(JAVA_BYTE)).isEqualTo(message);
        }
    }

    @Test
    void onDemandPagingIsRefusedByNameWhereItIsMissing() {
        needsMissing(Capability.ON_DEMAND_PAGING);
        ProtectionDomain pd = pd();

        assertThatThrownBy(() -> pd.allocate(4096, ALL | AccessFlags.ON_DEMAND))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("on-demand paging");
    }

    @Test
    void onDemandMemoryCarriesData() {
        needs(Capability.ON_DEMAND_PAGING);
        Pair pair = pair();
        try (MemoryRegion lazy = pair.b().pd.allocate(1 << 20, ALL | AccessFlags.ON_DEMAND)) {
            byte[] message = Pattern.bytes(3, 100_000);
            pair.a().fill(0, message);
            assertThat(pair.a()
                            .qp
                            .postWrite(
                                    1,
                                    pair.a().at(0),
                                    100_000,
                                    pair.a().lkey(),
                                    lazy.address() + 4000,
                                    lazy.rkey(),
                                    SendFlags.SIGNALED))
                    .isZero();
            pair.a().success(1);
            assertThat(lazy.memory().asSlice(4000, 100_000).toArray(JAVA_BYTE)).isEqualTo(message);
        }
    }

    @Test
    void inAZeroBasedRegionPeersCountFromItsStart() {
        needs(Capability.CHOSEN_VIRTUAL_ADDRESS);
        Pair pair = pair();
        try (MemoryRegion region = pair.b().pd.allocate(8192, ALL | AccessFlags.ZERO_BASED)) {
            byte[] message = Pattern.bytes(3, 500);
            pair.a().fill(0, message);

            assertThat(pair.a()
                            .qp
                            .postWrite(
                                    1, pair.a().at(0), 500, pair.a().lkey(), 1000, region.rkey(), SendFlags.SIGNALED))
                    .isZero();
            pair.a().success(1);

            assertThat(region.memory().asSlice(1000, 500).toArray(JAVA_BYTE)).isEqualTo(message);
        }
    }

    @Test
    void hugePagesAreTakenWhereThereAreAnyAndElseSaidToBeMissing() {
        ProtectionDomain pd = pd();

        try (MemoryRegion region = pd.allocate(100_000, ALL, Pages.HUGE_IF_AVAILABLE)) {
            region.memory().set(JAVA_BYTE, 99_999, (byte) 1);
        }
        try (MemoryRegion region = pd.allocate(100_000, ALL, Pages.HUGE)) {
            region.memory().set(JAVA_BYTE, 99_999, (byte) 1);
        } catch (VerbsException refused) {
            assertThat(refused.errno()).isEqualTo(Errno.ENOMEM);
            assertThat(refused.explanation()).containsIgnoringCase("huge");
        }
    }

    @Test
    void aRegionOfManyMegabytesCarriesDataAtBothItsEnds() {
        Pair pair = pair();
        long length = 64L << 20;
        try (MemoryRegion large = pair.b().pd.allocate(length, ALL)) {
            pair.a().fill(0, Pattern.bytes(1, 5000));
            for (long offset : new long[] {0, length / 2 - 17, length - 5000}) {
                assertThat(pair.a()
                                .qp
                                .postWrite(
                                        1,
                                        pair.a().at(0),
                                        5000,
                                        pair.a().lkey(),
                                        large.address() + offset,
                                        large.rkey(),
                                        SendFlags.SIGNALED))
                        .isZero();
                pair.a().success(1);
                assertThat(large.memory().asSlice(offset, 5000).toArray(JAVA_BYTE))
                        .isEqualTo(Pattern.bytes(1, 5000));
            }
        }
    }
}
