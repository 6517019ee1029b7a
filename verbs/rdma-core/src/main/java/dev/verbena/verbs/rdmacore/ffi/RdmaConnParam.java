package dev.verbena.verbs.rdmacore.ffi;

/**
 * What a side says of itself when it connects or accepts.
 *
 * <pre>{@code
 * struct rdma_conn_param {
 *        0  const void * private_data;
 *        8  uint8_t      private_data_len;
 *        9  uint8_t      responder_resources;
 *       10  uint8_t      initiator_depth;
 *       11  uint8_t      flow_control;
 *       12  uint8_t      retry_count;
 *       13  uint8_t      rnr_retry_count;
 *       14  uint8_t      srq;
 *       16  uint32_t     qp_num;
 * }  size 24
 * }</pre>
 */
@CStruct("struct rdma_conn_param")
public final class RdmaConnParam {
    @CStruct.SizeOf
    public static final int SIZE = 24;

    @CStruct.Offset(value = "private_data", bytes = 8)
    static final int PRIVATE_DATA = 0;

    @CStruct.Offset(value = "private_data_len", bytes = 1)
    static final int PRIVATE_DATA_LEN = 8;

    @CStruct.Offset(value = "responder_resources", bytes = 1)
    static final int RESPONDER_RESOURCES = 9;

    @CStruct.Offset(value = "initiator_depth", bytes = 1)
    static final int INITIATOR_DEPTH = 10;

    @CStruct.Offset(value = "flow_control", bytes = 1)
    static final int FLOW_CONTROL = 11;

    @CStruct.Offset(value = "retry_count", bytes = 1)
    static final int RETRY_COUNT = 12;

    @CStruct.Offset(value = "rnr_retry_count", bytes = 1)
    static final int RNR_RETRY_COUNT = 13;

    @CStruct.Offset(value = "srq", bytes = 1)
    static final int SRQ = 14;

    @CStruct.Offset(value = "qp_num", bytes = 4)
    static final int QP_NUM = 16;

    private RdmaConnParam() {}

    public static long privateData(long param) {
        return Memory.getLong(param + PRIVATE_DATA);
    }

    public static int privateDataLen(long param) {
        return Memory.getUnsignedByte(param + PRIVATE_DATA_LEN);
    }

    public static int responderResources(long param) {
        return Memory.getUnsignedByte(param + RESPONDER_RESOURCES);
    }

    public static int initiatorDepth(long param) {
        return Memory.getUnsignedByte(param + INITIATOR_DEPTH);
    }

    public static int flowControl(long param) {
        return Memory.getUnsignedByte(param + FLOW_CONTROL);
    }

    public static int retryCount(long param) {
        return Memory.getUnsignedByte(param + RETRY_COUNT);
    }

    public static int rnrRetryCount(long param) {
        return Memory.getUnsignedByte(param + RNR_RETRY_COUNT);
    }

    public static int srq(long param) {
        return Memory.getUnsignedByte(param + SRQ);
    }

    public static int qpNum(long param) {
        return Memory.getInt(param + QP_NUM);
    }

    /** Writes every field. */
    public static void set(
            long param,
            long privateData,
            int privateDataLen,
            int responderResources,
            int initiatorDepth,
            boolean flowControl,
            int retryCount,
            int rnrRetryCount,
            boolean srq,
            int qpNum) {
        Memory.putLong(param + PRIVATE_DATA, privateData);
        Memory.putByte(param + PRIVATE_DATA_LEN, privateDataLen);
        Memory.putByte(param + RESPONDER_RESOURCES, responderResources);
        Memory.putByte(param + INITIATOR_DEPTH, initiatorDepth);
        Memory.putByte(param + FLOW_CONTROL, flowControl ? 1 : 0);
        Memory.putByte(param + RETRY_COUNT, retryCount);
        Memory.putByte(param + RNR_RETRY_COUNT, rnrRetryCount);
        Memory.putByte(param + SRQ, srq ? 1 : 0);
        Memory.putInt(param + QP_NUM, qpNum);
    }
}
