package dev.verbena.verbs.rdmacore.ffi;

/**
 * A request to send, write, read, swap, add, invalidate or bind. Hot path.
 *
 * <pre>{@code
 * struct ibv_send_wr {
 *        0  uint64_t                wr_id;
 *        8  struct ibv_send_wr *    next;
 *       16  struct ibv_sge *        sg_list;
 *       24  int                     num_sge;
 *       28  enum ibv_wr_opcode      opcode;
 *       32  unsigned int            send_flags;
 *       36  __be32                  imm_data;
 *       36  uint32_t                invalidate_rkey;
 *       40  uint64_t                wr.rdma.remote_addr;
 *       48  uint32_t                wr.rdma.rkey;
 *       40  uint64_t                wr.atomic.remote_addr;
 *       48  uint64_t                wr.atomic.compare_add;
 *       56  uint64_t                wr.atomic.swap;
 *       64  uint32_t                wr.atomic.rkey;
 *       40  struct ibv_ah *         wr.ud.ah;
 *       48  uint32_t                wr.ud.remote_qpn;
 *       52  uint32_t                wr.ud.remote_qkey;
 *       72  uint32_t                qp_type.xrc.remote_srqn;
 *       80  struct ibv_mw *         bind_mw.mw;
 *       88  uint32_t                bind_mw.rkey;
 *       96  struct ibv_mw_bind_info bind_mw.bind_info;
 * }  size 128
 * }</pre>
 */
@CStruct("struct ibv_send_wr")
public final class IbvSendWr {
    @CStruct.SizeOf
    public static final int SIZE = 128;

    @CStruct.Offset(value = "wr_id", bytes = 8)
    static final int WR_ID = 0;

    @CStruct.Offset(value = "next", bytes = 8)
    static final int NEXT = 8;

    @CStruct.Offset(value = "sg_list", bytes = 8)
    static final int SG_LIST = 16;

    @CStruct.Offset(value = "num_sge", bytes = 4)
    static final int NUM_SGE = 24;

    @CStruct.Offset(value = "opcode", bytes = 4)
    static final int OPCODE = 28;

    @CStruct.Offset(value = "send_flags", bytes = 4)
    static final int SEND_FLAGS = 32;

    @CStruct.Offset(value = "imm_data", bytes = 4)
    static final int IMM_DATA = 36;

    @CStruct.Offset(value = "invalidate_rkey", bytes = 4)
    static final int INVALIDATE_RKEY = 36;

    @CStruct.Offset(value = "wr.rdma.remote_addr", bytes = 8)
    static final int WR_RDMA_REMOTE_ADDR = 40;

    @CStruct.Offset(value = "wr.rdma.rkey", bytes = 4)
    static final int WR_RDMA_RKEY = 48;

    @CStruct.Offset(value = "wr.atomic.remote_addr", bytes = 8)
    static final int WR_ATOMIC_REMOTE_ADDR = 40;

    @CStruct.Offset(value = "wr.atomic.compare_add", bytes = 8)
    static final int WR_ATOMIC_COMPARE_ADD = 48;

    @CStruct.Offset(value = "wr.atomic.swap", bytes = 8)
    static final int WR_ATOMIC_SWAP = 56;

    @CStruct.Offset(value = "wr.atomic.rkey", bytes = 4)
    static final int WR_ATOMIC_RKEY = 64;

    @CStruct.Offset(value = "wr.ud.ah", bytes = 8)
    static final int WR_UD_AH = 40;

    @CStruct.Offset(value = "wr.ud.remote_qpn", bytes = 4)
    static final int WR_UD_REMOTE_QPN = 48;

    @CStruct.Offset(value = "wr.ud.remote_qkey", bytes = 4)
    static final int WR_UD_REMOTE_QKEY = 52;

    @CStruct.Offset(value = "qp_type.xrc.remote_srqn", bytes = 4)
    static final int QP_TYPE_XRC_REMOTE_SRQN = 72;

    @CStruct.Offset(value = "bind_mw.mw", bytes = 8)
    static final int BIND_MW_MW = 80;

    @CStruct.Offset(value = "bind_mw.rkey", bytes = 4)
    static final int BIND_MW_RKEY = 88;

    @CStruct.Offset(value = "bind_mw.bind_info", bytes = 32)
    static final int BIND_MW_BIND_INFO = 96;

    @CStruct.Value
    public static final int IBV_WR_RDMA_WRITE = 0;

    @CStruct.Value
    public static final int IBV_WR_RDMA_WRITE_WITH_IMM = 1;

    @CStruct.Value
    public static final int IBV_WR_SEND = 2;

    @CStruct.Value
    public static final int IBV_WR_SEND_WITH_IMM = 3;

