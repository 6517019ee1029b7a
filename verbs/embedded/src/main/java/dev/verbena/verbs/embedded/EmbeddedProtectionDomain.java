package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.AddressHandleDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import dev.verbena.verbs.spi.QueuePairDriver;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A protection domain: a number that keys and queue pairs have in common. */
final class EmbeddedProtectionDomain implements ProtectionDomainDriver {
    /** How much is looked at in one call when memory is registered. */
    private static final long MAPPED_STEP = 1L << 30;

    private final EmbeddedContext context;
    private final Node node;
    private final int number;

    EmbeddedProtectionDomain(EmbeddedContext context) {
        this.context = context;
        this.node = context.node();
        this.number = node.nextName();
    }

    @Override
    public MemoryRegionDriver register(long address, long lengthBytes, long iova, int access) {
        requireMapped(address, lengthBytes);
        long peers = (access & AccessFlags.ZERO_BASED) != 0 ? 0 : iova;
        if ((access & (AccessFlags.REMOTE_ALL | AccessFlags.MEMORY_WINDOW_BIND)) != 0) {
            QuietRegions.onShared(address, lengthBytes);
        }
        RegionKeys.Entry entry = new RegionKeys.Entry(peers, lengthBytes, address, access, number, -1, 0, 0, 0, 0);
        return new EmbeddedMemoryRegion(node, context.name(), entry, null);
    }

    /** Memory that is not there is refused now, not when a peer touches it. */
    private void requireMapped(long address, long lengthBytes) {
        long first = address & -SharedMemory.PAGE_BYTES;
        long end = address + lengthBytes;
        if (end < first) {
            throw new VerbsException(
                    "ibv_reg_mr", context.name(), Errno.ENOMEM, "the range does not fit the address space");
        }
        try (Arena arena = Arena.ofConfined()) {
            long vector =
                    arena.allocate(MAPPED_STEP / SharedMemory.PAGE_BYTES, 8).address();
            for (long at = first; lengthBytes > 0 && at < end; at += MAPPED_STEP) {
                int result = Linux.mincore(at, Math.min(end - at, MAPPED_STEP), vector);
                if (result < 0) {
                    throw new VerbsException(
                            "ibv_reg_mr",
                            String.format("%s, %,d bytes at 0x%x", context.name(), lengthBytes, address),
                            Errno.EFAULT,
                            "not all of the range is mapped");
                }
            }
        }
    }

    @Override
    @SuppressWarnings("restricted")
    public AllocatedRegion allocate(long lengthBytes, int access, Pages pages) {
        SharedMemory memory = null;
        Pages made = Pages.NORMAL;
        if (pages != Pages.NORMAL) {
            try {
                memory = SharedMemory.create("verbena-region", lengthBytes, true);
                made = Pages.HUGE;
            } catch (VerbsException e) {
                if (pages == Pages.HUGE) {
                    throw e;
                }
            }
        }
        if (memory == null) {
            memory = SharedMemory.create("verbena-region", lengthBytes);
        }
        Segments.Segment segment = node.segments().add(memory);
        long address = memory.address();
        long iova = (access & AccessFlags.ZERO_BASED) != 0 ? 0 : address;
        Arena arena = Arena.ofShared();
        RegionKeys.Entry entry = new RegionKeys.Entry(
                iova, lengthBytes, address, access, number, segment.slot(), segment.life(), 0, 0, 0);
        MemorySegment view = MemorySegment.ofAddress(address).reinterpret(lengthBytes, arena, null);
        try {
            EmbeddedMemoryRegion region = new EmbeddedMemoryRegion(
                    node, context.name(), entry, new EmbeddedMemoryRegion.Allocated(segment, arena));
            return new AllocatedRegion(view, region, made);
        } catch (VerbsException e) {
            node.segments().remove(segment);
            memory.close();
            throw e;
        }
    }

    @Override
    public MemoryWindowDriver allocateMemoryWindow(MemoryWindow.Type type) {
        int code = switch (type) {
            case TYPE_1 -> 1;
            case TYPE_2 -> 2;
        };
        return new EmbeddedMemoryWindow(node, number, code, context.name());
    }

    @Override
    public AddressHandleDriver createAddressHandle(AddressVector vector) {
        if (!context.hasGid(vector)) {
            throw new VerbsException(
                    "ibv_create_ah",
                    context.name() + " to " + vector.destination(),
                    Errno.EINVAL,
                    "port " + vector.port() + " has no GID at index " + vector.sourceGidIndex());
        }
        boolean group = MulticastGroups.isGroup(vector.destination());
        if (group) {
            node.meetEveryone();
        }
        return new EmbeddedAddressHandle(
                context.queryGids(1).get(vector.sourceGidIndex()).gid(),
                vector,
                group || Addresses.isLocal(vector.destination()),
                group);
    }

    @Override
    public SharedReceiveQueueDriver createSharedReceiveQueue(SharedReceiveQueueConfig config) {
        check("ibv_create_srq", "max_srq_wr", config.slots(), EmbeddedContext.WORK_REQUESTS_MAX);
        check("ibv_create_srq", "max_srq_sge", config.entries(), EmbeddedContext.ENTRIES_MAX);
        return new EmbeddedSharedReceiveQueue(context, config);
    }

    @Override
    public QueuePairDriver createQueuePair(
            QueuePairConfig config,
            CompletionQueueDriver sendQueue,
            CompletionQueueDriver receiveQueue,
            @Nullable SharedReceiveQueueDriver sharedReceiveQueue) {
        check("ibv_create_qp", "max_qp_wr", config.sendSlots(), EmbeddedContext.WORK_REQUESTS_MAX);
        check("ibv_create_qp", "max_qp_wr", config.receiveSlots(), EmbeddedContext.WORK_REQUESTS_MAX);
        check("ibv_create_qp", "max_sge", config.sendEntries(), EmbeddedContext.ENTRIES_MAX);
        check("ibv_create_qp", "max_sge", config.receiveEntries(), EmbeddedContext.ENTRIES_MAX);
        check("ibv_create_qp", "the largest inline payload", config.inlineBytes(), EmbeddedContext.INLINE_MAX);
        return new EmbeddedQueuePair(
                context,
                number,
                config,
                (EmbeddedCompletionQueue) sendQueue,
                (EmbeddedCompletionQueue) receiveQueue,
                (EmbeddedSharedReceiveQueue) sharedReceiveQueue);
    }

    private void check(String verb, String limit, int wanted, int max) {
        if (wanted > max) {
            throw new VerbsException(
                    verb, "device " + context.name(), Errno.EINVAL, wanted + " asked for, " + limit + " is " + max);
        }
    }

    @Override
    public void close() {
        // Everything made from it is closed already.
    }
}
