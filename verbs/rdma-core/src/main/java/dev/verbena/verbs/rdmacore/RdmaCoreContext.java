package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.rdmacore.ffi.IbvAsyncEvent;
import dev.verbena.verbs.rdmacore.ffi.IbvContext;
import dev.verbena.verbs.rdmacore.ffi.IbvDevice;
import dev.verbena.verbs.rdmacore.ffi.IbvDeviceAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvDeviceAttrEx;
import dev.verbena.verbs.rdmacore.ffi.IbvGidEntry;
import dev.verbena.verbs.rdmacore.ffi.IbvPortAttr;
import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import dev.verbena.verbs.rdmacore.ffi.VerbsContext;
import dev.verbena.verbs.spi.CompletionChannelDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An open device. */
final class RdmaCoreContext implements ContextDriver {
    private final String name;
    private final String object;
    private final long context;
    private final DriverTraits traits;
    private final Descriptor events;
    private final Set<Capability> capabilities;

    /** Queue pairs, completion queues and shared receive queues by address, to tell whose an event is. */
    private final Map<Long, Object> elements = new ConcurrentHashMap<>();

    private RdmaCoreContext(String name, long context, DriverTraits traits) {
        this.name = name;
        this.object = "device " + name;
        this.context = context;
        this.traits = traits;
        this.events = new Descriptor(IbvContext.asyncFd(context), object);
        this.capabilities = findCapabilities();
    }

    /** Takes over an open context; closes it again if it cannot be used. */
    static RdmaCoreContext opened(String name, long context, DriverTraits traits) {
        try {
            return new RdmaCoreContext(name, context, traits);
        } catch (RuntimeException unusable) {
            int _ = Ibverbs.ibv_close_device(context);
            throw unusable;
        }
    }

    String name() {
        return name;
    }

    long address() {
        return context;
    }

    DriverTraits traits() {
        return traits;
    }

    void addElement(long address, Object element) {
        elements.put(address, element);
    }

    void removeElement(long address) {
        elements.remove(address);
    }

