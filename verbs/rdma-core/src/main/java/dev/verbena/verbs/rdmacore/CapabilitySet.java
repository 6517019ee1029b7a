package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.DeviceAttributes.AtomicCapability;
import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import dev.verbena.verbs.rdmacore.ffi.IbvDeviceAttr;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Works out what a device can do from what its driver says of it, and from what is known of kernel Soft-RoCE. */
final class CapabilitySet {
    private CapabilitySet() {}

    static Set<Capability> of(
            DeviceAttributes device,
            int transport,
            boolean windows,
            boolean onDemandPaging,
            int flags,
            DriverTraits traits) {
        Set<Capability> set = EnumSet.noneOf(Capability.class);
        addTransports(set, transport);
        boolean infiniband = transport == IbvDevice.IBV_TRANSPORT_IB;
        boolean strict = infiniband && !traits.rxe();

        add(set, device.atomicCapability() != AtomicCapability.NONE, Capability.REMOTE_ATOMICS);
        add(set, device.atomicCapability() != AtomicCapability.NONE, Capability.ATOMICS_ON_REGISTERED_MEMORY);
        add(set, device.atomicCapability() == AtomicCapability.GLOBAL, Capability.ATOMICS_WITH_CPU);
        add(set, device.maxSharedReceiveQueues() > 0, Capability.SHARED_RECEIVE_QUEUE);
        add(set, has(flags, IbvDeviceAttr.IBV_DEVICE_SRQ_RESIZE), Capability.RESIZE_SHARED_RECEIVE_QUEUE);

        add(set, windows && has(flags, IbvDeviceAttr.IBV_DEVICE_MEM_WINDOW), Capability.MEMORY_WINDOW_TYPE_1);
        boolean type2 =
                (flags & (IbvDeviceAttr.IBV_DEVICE_MEM_WINDOW_TYPE_2A | IbvDeviceAttr.IBV_DEVICE_MEM_WINDOW_TYPE_2B))
                        != 0;
        add(set, windows && type2, Capability.MEMORY_WINDOW_TYPE_2);
        add(set, windows && strict, Capability.MEMORY_WINDOW_BOUNDS);

        add(set, device.maxMulticastGroups() > 0, Capability.MULTICAST);
        add(set, infiniband, Capability.RESIZE_COMPLETION_QUEUE);
        add(set, onDemandPaging, Capability.ON_DEMAND_PAGING);
        add(set, traits.reorders(), Capability.RELAXED_ORDERING);
        add(set, infiniband, Capability.CHOSEN_VIRTUAL_ADDRESS);

        add(set, strict, Capability.SEND_QUEUE_ERROR_STATE);
        add(set, strict && device.maxSharedReceiveQueues() > 0, Capability.LAST_WQE_REACHED);
        add(set, strict, Capability.MAX_MESSAGE_ENFORCED);
        add(set, strict, Capability.RESUMES_AFTER_DRAINING);
        add(set, strict, Capability.OWN_QUEUE_KEY);
        add(set, strict, Capability.EXACT_ERROR_STATUS);
        add(set, strict, Capability.SEND_SLOTS_FREED_BY_POLLING);
        return Collections.unmodifiableSet(set);
    }

    private static void addTransports(Set<Capability> set, int transport) {
        switch (transport) {
            case IbvDevice.IBV_TRANSPORT_IB -> {
                set.add(Capability.RELIABLE_CONNECTED);
                set.add(Capability.UNRELIABLE_CONNECTED);
                set.add(Capability.UNRELIABLE_DATAGRAM);
            }
            case IbvDevice.IBV_TRANSPORT_IWARP -> set.add(Capability.RELIABLE_CONNECTED);
            default -> set.add(Capability.UNRELIABLE_DATAGRAM);
        }
    }

    private static boolean has(int flags, int flag) {
        return (flags & flag) != 0;
    }

    private static void add(Set<Capability> set, boolean can, Capability capability) {
        if (can) {
            set.add(capability);
        }
    }
}
