package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.DeviceAttributes;

/**
 * Limits and identity of a device, as ibv_query_device(3) tells them.
 *
 * <p>Threading: immutable.
 */
public final class DeviceAttribute {
    private final DeviceAttributes attributes;

    DeviceAttribute(DeviceAttributes attributes) {
        this.attributes = attributes;
    }

    /** Version of its firmware. */
    public String getFirmwareVersion() {
        return attributes.firmwareVersion();
    }

    /** Its globally unique identifier. */
    public long getNodeGuid() {
        return attributes.nodeGuid();
    }

    /** The system image's. */
    public long getSystemImageGuid() {
        return attributes.systemImageGuid();
    }

    /** Its maker's number. */
    public int getVendorId() {
        return attributes.vendorId();
    }

    /** Its maker's number of the part. */
    public int getVendorPartId() {
        return attributes.vendorPartId();
    }

    /** Its version. */
    public int getHardwareVersion() {
        return attributes.hardwareVersion();
    }

    /** Largest region in bytes. */
    public long getMaxMrSize() {
        return attributes.maxRegionBytes();
    }

    /** Bits of the page sizes it can use. */
    public long getPageSizeCap() {
        return attributes.pageSizes();
    }

    /** Queue pairs at a time. */
    public int getMaxQp() {
        return attributes.maxQueuePairs();
    }

    /** Requests of a queue. */
    public int getMaxQpWr() {
        return attributes.maxWorkRequests();
    }

    /** Raw capability bits. */
    public int getDeviceCapFlags() {
        return attributes.deviceCapabilities();
    }

    /** Scatter/gather elements of a request. */
    public int getMaxSge() {
        return attributes.maxScatterGather();
    }

    /** Scatter/gather elements of a READ. */
    public int getMaxSgeRd() {
        return attributes.maxReadScatterGather();
    }

    /** Completion queues at a time. */
    public int getMaxCq() {
        return attributes.maxCompletionQueues();
    }

    /** Entries of a completion queue. */
    public int getMaxCqe() {
        return attributes.maxCompletionQueueEntries();
    }

    /** Regions at a time. */
    public int getMaxMr() {
        return attributes.maxMemoryRegions();
    }

    /** Protection domains at a time. */
    public int getMaxPd() {
        return attributes.maxProtectionDomains();
    }

    /** READs and atomics that a queue pair serves at a time: the most for responderResources. */
    public int getMaxQpRdAtom() {
        return attributes.maxReadAtomicPerQueuePair();
    }

    /** READs and atomics that a queue pair has under way at a time: the most for initiatorDepth. */
    public int getMaxQpInitRdAtom() {
        return attributes.maxInitiatedReadAtomicPerQueuePair();
    }

    /** READs and atomics that the device serves at a time. */
    public int getMaxResRdAtom() {
        return attributes.maxReadAtomicTotal();
    }

    /** Memory windows at a time. */
    public int getMaxMw() {
        return attributes.maxMemoryWindows();
    }

    /** Address handles at a time. */
    public int getMaxAh() {
        return attributes.maxAddressHandles();
    }

    /** Shared receive queues at a time. */
    public int getMaxSrq() {
        return attributes.maxSharedReceiveQueues();
    }

    /** Partition keys. */
    public int getMaxPkeys() {
        return attributes.maxPkeys();
    }

    /** Number of ports; the first is 1. */
    public int getPhysicalPortCount() {
        return attributes.portCount();
    }

    @Override
    public String toString() {
        return attributes.toString();
    }
}
