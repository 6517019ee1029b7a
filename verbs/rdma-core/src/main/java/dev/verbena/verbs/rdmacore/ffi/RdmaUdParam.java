package dev.verbena.verbs.rdmacore.ffi;

/**
 * What an event of the datagram port space says of the other side.
 *
 * <pre>{@code
 * struct rdma_ud_param {
 *        0  const void *       private_data;
 *        8  uint8_t            private_data_len;
 *       16  struct ibv_ah_attr ah_attr;
 *       48  uint32_t           qp_num;
 *       52  uint32_t           qkey;
 * }  size 56
 * }</pre>
 */
@CStruct("struct rdma_ud_param")
public final class RdmaUdParam {
    @CStruct.SizeOf
    public static final int SIZE = 56;

    @CStruct.Offset(value = "private_data", bytes = 8)
    static final int PRIVATE_DATA = 0;

    @CStruct.Offset(value = "private_data_len", bytes = 1)
    static final int PRIVATE_DATA_LEN = 8;

    @CStruct.Offset(value = "ah_attr", bytes = 32)
    static final int AH_ATTR = 16;

    @CStruct.Offset(value = "qp_num", bytes = 4)
    static final int QP_NUM = 48;

    @CStruct.Offset(value = "qkey", bytes = 4)
    static final int QKEY = 52;

    private RdmaUdParam() {}

    public static long privateData(long param) {
        return Memory.getLong(param + PRIVATE_DATA);
    }

    public static int privateDataLen(long param) {
        return Memory.getUnsignedByte(param + PRIVATE_DATA_LEN);
    }

    /** The address of the nested {@code struct ibv_ah_attr}. */
    public static long ahAttr(long param) {
        return param + AH_ATTR;
    }

    public static int qpNum(long param) {
        return Memory.getInt(param + QP_NUM);
    }

    public static int qkey(long param) {
        return Memory.getInt(param + QKEY);
    }
}
