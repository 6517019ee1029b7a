package dev.verbena.verbs.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** Wrong keys, bounds and rights: an error completion, and not a byte moved. */
final class AccessViolationsContract extends Contract {
    private static final int WRONG = 0x5a5a00;

    /** Statuses that say: a local buffer was no good. Which one is asked for where the device is exact. */
    private void assertLocalProtection(End end, CompletionStatus status) {
        assertThat(status).isIn(CompletionStatus.LOC_PROT_ERR, CompletionStatus.LOC_QP_OP_ERR);
        if (end.context.has(Capability.EXACT_ERROR_STATUS)) {
            assertThat(status).isEqualTo(CompletionStatus.LOC_PROT_ERR);
        }
    }

    private void remoteWriteFails(Pair pair, long remoteAddress, int rkey, int length) {
        End a = pair.a();
        a.fill(0, Pattern.bytes(1, length));
        assertThat(a.qp.postWrite(1, a.at(0), length, a.lkey(), remoteAddress, rkey, SendFlags.SIGNALED))
                .isZero();
        assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        a.awaitState(QueuePairState.ERROR);
    }

    @Test
    void aWriteWithAWrongKeyFails() {
        Pair pair = pair();
        remoteWriteFails(pair, pair.b().at(0), pair.b().rkey() ^ WRONG, 64);
        assertThat(pair.b().bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aRemoteKeyOf0IsNobodysEvenBehindAGoodOne() {
        Pair pair = pair();
        pair.a().write(7, 0, 64, pair.b(), 0);
        pair.a().success(7);

        remoteWriteFails(pair, pair.b().at(0), 0, 64);
    }

    @Test
    void aLocalKeyOf0IsNobodysEvenBehindAnInlineRequest() {
        Pair pair =
                plan(QueuePairType.RC).config(config -> config.inlineBytes(64)).connect();
        End a = pair.a();
        assertThat(a.qp.postWrite(
                        7, a.at(0), 16, 0, pair.b().at(0), pair.b().rkey(), SendFlags.SIGNALED | SendFlags.INLINE))
                .isZero();
        a.success(7);

        assertThat(a.qp.postWrite(1, a.at(0), 16, 0, pair.b().at(0), pair.b().rkey(), SendFlags.SIGNALED))
                .isZero();

        assertLocalProtection(a, a.failure(1));
    }

    @Test
    void aReceiveWithAKeyOf0HarmsTheReceiverOnly() {
        Pair pair = pair();
        pair.b().receive(5, 0, 64);
        pair.a().send(7, 0, 64);
        pair.a().success(7);
        pair.b().success(5);
        assertThat(pair.b().qp.postReceive(6, pair.b().at(0), 64, 0)).isZero();

        pair.a().send(8, 0, 64);

        assertLocalProtection(pair.b(), pair.b().failure(6));
        CompletionStatus sender = pair.a().failure(8);
        if (contextA().has(Capability.EXACT_ERROR_STATUS)) {
            assertThat(sender).isEqualTo(CompletionStatus.REM_OP_ERR);
        }
    }

    @Test
    void aReadWithAWrongKeyFails() {
        Pair pair = pair();
        End a = pair.a();
        pair.b().fill(0, Pattern.bytes(2, 64));

        assertThat(a.qp.postRead(
                        1, a.at(0), 64, a.lkey(), pair.b().at(0), pair.b().rkey() ^ WRONG, SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        assertThat(a.bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aWriteBeyondTheEndOfTheRegionFailsAndLeavesItsEndAlone() {
        Pair pair = pair();
        remoteWriteFails(pair, pair.b().at(PairPlan.MEMORY_BYTES - 63), pair.b().rkey(), 64);
        assertThat(pair.b().bytes(PairPlan.MEMORY_BYTES - 63, 63)).containsOnly(0);
    }

    @Test
    void aWriteBeforeTheStartOfTheRegionFails() {
        Pair pair = pair();
        remoteWriteFails(pair, pair.b().at(-1), pair.b().rkey(), 64);
        assertThat(pair.b().bytes(0, 63)).containsOnly(0);
    }

    @Test
    void aWriteOfManyPacketsBeyondTheEndPlacesNothing() {
        Pair pair = pair();
        remoteWriteFails(
                pair, pair.b().at(PairPlan.MEMORY_BYTES - 9999), pair.b().rkey(), 10_000);
        assertThat(pair.b().bytes(PairPlan.MEMORY_BYTES - 9999, 9999)).containsOnly(0);
    }

    @Test
    void anAddressThatWrapsAroundFails() {
        Pair pair = pair();
        remoteWriteFails(pair, -8, pair.b().rkey(), 64);
    }

    @Test
    void aRegionWithoutTheRightToBeWrittenIsNotWritten() {
        Pair pair = pair();
        MemoryRegion region = pair.b().pd.allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
        remoteWriteFails(pair, region.address(), region.rkey(), 64);
        assertThat(region.memory().toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void aRegionWithoutTheRightToBeReadIsNotRead() {
        Pair pair = pair();
        End a = pair.a();
        MemoryRegion region = pair.b().pd.allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
        region.memory().fill((byte) 7);

        assertThat(a.qp.postRead(1, a.at(0), 64, a.lkey(), region.address(), region.rkey(), SendFlags.SIGNALED))
                .isZero();

        assertThat(a.failure(1)).isEqualTo(CompletionStatus.REM_ACCESS_ERR);
        assertThat(a.bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aQueuePairWithoutTheRightToBeWrittenThroughIsNot() {
        Pair pair = plan(QueuePairType.RC)
                .init(attributes -> attributes.accessFlags(AccessFlags.REMOTE_READ))
                .connect();
        pair.a().fill(0, Pattern.bytes(1, 64));

        pair.a().write(1, 0, 64, pair.b(), 0);

        assertThat(pair.a().failure(1)).isIn(CompletionStatus.REM_INV_REQ_ERR, CompletionStatus.REM_ACCESS_ERR);
        assertThat(pair.b().bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aQueuePairWithoutTheRightToBeReadThroughIsNot() {
        Pair pair = plan(QueuePairType.RC)
                .init(attributes -> attributes.accessFlags(AccessFlags.REMOTE_WRITE))
                .connect();

        pair.a().read(1, 0, 64, pair.b(), 0);

        assertThat(pair.a().failure(1)).isIn(CompletionStatus.REM_INV_REQ_ERR, CompletionStatus.REM_ACCESS_ERR);
    }

    @Test
    void aKeyOfAnotherProtectionDomainOfThePeerFails() {
        Pair pair = pair();
        ProtectionDomain other = contextB().allocateProtectionDomain();
        MemoryRegion foreign = other.allocate(4096, PairPlan.everything(contextB()));

        remoteWriteFails(pair, foreign.address(), foreign.rkey(), 64);
        assertThat(foreign.memory().toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void aSendFromAWrongLocalKeyFails() {
        Pair pair = pair();
        End a = pair.a();
        pair.b().receive(5, 0, 64);

        assertThat(a.qp.postSend(1, a.at(0), 64, a.lkey() ^ WRONG, SendFlags.SIGNALED))
                .isZero();

        assertLocalProtection(a, a.failure(1));
        a.awaitState(QueuePairState.ERROR);
    }

    @Test
    void aSendFromBeyondTheRegionFails() {
        Pair pair = pair();
        End a = pair.a();
        pair.b().receive(5, 0, 64);

        assertThat(a.qp.postSend(1, a.at(PairPlan.MEMORY_BYTES - 8), 64, a.lkey(), SendFlags.SIGNALED))
                .isZero();

        assertLocalProtection(a, a.failure(1));
    }

    @Test
    void aSendFromAnotherProtectionDomainsRegionFails() {
        Pair pair = pair();
        End a = pair.a();
        MemoryRegion foreign = contextA().allocateProtectionDomain().allocate(4096, AccessFlags.LOCAL_WRITE);
        pair.b().receive(5, 0, 64);

        assertThat(a.qp.postSend(1, foreign.address(), 64, foreign.lkey(), SendFlags.SIGNALED))
                .isZero();

        assertLocalProtection(a, a.failure(1));
    }

    @Test
    void aReceiveIntoAWrongLocalKeyFailsOnBothSides() {
        Pair pair = pair();
        End b = pair.b();
        assertThat(b.qp.postReceive(1, b.at(0), 64, b.lkey() ^ WRONG)).isZero();

        pair.a().send(2, 0, 64);

        assertLocalProtection(b, b.failure(1));
        CompletionStatus sender = pair.a().failure(2);
        if (contextA().has(Capability.EXACT_ERROR_STATUS)) {
            assertThat(sender).isEqualTo(CompletionStatus.REM_OP_ERR);
        }
        assertThat(b.bytes(0, 64)).containsOnly(0);
    }

    @Test
    void aReceiveIntoReadOnlyMemoryFails() {
        Pair pair = pair();
        End b = pair.b();
        MemoryRegion readOnly = b.pd.allocate(4096, AccessFlags.LOCAL_READ);
        assertThat(b.qp.postReceive(1, readOnly.address(), 64, readOnly.lkey())).isZero();

        pair.a().send(2, 0, 64);

        assertLocalProtection(b, b.failure(1));
        assertThat(readOnly.memory().toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void aReceiveIntoARegionClosedMeanwhileFailsAndWritesNothing() {
        Pair pair = pair();
        End b = pair.b();
        var memory = Arena.ofAuto().allocate(4096, 8);
        MemoryRegion region = b.pd.register(memory, AccessFlags.LOCAL_WRITE);
        assertThat(b.qp.postReceive(1, region.address(), 64, region.lkey())).isZero();
        region.close();
        pair.a().fill(0, Pattern.bytes(1, 64));

        pair.a().send(2, 0, 64);

        assertLocalProtection(b, b.failure(1));
        assertThat(memory.toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void aReadIntoAWrongLocalKeyFails() {
        Pair pair = pair();
        End a = pair.a();

        assertThat(a.qp.postRead(
                        1,
                        a.at(0),
                        64,
                        a.lkey() ^ WRONG,
                        pair.b().at(0),
                        pair.b().rkey(),
                        SendFlags.SIGNALED))
                .isZero();

        assertLocalProtection(a, a.failure(1));
    }

    @Test
    void anUnreliableWriteWithAWrongKeyIsLostInSilenceAndTheNextLands() {
        Pair pair = plan(QueuePairType.UC).connect();
        End a = pair.a();
        a.fill(0, Pattern.bytes(1, 64));
        assertThat(a.qp.postWrite(
                        1, a.at(0), 64, a.lkey(), pair.b().at(0), pair.b().rkey() ^ WRONG, SendFlags.SIGNALED))
                .isZero();
        a.success(1);

        a.write(2, 0, 64, pair.b(), 4096);
        a.success(2);
        pair.b().receive(3, 8192, 8);
        a.send(4, 0, 8);
        pair.b().success(3);

        assertThat(pair.b().bytes(0, 64)).containsOnly(0);
        assertThat(pair.b().bytes(4096, 64)).isEqualTo(Pattern.bytes(1, 64));
    }
}
