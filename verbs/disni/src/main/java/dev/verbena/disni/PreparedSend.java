package dev.verbena.disni;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.SVCPostSend;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ScatterGatherList;
import java.io.IOException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A send request that is posted again and again, and patched in place in between. It has the values of the program's
 * {@code IbvSendWR} as they were when it was prepared.
 *
 * <p>Threading: one thread at a time. Hot path: {@link #post}.
 */
final class PreparedSend implements SVCPostSend.SendWRMod, SVCPostSend.RdmaMod, PreparedPosts.Prepared {
    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final QueuePair qp;
    private final PreparedEntry[] entries;
    /** The only entry of what is no datagram: the usual case. */
    private final @Nullable PreparedEntry first;
    /** For none or several entries. */
    private final ScatterGatherList list;

    private final int opcode;
    private final int immediate;
    private final long compareOrAdd;
    private final long swap;
    private final @Nullable AddressHandle handle;
    private final int remoteNumber;
    private final int remoteQkey;

    private long id;
    private int flags;
    private long remoteAddress;
    private int rkey;
    private int reserved;

    PreparedSend(DisniQueuePair owner, IbvSendWR wr) throws IOException {
        qp = owner.qp();
        entries = PreparedEntry.of(wr.getSg_list(), wr.getNum_sge());
        list = new ScatterGatherList(Math.max(1, entries.length));
        id = wr.getWr_id();
        flags = wr.getSend_flags();
        opcode = wr.getOpcode();
        if (opcode < IbvSendWR.IBV_WR_RDMA_WRITE || opcode > IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD) {
            throw new IOException("opcode " + opcode + " is none of IbvSendWR's");
        }
        // DiSNI hands the number over as it lies in memory; the verbs below take it as the number it is on the wire.
        immediate = LITTLE_ENDIAN ? Integer.reverseBytes(wr.getImm_data()) : wr.getImm_data();
        if (opcode == Opcode.ATOMIC_CMP_AND_SWP || opcode == Opcode.ATOMIC_FETCH_AND_ADD) {
            IbvSendWR.Atomic atomic = wr.getAtomic();
            if (atomic == null || entries.length != 1 || entries[0].getLength() != Long.BYTES) {
                throw new IOException(Opcode.name(opcode)
                        + " wants an IbvSendWR.Atomic and one entry of 8 bytes, where the value before goes");
            }
            remoteAddress = atomic.getRemote_addr();
            rkey = atomic.getRkey();
            compareOrAdd = atomic.getCompare_add();
            swap = atomic.getSwap();
        } else {
            IbvSendWR.Rdma rdma = wr.getRdma();
            remoteAddress = rdma == null ? 0 : rdma.getRemote_addr();
            rkey = rdma == null ? 0 : rdma.getRkey();
            reserved = rdma == null ? 0 : rdma.getReserved();
            compareOrAdd = 0;
            swap = 0;
        }
        if (owner.getQp_type() == IbvQP.IBV_QPT_UD) {
            IbvSendWR.Ud ud = wr.getUd();
            if (ud == null) {
                throw new IOException("a datagram wants an IbvSendWR.Ud");
            }
            handle = owner.domain().addressHandle(ud.getAh());
            remoteNumber = ud.getRemote_qpn();
            remoteQkey = ud.getRemote_qkey();
            if (opcode != Opcode.SEND && (opcode != Opcode.SEND_WITH_IMM || entries.length != 1)) {
                throw new IOException(Opcode.name(opcode) + " with " + entries.length
                        + " entries: a datagram is a SEND, or a SEND_WITH_IMM of one entry");
            }
        } else {
            handle = null;
            remoteNumber = 0;
            remoteQkey = 0;
        }
        first = entries.length == 1 && handle == null ? entries[0] : null;
    }

    @Override
    public int post() {
        PreparedEntry entry = first;
        if (entry == null) {
            return postList();
        }
        long address = entry.getAddr();
        int length = entry.getLength();
        int lkey = entry.getLkey();
        return switch (opcode) {
            case Opcode.SEND -> qp.postSend(id, address, length, lkey, flags);
            case Opcode.SEND_WITH_IMM -> qp.postSendWithImmediate(id, address, length, lkey, immediate, flags);
            case Opcode.RDMA_WRITE -> qp.postWrite(id, address, length, lkey, remoteAddress, rkey, flags);
            case Opcode.RDMA_WRITE_WITH_IMM ->
                qp.postWriteWithImmediate(id, address, length, lkey, remoteAddress, rkey, immediate, flags);
            case Opcode.RDMA_READ -> qp.postRead(id, address, length, lkey, remoteAddress, rkey, flags);
            case Opcode.ATOMIC_CMP_AND_SWP ->
                qp.postCompareAndSwap(id, address, lkey, remoteAddress, rkey, compareOrAdd, swap, flags);
            default -> qp.postFetchAndAdd(id, address, lkey, remoteAddress, rkey, compareOrAdd, flags);
        };
    }

    private int postList() {
        list.clear();
        for (PreparedEntry entry : entries) {
            list.add(entry.getAddr(), entry.getLength(), entry.getLkey());
        }
        if (handle != null) {
            return postDatagram(handle);
        }
        return switch (opcode) {
            case Opcode.SEND -> qp.postSend(id, list, flags);
            case Opcode.SEND_WITH_IMM -> qp.postSendWithImmediate(id, list, immediate, flags);
            case Opcode.RDMA_WRITE -> qp.postWrite(id, list, remoteAddress, rkey, flags);
            case Opcode.RDMA_WRITE_WITH_IMM ->
                qp.postWriteWithImmediate(id, list, remoteAddress, rkey, immediate, flags);
            default -> qp.postRead(id, list, remoteAddress, rkey, flags);
        };
    }

    private int postDatagram(AddressHandle way) {
        if (opcode == Opcode.SEND) {
            return qp.postDatagram(id, list, way, remoteNumber, remoteQkey, flags);
        }
        PreparedEntry entry = entries[0];
        return qp.postDatagramWithImmediate(
                id,
                entry.getAddr(),
                entry.getLength(),
                entry.getLkey(),
                immediate,
                way,
                remoteNumber,
                remoteQkey,
                flags);
    }

    @Override
    public void setWr_id(long wrId) {
        id = wrId;
    }

    @Override
    public long getWr_id() {
        return id;
    }

    @Override
    public void setSend_flags(int sendFlags) {
        flags = sendFlags;
    }

    @Override
    public int getSend_flags() {
        return flags;
    }

    @Override
    public int getNum_sge() {
        return entries.length;
    }

    @Override
    public int getOpcode() {
        return opcode;
    }

    /** The remote side of an atomic request too. */
    @Override
    public SVCPostSend.RdmaMod getRdmaMod() {
        return this;
    }

    /** DiSNI declares no exception here, so that of the JDK says what is wrong. */
    @Override
    public SVCPostSend.SgeMod getSgeMod(int index) {
        if (index < 0 || index >= entries.length) {
            throw new IndexOutOfBoundsException(
                    "there is no entry " + index + ", request " + id + " has " + entries.length);
        }
        return entries[index];
    }

    @Override
    public void setRemote_addr(long address) {
        remoteAddress = address;
    }

    @Override
    public long getRemote_addr() {
        return remoteAddress;
    }

    @Override
    public void setRkey(int key) {
        rkey = key;
    }

    @Override
    public int getRkey() {
        return rkey;
    }

    @Override
    public void setReserved(int value) {
        reserved = value;
    }

    @Override
    public int getReserved() {
        return reserved;
    }
}