    @Nullable
    Object element(long address) {
        return elements.get(address);
    }

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public DeviceAttributes queryDevice() {
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvDeviceAttr.SIZE, Long.BYTES).address();
            Failure.check("ibv_query_device", object, Ibverbs.ibv_query_device(context, attr), "");
            return new DeviceAttributes(
                    IbvDeviceAttr.fwVer(attr),
                    Long.reverseBytes(IbvDeviceAttr.nodeGuid(attr)),
                    Long.reverseBytes(IbvDeviceAttr.sysImageGuid(attr)),
                    IbvDeviceAttr.maxMrSize(attr),
                    IbvDeviceAttr.pageSizeCap(attr),
                    IbvDeviceAttr.vendorId(attr),
                    IbvDeviceAttr.vendorPartId(attr),
                    IbvDeviceAttr.hwVer(attr),
                    IbvDeviceAttr.maxQp(attr),
                    IbvDeviceAttr.maxQpWr(attr),
                    IbvDeviceAttr.deviceCapFlags(attr),
                    IbvDeviceAttr.maxSge(attr),
                    IbvDeviceAttr.maxSgeRd(attr),
                    IbvDeviceAttr.maxCq(attr),
                    IbvDeviceAttr.maxCqe(attr),
                    IbvDeviceAttr.maxMr(attr),
                    IbvDeviceAttr.maxPd(attr),
                    IbvDeviceAttr.maxQpRdAtom(attr),
                    IbvDeviceAttr.maxResRdAtom(attr),
                    IbvDeviceAttr.maxQpInitRdAtom(attr),
                    DeviceAttributes.AtomicCapability.of(IbvDeviceAttr.atomicCap(attr)),
                    IbvDeviceAttr.maxMw(attr),
                    IbvDeviceAttr.maxMcastGrp(attr),
                    IbvDeviceAttr.maxMcastQpAttach(attr),
                    IbvDeviceAttr.maxAh(attr),
                    IbvDeviceAttr.maxSrq(attr),
                    IbvDeviceAttr.maxSrqWr(attr),
                    IbvDeviceAttr.maxSrqSge(attr),
                    IbvDeviceAttr.maxPkeys(attr),
                    IbvDeviceAttr.localCaAckDelay(attr),
                    IbvDeviceAttr.physPortCnt(attr));
        }
    }

    @Override
    public PortAttributes queryPort(int port) {
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvPortAttr.SIZE, Long.BYTES).address();
            fillPort(port, attr);
            return new PortAttributes(
                    port,
                    PortAttributes.State.of(IbvPortAttr.state(attr)),
                    Mtu.of(IbvPortAttr.maxMtu(attr)),
                    Mtu.of(IbvPortAttr.activeMtu(attr)),
                    IbvPortAttr.gidTblLen(attr),
                    IbvPortAttr.portCapFlags(attr),
                    Integer.toUnsignedLong(IbvPortAttr.maxMsgSz(attr)),
                    IbvPortAttr.lid(attr),
                    IbvPortAttr.smLid(attr),
                    IbvPortAttr.lmc(attr),
                    PortAttributes.LinkLayer.of(IbvPortAttr.linkLayer(attr)),
                    IbvPortAttr.pkeyTblLen(attr),
                    IbvPortAttr.activeWidth(attr),
                    IbvPortAttr.activeSpeed(attr),
                    IbvPortAttr.physState(attr));
        }
    }

    private void fillPort(int port, long attr) {
        String where = object + " port " + port;
        MemorySegment slot = VerbsContext.queryPort(context);
        if (slot.address() != 0) {
            Failure.check("ibv_query_port", where, Ibverbs.query_port(slot, context, port, attr, IbvPortAttr.SIZE), "");
        } else {
            Failure.check("ibv_query_port", where, Ibverbs.ibv_query_port(context, port, attr), "");
        }
    }

    @Override
    public List<GidEntry> queryGids(int port) {
        queryPort(port); // refuses a port that is not there
        int entriesMax = 0;
        int ports = queryDevice().portCount();
        for (int p = 1; p <= ports; p++) {
            entriesMax += queryPort(p).gidTableLength();
        }
        try (Arena arena = Arena.ofConfined()) {
            long entries = arena.allocate((long) entriesMax * IbvGidEntry.SIZE, Long.BYTES)
                    .address();
            long count = Ibverbs.ibv_query_gid_table(context, entries, entriesMax, 0, IbvGidEntry.SIZE);
            if (count < 0) {
                throw Failure.of("ibv_query_gid_table", object, count, "");
            }
            List<GidEntry> gids = new ArrayList<>();
            for (long entry = entries; entry < entries + count * IbvGidEntry.SIZE; entry += IbvGidEntry.SIZE) {
                Gid gid = Gid.of(Memory.getBytes(IbvGidEntry.gid(entry), 16));
                if (IbvGidEntry.portNum(entry) == port && !gid.isZero()) {
                    gids.add(new GidEntry(port, IbvGidEntry.gidIndex(entry), gid, gidType(entry), netdev(port, entry)));
                }
            }
            return gids;
        }
    }

    private static GidEntry.Type gidType(long entry) {
        return switch (IbvGidEntry.gidType(entry)) {
            case IbvGidEntry.IBV_GID_TYPE_IB -> GidEntry.Type.IB;
            case IbvGidEntry.IBV_GID_TYPE_ROCE_V1 -> GidEntry.Type.ROCE_V1;
            case IbvGidEntry.IBV_GID_TYPE_ROCE_V2 -> GidEntry.Type.ROCE_V2;
            default -> GidEntry.Type.UNKNOWN;
        };
    }

    private @Nullable String netdev(int port, long entry) {
        // An index would be looked up in this process's network namespace, which need not be the device's.
        String named = DriverTraits.text(Path.of(IbvDevice.ibdevPath(IbvContext.device(context)))
                .resolve("ports/" + port + "/gid_attrs/ndevs/" + IbvGidEntry.gidIndex(entry)));
        if (!named.isEmpty()) {
            return named;
        }
        try {
            int index = IbvGidEntry.ndevIfindex(entry);
            NetworkInterface netdev = index == 0 ? null : NetworkInterface.getByIndex(index);
            return netdev == null ? null : netdev.getName();
        } catch (SocketException unknown) {
            return null;
        }
    }

    @Override
    public int queryPkey(int port, int index) {
        try (Arena arena = Arena.ofConfined()) {
            long pkey = arena.allocate(Short.BYTES, Short.BYTES).address();
            Failure.check(
                    "ibv_query_pkey",
                    object + " port " + port,
                    Ibverbs.ibv_query_pkey(context, port, index, pkey),
                    "index " + index + " may lie beyond the table");
            return Short.toUnsignedInt(Short.reverseBytes((short) Memory.getUnsignedShort(pkey)));
        }
    }

    @Override
    public ProtectionDomainDriver allocateProtectionDomain() {
        long pd = Ibverbs.ibv_alloc_pd(context);
        return new RdmaCoreProtectionDomain(
                this, Failure.checkPointer("ibv_alloc_pd", object, pd, Failure.ofCreation(pd, "max_pd")));
    }

    @Override
    public CompletionChannelDriver createCompletionChannel() {
        long channel = Ibverbs.ibv_create_comp_channel(context);
        return new RdmaCoreCompletionChannel(
                this, Failure.checkPointer("ibv_create_comp_channel", object, channel, ""));
    }

    @Override
    public CompletionQueueDriver createCompletionQueue(
            int entries, @Nullable CompletionChannelDriver channel, int vector) {
        return RdmaCoreCompletionQueue.create(this, entries, (RdmaCoreCompletionChannel) channel, vector);
    }

    @Override
    public @Nullable AsyncRecord pollAsyncEvent() {
        try (Arena arena = Arena.ofConfined()) {
            long event = arena.allocate(IbvAsyncEvent.SIZE, Long.BYTES).address();
            int result = Ibverbs.ibv_get_async_event(context, event);
            if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
                return null;
            }
            Failure.check("ibv_get_async_event", object, result, "");
            int type = IbvAsyncEvent.eventType(event);
            // Looked up before it is acknowledged: until then the object cannot be destroyed and its address used
            // again.
            AsyncRecord copy = switch (type) {
                case IbvAsyncEvent.IBV_EVENT_CQ_ERR,
                        IbvAsyncEvent.IBV_EVENT_QP_FATAL,
                        IbvAsyncEvent.IBV_EVENT_QP_REQ_ERR,
                        IbvAsyncEvent.IBV_EVENT_QP_ACCESS_ERR,
                        IbvAsyncEvent.IBV_EVENT_COMM_EST,
                        IbvAsyncEvent.IBV_EVENT_SQ_DRAINED,
                        IbvAsyncEvent.IBV_EVENT_PATH_MIG,
                        IbvAsyncEvent.IBV_EVENT_PATH_MIG_ERR,
                        IbvAsyncEvent.IBV_EVENT_SRQ_ERR,
                        IbvAsyncEvent.IBV_EVENT_SRQ_LIMIT_REACHED,
                        IbvAsyncEvent.IBV_EVENT_QP_LAST_WQE_REACHED ->
                    new AsyncRecord(type, element(IbvAsyncEvent.element(event)), 0);
                case IbvAsyncEvent.IBV_EVENT_PORT_ACTIVE,
                        IbvAsyncEvent.IBV_EVENT_PORT_ERR,
                        IbvAsyncEvent.IBV_EVENT_LID_CHANGE,
                        IbvAsyncEvent.IBV_EVENT_PKEY_CHANGE,
                        IbvAsyncEvent.IBV_EVENT_SM_CHANGE,
                        IbvAsyncEvent.IBV_EVENT_CLIENT_REREGISTER,
                        IbvAsyncEvent.IBV_EVENT_GID_CHANGE ->
                    new AsyncRecord(type, null, (int) IbvAsyncEvent.element(event));
                default -> new AsyncRecord(type, null, 0);
            };
            Ibverbs.ibv_ack_async_event(event);
            return copy;
        }
    }

    @Override
    public int completionVectors() {
        return IbvContext.numCompVectors(context);
    }

    @Override
    public void awaitReady(long timeoutNs) throws InterruptedException {
        events.await(timeoutNs);
    }

    @Override
    public void wake() {
        events.wake();
    }

    @Override
    public void close() {
        events.wake();
        Failure.check("ibv_close_device", object, Ibverbs.ibv_close_device(context), "");
    }

    private Set<Capability> findCapabilities() {
        DeviceAttributes device = queryDevice();
        int transport = IbvDevice.transportType(IbvContext.device(context));
        boolean windows =
                device.maxMemoryWindows() > 0 && IbvContext.allocMw(context).address() != 0;
        int flags = device.deviceCapabilities();
        return CapabilitySet.of(device, transport, windows, hasOnDemandPaging(), flags, traits);
    }

    private boolean hasOnDemandPaging() {
        MemorySegment slot = VerbsContext.queryDeviceEx(context);
        if (slot.address() == 0) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            long attr = arena.allocate(IbvDeviceAttrEx.PREFIX_SIZE, Long.BYTES).address();
            int result = Ibverbs.query_device_ex(slot, context, 0, attr, IbvDeviceAttrEx.PREFIX_SIZE);
            return result == 0 && (IbvDeviceAttrEx.generalCaps(attr) & IbvDeviceAttrEx.IBV_ODP_SUPPORT) != 0;
        }
    }
}
