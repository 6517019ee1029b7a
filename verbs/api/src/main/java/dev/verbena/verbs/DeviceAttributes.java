package dev.verbena.verbs;

/**
 * Limits and identity of a device, as ibv_query_device(3) tells them. Counts are upper bounds: what can be had at a time
 * may be less.
 *
 * <p>Threading: immutable.
 */
public record DeviceAttributes(
        String firmwareVersion,
        long nodeGuid,
        long systemImageGuid,
        long maxRegionBytes,
        long pageSizes,
        int vendorId,
        int vendorPartId,
        int hardwareVersion,
        int maxQueuePairs,
        int maxWorkRequests,
        int deviceCapabilities,
        int maxScatterGather,
        int maxReadScatterGather,
        int maxCompletionQueues,
        int maxCompletionQueueEntries,
        int maxMemoryRegions,
        int maxProtectionDomains,
        int maxReadAtomicPerQueuePair,
        int maxReadAtomicTotal,
        int maxInitiatedReadAtomicPerQueuePair,
        AtomicCapability atomicCapability,
        int maxMemoryWindows,
        int maxMulticastGroups,
        int maxMulticastQueuePairsPerGroup,
        int maxAddressHandles,
        int maxSharedReceiveQueues,
        int maxSharedReceiveQueueWorkRequests,
        int maxSharedReceiveQueueScatterGather,
        int maxPkeys,
        int localAckDelay,
        int portCount) {
    /** Against what remote atomics are atomic, in the order of {@code enum ibv_atomic_cap}. */
    public enum AtomicCapability {
        NONE,
        /** Against other atomics through the same device. */
        DEVICE,
        /** Against every access, the processor's included. */
        GLOBAL,
        UNKNOWN;

        /** The capability with a number of the C enum. */
        public static AtomicCapability of(int code) {
            return code >= 0 && code <= 2 ? values()[code] : UNKNOWN;
        }
    }
}
