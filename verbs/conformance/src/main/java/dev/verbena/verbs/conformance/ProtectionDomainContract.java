package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.WorkCompletions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Protection domains: made, many at a time, closed with all that they hold. */
final class ProtectionDomainContract extends Contract {
    private static final int MANY = 16;

    @Test
    void itKnowsItsContext() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();

        assertThat(pd.context()).isSameAs(contextA());
    }

    @Test
    void manyCanBeOpenAtOnceAndAreIndependent() {
        List<ProtectionDomain> domains = new ArrayList<>();
        for (int count = 0; count < MANY; count++) {
            domains.add(contextA().allocateProtectionDomain());
        }

        domains.getFirst().close();

        for (ProtectionDomain pd : domains.subList(1, MANY)) {
            assertThat(pd.allocate(4096, AccessFlags.LOCAL_WRITE).isOpen()).isTrue();
        }
    }

    @Test
    void closingTwiceIsClosingOnce() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();

        pd.close();
        pd.close();

        assertThatThrownBy(() -> pd.allocate(64, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void closingClosesRegionsAndQueuePairsAndLeavesTheCompletionQueue() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();
        CompletionQueue cq = contextA().createCompletionQueue(8);
        MemoryRegion region = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq));

        pd.close();

        assertThat(region.isOpen()).isFalse();
        assertThatThrownBy(qp::query).isInstanceOf(IllegalStateException.class);
        assertThat(cq.poll(new WorkCompletions(1))).isZero();
    }

    @Test
    void everythingThatIsMadeFromItRefusesToBeMadeAfterItIsClosed() {
        CompletionQueue cq = contextA().createCompletionQueue(8);
        ProtectionDomain pd = contextA().allocateProtectionDomain();
        pd.close();

        assertThatThrownBy(() -> pd.allocate(64, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pd.createQueuePair(QueuePairConfig.reliable(cq)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pd.createAddressHandle(AddressVector.to(gidB().gid(), 1, gidA().index())))
                .isInstanceOf(IllegalStateException.class);
    }
}