    @CStruct.Value
    public static final int IBV_WR_RDMA_READ = 4;

    @CStruct.Value
    public static final int IBV_WR_ATOMIC_CMP_AND_SWP = 5;

    @CStruct.Value
    public static final int IBV_WR_ATOMIC_FETCH_AND_ADD = 6;

    @CStruct.Value
    public static final int IBV_WR_LOCAL_INV = 7;

    @CStruct.Value
    public static final int IBV_WR_BIND_MW = 8;

    @CStruct.Value
    public static final int IBV_WR_SEND_WITH_INV = 9;

    @CStruct.Value
    public static final int IBV_SEND_FENCE = 1 << 0;

    @CStruct.Value
    public static final int IBV_SEND_SIGNALED = 1 << 1;

    @CStruct.Value
    public static final int IBV_SEND_SOLICITED = 1 << 2;

    @CStruct.Value
    public static final int IBV_SEND_INLINE = 1 << 3;

    @CStruct.Value
    public static final int IBV_SEND_IP_CSUM = 1 << 4;

    private IbvSendWr() {}

    public static long wrId(long wr) {
        return Memory.getLong(wr + WR_ID);
    }

    public static long next(long wr) {
        return Memory.getLong(wr + NEXT);
    }

    public static void next(long wr, long value) {
        Memory.putLong(wr + NEXT, value);
    }

    public static long sgList(long wr) {
        return Memory.getLong(wr + SG_LIST);
    }

    public static void sgList(long wr, long value) {
        Memory.putLong(wr + SG_LIST, value);
    }

    public static int numSge(long wr) {
        return Memory.getInt(wr + NUM_SGE);
    }

    public static int opcode(long wr) {
        return Memory.getInt(wr + OPCODE);
    }

    public static int sendFlags(long wr) {
        return Memory.getInt(wr + SEND_FLAGS);
    }

    public static int immData(long wr) {
        return Memory.getInt(wr + IMM_DATA);
    }

    public static long wrRdmaRemoteAddr(long wr) {
        return Memory.getLong(wr + WR_RDMA_REMOTE_ADDR);
    }

    public static int wrRdmaRkey(long wr) {
        return Memory.getInt(wr + WR_RDMA_RKEY);
    }

    /** The address of the nested {@code struct ibv_mw_bind_info}. */
    public static long bindMwBindInfo(long wr) {
        return wr + BIND_MW_BIND_INFO;
    }

    /** Writes every field outside the unions, and the immediate data or the key to invalidate as C lays it. */
    public static void set(
            long wr, long wrId, long next, long sgList, int numSge, int opcode, int sendFlags, int immOrRkey) {
        Memory.putLong(wr + WR_ID, wrId);
        Memory.putLong(wr + NEXT, next);
        Memory.putLong(wr + SG_LIST, sgList);
        Memory.putInt(wr + NUM_SGE, numSge);
        Memory.putInt(wr + OPCODE, opcode);
        Memory.putInt(wr + SEND_FLAGS, sendFlags);
        Memory.putInt(wr + IMM_DATA, immOrRkey);
    }

    /** Writes every field of {@code wr.rdma}, for a READ or WRITE. */
    public static void setRdma(long wr, long remoteAddr, int rkey) {
        Memory.putLong(wr + WR_RDMA_REMOTE_ADDR, remoteAddr);
        Memory.putInt(wr + WR_RDMA_RKEY, rkey);
    }

    /** Writes every field of {@code wr.atomic}. */
    public static void setAtomic(long wr, long remoteAddr, long compareAdd, long swap, int rkey) {
        Memory.putLong(wr + WR_ATOMIC_REMOTE_ADDR, remoteAddr);
        Memory.putLong(wr + WR_ATOMIC_COMPARE_ADD, compareAdd);
        Memory.putLong(wr + WR_ATOMIC_SWAP, swap);
        Memory.putInt(wr + WR_ATOMIC_RKEY, rkey);
    }

    /** Writes every field of {@code wr.ud}. */
    public static void setUd(long wr, long ah, int remoteQpn, int remoteQkey) {
        Memory.putLong(wr + WR_UD_AH, ah);
        Memory.putInt(wr + WR_UD_REMOTE_QPN, remoteQpn);
        Memory.putInt(wr + WR_UD_REMOTE_QKEY, remoteQkey);
    }

    /** Writes every field of {@code bind_mw}. */
    public static void setBindMw(long wr, long mw, int rkey, long mr, long addr, long length, int accessFlags) {
        Memory.putLong(wr + BIND_MW_MW, mw);
        Memory.putInt(wr + BIND_MW_RKEY, rkey);
        IbvMwBindInfo.set(wr + BIND_MW_BIND_INFO, mr, addr, length, accessFlags);
    }
}
