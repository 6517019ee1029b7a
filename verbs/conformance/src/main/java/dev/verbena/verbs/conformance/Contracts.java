package dev.verbena.verbs.conformance;

import java.util.List;

/** Every contract, in the order in which they run: what others stand on comes first. */
final class Contracts {
    static final List<Class<? extends Contract>> ALL = List.of(
            DeviceContract.class,
            ProtectionDomainContract.class,
            MemoryRegionContract.class,
            CompletionQueueContract.class,
            SendReceiveContract.class,
            CompletionEventsContract.class,
            MemoryWindowContract.class,
            QueuePairContract.class,
            QueuePairStatesContract.class,
            OneSidedContract.class,
            AtomicsContract.class,
            InlineContract.class,
            ScatterGatherContract.class,
            SharedReceiveQueueContract.class,
            DatagramContract.class,
            FlushOnErrorContract.class,
            AccessViolationsContract.class,
            ReceiverNotReadyContract.class,
            RetryExceededContract.class,
            BatchesContract.class,
            OrderingContract.class,
            ProgressContract.class,
            AsyncEventsContract.class,
            ConnectionManagerContract.class,
            MulticastContract.class,
            MisuseContract.class);

    private Contracts() {}
}
