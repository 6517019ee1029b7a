package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.rdmacore.ffi.IbvAhAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvMw;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.AddressHandleDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import dev.verbena.verbs.spi.QueuePairDriver;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** A protection domain. */
final class RdmaCoreProtectionDomain implements ProtectionDomainDriver {
    private final RdmaCoreContext context;
    private final String object;
    private final long pd;

    RdmaCoreProtectionDomain(RdmaCoreContext context, long pd) {
        this.context = context;
        this.object = "device " + context.name();
        this.pd = pd;
    }

    RdmaCoreContext context() {
        return context;
    }

    long address() {
        return pd;
    }

    @Override
    public MemoryRegionDriver register(long address, long lengthBytes, long iova, int access) {
        return new RdmaCoreMemoryRegion(context.name(), registerRange(address, lengthBytes, iova, access), null);
    }

    private long registerRange(long address, long lengthBytes, long iova, int access) {
        // The address that peers use is given as such, which is all that the flag would do.
        int flags = access & ~AccessFlags.ZERO_BASED;
        long mr = Ibverbs.ibv_reg_mr_iova2(pd, address, lengthBytes, iova, flags);
        return Failure.checkPointer(
                "ibv_reg_mr", object + ", " + Failure.bytes(lengthBytes), mr, Failure.ofRegistration(mr));
    }

    @Override
    public AllocatedRegion allocate(long lengthBytes, int access, Pages pages) {
        PageMemory memory = PageMemory.map(lengthBytes, pages, object);
        long mr;
        try {
            mr = registerRange(memory.address(), lengthBytes, registeredAddress(memory, access), access);
        } catch (RuntimeException refused) {
            memory.free();
            throw refused;
        }
        RdmaCoreMemoryRegion region = new RdmaCoreMemoryRegion(context.name(), mr, memory);
        return new AllocatedRegion(memory.segment(), region, memory.pages());
    }

    private static long registeredAddress(PageMemory memory, int access) {
        return (access & AccessFlags.ZERO_BASED) != 0 ? 0 : memory.address();
    }

    @Override
    public MemoryWindowDriver allocateMemoryWindow(MemoryWindow.Type type) {
        int code = type == MemoryWindow.Type.TYPE_1 ? IbvMw.IBV_MW_TYPE_1 : IbvMw.IBV_MW_TYPE_2;
        long mw = Ibverbs.alloc_mw(IbvContext.allocMw(context.address()), pd, code);
        Failure.checkPointer("ibv_alloc_mw", object, mw, Failure.ofCreation(mw, "max_mw"));
        return new RdmaCoreMemoryWindow(context, pd, mw);
    }

    @Override
    public AddressHandleDriver createAddressHandle(AddressVector vector) {
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvAhAttr.SIZE, Long.BYTES).address();
            Attributes.writeAddressVector(attr, vector);
            long ah = Ibverbs.ibv_create_ah(pd, attr);
            Failure.checkPointer(
                    "ibv_create_ah", object + " to " + vector.destination(), ah, addressProblem(vector, ah));
            return new RdmaCoreAddressHandle(context.name(), ah);
        }
    }

    private static String addressProblem(AddressVector vector, long negativeErrno) {
        return switch ((int) -negativeErrno) {
            case Errno.EINVAL ->
                "port " + vector.port() + " has no GID at index " + vector.sourceGidIndex()
                        + ", or the destination is not of its kind";
            case Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.ETIMEDOUT ->
                "there is no route to " + vector.destination() + " from GID index " + vector.sourceGidIndex();
            default -> "";
        };
    }

    @Override
    public SharedReceiveQueueDriver createSharedReceiveQueue(SharedReceiveQueueConfig config) {
        return RdmaCoreSharedReceiveQueue.create(this, config);
    }

    @Override
    public QueuePairDriver createQueuePair(
            QueuePairConfig config,
            CompletionQueueDriver sendQueue,
            CompletionQueueDriver receiveQueue,
            @Nullable SharedReceiveQueueDriver sharedReceiveQueue) {
        return RdmaCoreQueuePair.create(
                this,
                config,
                (RdmaCoreCompletionQueue) sendQueue,
                (RdmaCoreCompletionQueue) receiveQueue,
                (RdmaCoreSharedReceiveQueue) sharedReceiveQueue);
    }

    @Override
    public void close() {
        int result = Ibverbs.ibv_dealloc_pd(pd);
        Failure.check("ibv_dealloc_pd", object, result, Failure.ofClose(result));
    }
}
