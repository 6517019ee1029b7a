package dev.verbena.verbs.rdmacore.ffi;

/**
 * A work completion. Hot path. After a failure only {@code wr_id}, {@code status}, {@code vendor_err} and {@code
 * qp_num} are valid.
 *
 * <pre>{@code
 * struct ibv_wc {
 *        0  uint64_t           wr_id;
 *        8  enum ibv_wc_status status;
 *       12  enum ibv_wc_opcode opcode;
 *       16  uint32_t           vendor_err;
 *       20  uint32_t           byte_len;
 *       24  __be32             imm_data;
 *       24  uint32_t           invalidated_rkey;
 *       28  uint32_t           qp_num;
 *       32  uint32_t           src_qp;
 *       36  unsigned int       wc_flags;
 *       40  uint16_t           pkey_index;
 *       42  uint16_t           slid;
 *       44  uint8_t            sl;
 *       45  uint8_t            dlid_path_bits;
 * }  size 48
 * }</pre>
 */
@CStruct("struct ibv_wc")
public final class IbvWc {
    @CStruct.SizeOf
    public static final int SIZE = 48;

    @CStruct.Offset(value = "wr_id", bytes = 8)
    static final int WR_ID = 0;

    @CStruct.Offset(value = "status", bytes = 4)
    static final int STATUS = 8;

    @CStruct.Offset(value = "opcode", bytes = 4)
    static final int OPCODE = 12;

    @CStruct.Offset(value = "vendor_err", bytes = 4)
    static final int VENDOR_ERR = 16;

    @CStruct.Offset(value = "byte_len", bytes = 4)
    static final int BYTE_LEN = 20;

    @CStruct.Offset(value = "imm_data", bytes = 4)
    static final int IMM_DATA = 24;

    @CStruct.Offset(value = "invalidated_rkey", bytes = 4)
    static final int INVALIDATED_RKEY = 24;

    @CStruct.Offset(value = "qp_num", bytes = 4)
    static final int QP_NUM = 28;

    @CStruct.Offset(value = "src_qp", bytes = 4)
    static final int SRC_QP = 32;

    @CStruct.Offset(value = "wc_flags", bytes = 4)
    static final int WC_FLAGS = 36;

    @CStruct.Offset(value = "pkey_index", bytes = 2)
    static final int PKEY_INDEX = 40;

    @CStruct.Offset(value = "slid", bytes = 2)
    static final int SLID = 42;

    @CStruct.Offset(value = "sl", bytes = 1)
    static final int SL = 44;

    @CStruct.Offset(value = "dlid_path_bits", bytes = 1)
    static final int DLID_PATH_BITS = 45;

    @CStruct.Value
    public static final int IBV_WC_SUCCESS = 0;

    @CStruct.Value
    public static final int IBV_WC_LOC_LEN_ERR = 1;

    @CStruct.Value
    public static final int IBV_WC_LOC_QP_OP_ERR = 2;

    @CStruct.Value
    public static final int IBV_WC_LOC_EEC_OP_ERR = 3;

    @CStruct.Value
    public static final int IBV_WC_LOC_PROT_ERR = 4;

    @CStruct.Value
    public static final int IBV_WC_WR_FLUSH_ERR = 5;

    @CStruct.Value
    public static final int IBV_WC_MW_BIND_ERR = 6;

    @CStruct.Value
    public static final int IBV_WC_BAD_RESP_ERR = 7;

    @CStruct.Value
    public static final int IBV_WC_LOC_ACCESS_ERR = 8;

    @CStruct.Value
    public static final int IBV_WC_REM_INV_REQ_ERR = 9;

    @CStruct.Value
    public static final int IBV_WC_REM_ACCESS_ERR = 10;

    @CStruct.Value
    public static final int IBV_WC_REM_OP_ERR = 11;

    @CStruct.Value
    public static final int IBV_WC_RETRY_EXC_ERR = 12;

    @CStruct.Value
    public static final int IBV_WC_RNR_RETRY_EXC_ERR = 13;

    @CStruct.Value
    public static final int IBV_WC_LOC_RDD_VIOL_ERR = 14;

    @CStruct.Value
    public static final int IBV_WC_REM_INV_RD_REQ_ERR = 15;

    @CStruct.Value
    public static final int IBV_WC_REM_ABORT_ERR = 16;

    @CStruct.Value
    public static final int IBV_WC_INV_EECN_ERR = 17;

    @CStruct.Value
    public static final int IBV_WC_INV_EEC_STATE_ERR = 18;

    @CStruct.Value
    public static final int IBV_WC_FATAL_ERR = 19;

    @CStruct.Value
    public static final int IBV_WC_RESP_TIMEOUT_ERR = 20;

    @CStruct.Value
    public static final int IBV_WC_GENERAL_ERR = 21;

    @CStruct.Value
    public static final int IBV_WC_SEND = 0;

    @CStruct.Value
    public static final int IBV_WC_RDMA_WRITE = 1;

    @CStruct.Value
    public static final int IBV_WC_RDMA_READ = 2;

    @CStruct.Value
    public static final int IBV_WC_COMP_SWAP = 3;

    @CStruct.Value
    public static final int IBV_WC_FETCH_ADD = 4;

    @CStruct.Value
    public static final int IBV_WC_BIND_MW = 5;

    @CStruct.Value
    public static final int IBV_WC_LOCAL_INV = 6;

    @CStruct.Value
    public static final int IBV_WC_RECV = 128;

    @CStruct.Value
    public static final int IBV_WC_RECV_RDMA_WITH_IMM = 129;

    @CStruct.Value
    public static final int IBV_WC_GRH = 1;

    @CStruct.Value
    public static final int IBV_WC_WITH_IMM = 2;

    @CStruct.Value
    public static final int IBV_WC_WITH_INV = 8;

    private IbvWc() {}

    public static long wrId(long wc) {
        return Memory.getLong(wc + WR_ID);
    }

    public static int status(long wc) {
        return Memory.getInt(wc + STATUS);
    }

    public static int opcode(long wc) {
        return Memory.getInt(wc + OPCODE);
    }

    public static int vendorErr(long wc) {
        return Memory.getInt(wc + VENDOR_ERR);
    }

    public static int byteLen(long wc) {
        return Memory.getInt(wc + BYTE_LEN);
    }

    public static int immData(long wc) {
        return Memory.getInt(wc + IMM_DATA);
    }

    public static int invalidatedRkey(long wc) {
        return Memory.getInt(wc + INVALIDATED_RKEY);
    }

    public static int qpNum(long wc) {
        return Memory.getInt(wc + QP_NUM);
    }

    public static int srcQp(long wc) {
        return Memory.getInt(wc + SRC_QP);
    }

    public static int wcFlags(long wc) {
        return Memory.getInt(wc + WC_FLAGS);
    }

    public static void wcFlags(long wc, int value) {
        Memory.putInt(wc + WC_FLAGS, value);
    }

    public static int pkeyIndex(long wc) {
        return Memory.getUnsignedShort(wc + PKEY_INDEX);
    }

    public static int slid(long wc) {
        return Memory.getUnsignedShort(wc + SLID);
    }

    public static int sl(long wc) {
        return Memory.getUnsignedByte(wc + SL);
    }

    public static int dlidPathBits(long wc) {
        return Memory.getUnsignedByte(wc + DLID_PATH_BITS);
    }
}
