package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import org.junit.jupiter.api.Test;

/** Memory windows of both types: binding, use, invalidation by either side, bounds, and what must fail. */
final class MemoryWindowContract extends Contract {
    private static final int RIGHTS = AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ;

    /** B binds a window over a part of its memory. */
    private static MemoryWindow bind(End end, MemoryWindow.Type type, long offset, long length, int access) {
        MemoryWindow window = end.pd.allocateMemoryWindow(type);
        rebind(end, window, offset, length, access);
        return window;
    }

    private static void rebind(End end, MemoryWindow window, long offset, long length, int access) {
        int key = window.type() == MemoryWindow.Type.TYPE_2 ? window.nextRkey() : 0;
        assertThat(end.qp.postBind(900, window, key, end.memory, end.at(offset), length, access, SendFlags.SIGNALED))
                .isZero();
        Completion bound = end.success(900);
        assertThat(bound.opcode()).isEqualTo(CompletionOpcode.BIND_MW);
        if (window.type() == MemoryWindow.Type.TYPE_2) {
            assertThat(window.rkey()).isEqualTo(key);
        }
    }

    private static void write(Pair pair, long id, int length, long remoteOffset, int rkey) {
        End a = pair.a();
        assertThat(a.qp.postWrite(id, a.at(0), length, a.lkey(), pair.b().at(remoteOffset), rkey, SendFlags.SIGNALED))
                .isZero();
    }

    private void peersUseTheWindow(MemoryWindow.Type type) {
        Pair pair = pair();
        byte[] message = Pattern.bytes(1, 1000);
        pair.a().fill(0, message);
        MemoryWindow window = bind(pair.b(), type, 4096, 8192, RIGHTS);

        write(pair, 1, 1000, 5000, window.rkey());
        pair.a().success(1);
        assertThat(pair.b().bytes(5000, 1000)).isEqualTo(message);

        assertThat(pair.a()
                        .qp
                        .postRead(
                                2,
                                pair.a().at(2000),
                                1000,
                                pair.a().lkey(),
                                pair.b().at(5000),
                                window.rkey(),
                                SendFlags.SIGNALED))
                .isZero();
        pair.a().success(2);
        assertThat(pair.a().bytes(2000, 1000)).isEqualTo(message);
    }

