package dev.verbena.verbs.spi;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A protection domain. */
public interface ProtectionDomainDriver extends AutoCloseable {
    /**
     * Registers an address range; ibv_reg_mr(3).
     *
     * @param iova the address that peers use
     */
    MemoryRegionDriver register(long address, long lengthBytes, long iova, int access);

    /** Allocates zeroed, page-aligned memory and registers it. Closing the region frees the memory, after deregistering. */
    AllocatedRegion allocate(long lengthBytes, int access, Pages pages);

    /** ibv_alloc_mw(3). */
    MemoryWindowDriver allocateMemoryWindow(MemoryWindow.Type type);

    /** ibv_create_ah(3). */
    AddressHandleDriver createAddressHandle(AddressVector vector);

    /** ibv_create_srq(3). */
    SharedReceiveQueueDriver createSharedReceiveQueue(SharedReceiveQueueConfig config);

    /** ibv_create_qp(3). The queue pair is in RESET. */
    QueuePairDriver createQueuePair(
            QueuePairConfig config,
            CompletionQueueDriver sendQueue,
            CompletionQueueDriver receiveQueue,
            @Nullable SharedReceiveQueueDriver sharedReceiveQueue);

    @Override
    void close();

    /**
     * Memory that the provider allocated.
     *
     * @param memory accessible from every thread until the region is closed
     * @param region its registration, which owns the memory
     * @param pages what the memory is really made of
     */
    record AllocatedRegion(MemorySegment memory, MemoryRegionDriver region, Pages pages) {}
}