    @Test
    void peersWriteAndReadThroughAWindowOfType1() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        peersUseTheWindow(MemoryWindow.Type.TYPE_1);
    }

    @Test
    void peersWriteAndReadThroughAWindowOfType2() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        peersUseTheWindow(MemoryWindow.Type.TYPE_2);
    }

    @Test
    void aWindowThatWasNeverBoundOpensNothing() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        MemoryWindow window = pair.b().pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);

        write(pair, 1, 8, 0, window.rkey());

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void bindingAWindowOfType1AgainChangesItsKeyAndTheOldOneOpensNothing() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_1, 0, 4096, RIGHTS);
        int old = window.rkey();

        rebind(pair.b(), window, 0, 4096, RIGHTS);

        assertThat(window.rkey()).isNotEqualTo(old);
        write(pair, 1, 8, 0, window.rkey());
        pair.a().success(1);
        write(pair, 2, 8, 0, old);
        assertThat(pair.a().failure(2)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aLengthOfZeroUnbindsAWindowOfType1() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_1, 0, 4096, RIGHTS);
        int old = window.rkey();

        rebind(pair.b(), window, 0, 0, 0);

        write(pair, 1, 8, 0, old);
        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aLocalInvalidateEndsAWindowOfType2() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_2, 0, 4096, RIGHTS);
        write(pair, 1, 8, 0, window.rkey());
        pair.a().success(1);

        assertThat(pair.b().qp.postLocalInvalidate(2, window.rkey(), SendFlags.SIGNALED))
                .isZero();
        assertThat(pair.b().success(2).opcode()).isEqualTo(CompletionOpcode.LOCAL_INV);

        write(pair, 3, 8, 0, window.rkey());
        assertThat(pair.a().failure(3)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aLocalInvalidateOfAnOrdinaryRegionIsRefusedAndTheRegionStays() {
        // Only fast-registered regions and windows of type 2 can be invalidated (IBTA 10.6.5).
        assumeFalse(contextB().has(Capability.LOCAL_INVALIDATE_REGION), "this device invalidates regions");
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.connect();
        End otherA = plan.beside(pair.a());
        End otherB = plan.beside(pair.b());
        plan.initialize(otherA);
        plan.initialize(otherB);
        plan.ready(otherA, otherB.endpoint());
        plan.ready(otherB, otherA.endpoint());

        assertThat(pair.b().qp.postLocalInvalidate(1, pair.b().rkey(), SendFlags.SIGNALED))
                .isZero();

        assertThat(pair.b().failure(1)).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(pair.b().qp.query().state()).isEqualTo(QueuePairState.ERROR);
        write(new Pair(otherA, pair.b()), 2, 8, 0, pair.b().rkey());
        otherA.success(2);
    }

    @Test
    void thePeerEndsAWindowOfType2BySendWithInvalidate() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_2, 0, 4096, RIGHTS);
        pair.b().receive(1, 8192, 64);

        assertThat(pair.a()
                        .qp
                        .postSendWithInvalidate(
                                2, pair.a().at(0), 64, pair.a().lkey(), window.rkey(), SendFlags.SIGNALED))
                .isZero();

        Completion received = pair.b().success(1);
        pair.a().success(2);
        assertThat(received.has(WorkCompletions.WITH_INVALIDATE)).isTrue();
        assertThat(received.invalidatedKey()).isEqualTo(window.rkey());
        write(pair, 3, 8, 0, window.rkey());
        assertThat(pair.a().failure(3)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aWindowOfType2CanBeBoundAgainAfterItsInvalidation() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_2, 0, 4096, RIGHTS);
        int old = window.rkey();
        assertThat(pair.b().qp.postLocalInvalidate(2, old, SendFlags.SIGNALED)).isZero();
        pair.b().success(2);

        rebind(pair.b(), window, 4096, 4096, RIGHTS);

        assertThat(window.rkey()).isNotEqualTo(old);
        write(pair, 3, 8, 4096, window.rkey());
        pair.a().success(3);
    }

    @Test
    void aWindowOfType2BelongsToTheQueuePairThatBoundIt() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.connect();
        End otherA = plan.beside(pair.a());
        End otherB = plan.beside(pair.b());
        plan.initialize(otherA);
        plan.initialize(otherB);
        plan.ready(otherA, otherB.endpoint());
        plan.ready(otherB, otherA.endpoint());
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_2, 0, 4096, RIGHTS);

        write(new Pair(otherA, otherB), 1, 8, 0, window.rkey());

        assertThat(otherA.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aWindowGivesOnlyTheRightsItWasBoundWith() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_1, 0, 4096, AccessFlags.REMOTE_READ);

        write(pair, 1, 8, 0, window.rkey());

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void nothingOutsideTheBoundsOfAWindowIsReached() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        needs(Capability.MEMORY_WINDOW_BOUNDS);
        Pair pair = pair();
        byte[] old = Pattern.bytes(9, 16);
        pair.b().fill(8190, old);
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_1, 4096, 4096, RIGHTS);

        write(pair, 1, 16, 8190, window.rkey());

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        assertThat(pair.b().bytes(8190, 16)).isEqualTo(old);
    }

    @Test
    void nothingOutsideTheRegionBehindAWindowIsReached() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        MemoryWindow window = bind(pair.b(), MemoryWindow.Type.TYPE_1, 0, 4096, RIGHTS);

        write(pair, 1, 16, PairPlan.MEMORY_BYTES - 8, window.rkey());

        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aRegionWithoutTheRightToBeBoundIsRefused() {
        needs(Capability.MEMORY_WINDOW_TYPE_2);
        Pair pair = pair();
        MemoryRegion plain = pair.b().pd.allocate(4096, AccessFlags.LOCAL_WRITE | RIGHTS);
        MemoryWindow window = pair.b().pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2);

        assertThat(pair.b()
                        .qp
                        .postBind(1, window, window.nextRkey(), plain, plain.address(), 64, RIGHTS, SendFlags.SIGNALED))
                .isZero();

        CompletionStatus status = pair.b().failure(1);
        assertThat(status).isNotEqualTo(CompletionStatus.WR_FLUSH_ERR);
        if (contextB().has(Capability.EXACT_ERROR_STATUS)) {
            assertThat(status).isEqualTo(CompletionStatus.MW_BIND_ERR);
        }
    }

    @Test
    void whatDoesNotLieInTheRegionIsRefusedBeforeItIsPosted() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        End b = pair.b();
        MemoryWindow window = b.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);

        assertThatThrownBy(() -> b.qp.postBind(
                        1, window, 0, b.memory, b.at(PairPlan.MEMORY_BYTES - 4), 8, RIGHTS, SendFlags.SIGNALED))
                .isInstanceOf(IllegalArgumentException.class);
        b.nothing();
        pair.exchange(10, 16);
    }

    @Test
    void aRegionIsNotDeregisteredWhileAWindowIsBoundToIt() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        End b = pair.b();
        MemoryWindow window = bind(b, MemoryWindow.Type.TYPE_1, 0, 4096, RIGHTS);

        assertThatThrownBy(b.memory::close).isInstanceOf(VerbsException.class);
        assertThat(b.memory.isOpen()).isTrue();
        pair.exchange(10, 100);

        window.close();
        b.memory.close();
        assertThat(b.memory.isOpen()).isFalse();
    }

    @Test
    void aClosedWindowOpensNothingAndIsRefused() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        End b = pair.b();
        MemoryWindow window = bind(b, MemoryWindow.Type.TYPE_1, 0, 4096, RIGHTS);
        int rkey = window.rkey();

        window.close();
        window.close();

        assertThatThrownBy(() -> b.qp.postBind(1, window, 0, b.memory, b.at(0), 64, RIGHTS, SendFlags.SIGNALED))
                .isInstanceOf(IllegalStateException.class);
        write(pair, 1, 8, 0, rkey);
        assertThat(pair.a().failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aWindowOfATypeThatIsMissingIsRefusedByName() {
        needsMissing(Capability.MEMORY_WINDOW_TYPE_2);

        assertThatThrownBy(() -> contextA().allocateProtectionDomain().allocateMemoryWindow(MemoryWindow.Type.TYPE_2))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("type 2");
    }
}
