package dev.verbena.verbs.rdmacore.ffi;

/**
 * The attributes that {@code ibv_modify_qp} and {@code ibv_query_qp} move, chosen by a mask.
 *
 * <pre>{@code
 * struct ibv_qp_attr {
 *        0  enum ibv_qp_state  qp_state;
 *        4  enum ibv_qp_state  cur_qp_state;
 *        8  enum ibv_mtu       path_mtu;
 *       12  enum ibv_mig_state path_mig_state;
 *       16  uint32_t           qkey;
 *       20  uint32_t           rq_psn;
 *       24  uint32_t           sq_psn;
 *       28  uint32_t           dest_qp_num;
 *       32  unsigned int       qp_access_flags;
 *       36  struct ibv_qp_cap  cap;
 *       56  struct ibv_ah_attr ah_attr;
 *       88  struct ibv_ah_attr alt_ah_attr;
 *      120  uint16_t           pkey_index;
 *      122  uint16_t           alt_pkey_index;
 *      124  uint8_t            en_sqd_async_notify;
 *      125  uint8_t            sq_draining;
 *      126  uint8_t            max_rd_atomic;
 *      127  uint8_t            max_dest_rd_atomic;
 *      128  uint8_t            min_rnr_timer;
 *      129  uint8_t            port_num;
 *      130  uint8_t            timeout;
 *      131  uint8_t            retry_cnt;
 *      132  uint8_t            rnr_retry;
 *      133  uint8_t            alt_port_num;
 *      134  uint8_t            alt_timeout;
 *      136  uint32_t           rate_limit;
 * }  size 144
 * }</pre>
 */
@CStruct("struct ibv_qp_attr")
public final class IbvQpAttr {
    @CStruct.SizeOf
    public static final int SIZE = 144;

    @CStruct.Offset(value = "qp_state", bytes = 4)
    static final int QP_STATE = 0;

    @CStruct.Offset(value = "cur_qp_state", bytes = 4)
    static final int CUR_QP_STATE = 4;

    @CStruct.Offset(value = "path_mtu", bytes = 4)
    static final int PATH_MTU = 8;

    @CStruct.Offset(value = "path_mig_state", bytes = 4)
    static final int PATH_MIG_STATE = 12;

    @CStruct.Offset(value = "qkey", bytes = 4)
    static final int QKEY = 16;

    @CStruct.Offset(value = "rq_psn", bytes = 4)
    static final int RQ_PSN = 20;

    @CStruct.Offset(value = "sq_psn", bytes = 4)
    static final int SQ_PSN = 24;

    @CStruct.Offset(value = "dest_qp_num", bytes = 4)
    static final int DEST_QP_NUM = 28;

    @CStruct.Offset(value = "qp_access_flags", bytes = 4)
    static final int QP_ACCESS_FLAGS = 32;

    @CStruct.Offset(value = "cap", bytes = 20)
    static final int CAP = 36;

    @CStruct.Offset(value = "ah_attr", bytes = 32)
    static final int AH_ATTR = 56;

    @CStruct.Offset(value = "alt_ah_attr", bytes = 32)
    static final int ALT_AH_ATTR = 88;

    @CStruct.Offset(value = "pkey_index", bytes = 2)
    static final int PKEY_INDEX = 120;

    @CStruct.Offset(value = "alt_pkey_index", bytes = 2)
    static final int ALT_PKEY_INDEX = 122;

    @CStruct.Offset(value = "en_sqd_async_notify", bytes = 1)
    static final int EN_SQD_ASYNC_NOTIFY = 124;

    @CStruct.Offset(value = "sq_draining", bytes = 1)
    static final int SQ_DRAINING = 125;

    @CStruct.Offset(value = "max_rd_atomic", bytes = 1)
    static final int MAX_RD_ATOMIC = 126;

    @CStruct.Offset(value = "max_dest_rd_atomic", bytes = 1)
    static final int MAX_DEST_RD_ATOMIC = 127;

    @CStruct.Offset(value = "min_rnr_timer", bytes = 1)
    static final int MIN_RNR_TIMER = 128;

    @CStruct.Offset(value = "port_num", bytes = 1)
    static final int PORT_NUM = 129;

    @CStruct.Offset(value = "timeout", bytes = 1)
    static final int TIMEOUT = 130;

    @CStruct.Offset(value = "retry_cnt", bytes = 1)
    static final int RETRY_CNT = 131;

    @CStruct.Offset(value = "rnr_retry", bytes = 1)
    static final int RNR_RETRY = 132;

    @CStruct.Offset(value = "alt_port_num", bytes = 1)
    static final int ALT_PORT_NUM = 133;

    @CStruct.Offset(value = "alt_timeout", bytes = 1)
    static final int ALT_TIMEOUT = 134;

    @CStruct.Offset(value = "rate_limit", bytes = 4)
    static final int RATE_LIMIT = 136;

    @CStruct.Value
    public static final int IBV_QP_STATE = 1 << 0;

    @CStruct.Value
    public static final int IBV_QP_CUR_STATE = 1 << 1;

    @CStruct.Value
    public static final int IBV_QP_EN_SQD_ASYNC_NOTIFY = 1 << 2;

    @CStruct.Value
    public static final int IBV_QP_ACCESS_FLAGS = 1 << 3;

    @CStruct.Value
    public static final int IBV_QP_PKEY_INDEX = 1 << 4;

    @CStruct.Value
    public static final int IBV_QP_PORT = 1 << 5;

    @CStruct.Value
    public static final int IBV_QP_QKEY = 1 << 6;

    @CStruct.Value
    public static final int IBV_QP_AV = 1 << 7;

    @CStruct.Value
    public static final int IBV_QP_PATH_MTU = 1 << 8;

    @CStruct.Value
    public static final int IBV_QP_TIMEOUT = 1 << 9;

    @CStruct.Value
    public static final int IBV_QP_RETRY_CNT = 1 << 10;

    @CStruct.Value
    public static final int IBV_QP_RNR_RETRY = 1 << 11;

    @CStruct.Value
    public static final int IBV_QP_RQ_PSN = 1 << 12;

    @CStruct.Value
    public static final int IBV_QP_MAX_QP_RD_ATOMIC = 1 << 13;

    @CStruct.Value
    public static final int IBV_QP_ALT_PATH = 1 << 14;

    @CStruct.Value
    public static final int IBV_QP_MIN_RNR_TIMER = 1 << 15;

    @CStruct.Value
    public static final int IBV_QP_SQ_PSN = 1 << 16;

    @CStruct.Value
    public static final int IBV_QP_MAX_DEST_RD_ATOMIC = 1 << 17;

    @CStruct.Value
    public static final int IBV_QP_PATH_MIG_STATE = 1 << 18;

    @CStruct.Value
    public static final int IBV_QP_CAP = 1 << 19;

    @CStruct.Value
    public static final int IBV_QP_DEST_QPN = 1 << 20;

    @CStruct.Value
    public static final int IBV_QP_RATE_LIMIT = 1 << 25;

    @CStruct.Value
    public static final int IBV_QPS_RESET = 0;

    @CStruct.Value
    public static final int IBV_QPS_INIT = 1;

    @CStruct.Value
    public static final int IBV_QPS_RTR = 2;

    @CStruct.Value
    public static final int IBV_QPS_RTS = 3;

    @CStruct.Value
    public static final int IBV_QPS_SQD = 4;

    @CStruct.Value
    public static final int IBV_QPS_SQE = 5;

    @CStruct.Value
    public static final int IBV_QPS_ERR = 6;

    @CStruct.Value
    public static final int IBV_QPS_UNKNOWN = 7;

    @CStruct.Value
    public static final int IBV_MIG_MIGRATED = 0;

    @CStruct.Value
    public static final int IBV_MIG_REARM = 1;

    @CStruct.Value
    public static final int IBV_MIG_ARMED = 2;

    private IbvQpAttr() {}

    public static int qpState(long attr) {
        return Memory.getInt(attr + QP_STATE);
    }

    public static void qpState(long attr, int value) {
        Memory.putInt(attr + QP_STATE, value);
    }

    public static int curQpState(long attr) {
        return Memory.getInt(attr + CUR_QP_STATE);
    }

    public static void curQpState(long attr, int value) {
        Memory.putInt(attr + CUR_QP_STATE, value);
    }

    public static int pathMtu(long attr) {
        return Memory.getInt(attr + PATH_MTU);
    }

    public static void pathMtu(long attr, int value) {
        Memory.putInt(attr + PATH_MTU, value);
    }

    public static int pathMigState(long attr) {
        return Memory.getInt(attr + PATH_MIG_STATE);
    }

    public static void pathMigState(long attr, int value) {
        Memory.putInt(attr + PATH_MIG_STATE, value);
    }

    public static int qkey(long attr) {
        return Memory.getInt(attr + QKEY);
    }

    public static void qkey(long attr, int value) {
        Memory.putInt(attr + QKEY, value);
    }

    public static int rqPsn(long attr) {
        return Memory.getInt(attr + RQ_PSN);
    }

    public static void rqPsn(long attr, int value) {
        Memory.putInt(attr + RQ_PSN, value);
    }

    public static int sqPsn(long attr) {
        return Memory.getInt(attr + SQ_PSN);
    }

    public static void sqPsn(long attr, int value) {
        Memory.putInt(attr + SQ_PSN, value);
    }

    public static int destQpNum(long attr) {
        return Memory.getInt(attr + DEST_QP_NUM);
    }

    public static void destQpNum(long attr, int value) {
        Memory.putInt(attr + DEST_QP_NUM, value);
    }

    public static int qpAccessFlags(long attr) {
        return Memory.getInt(attr + QP_ACCESS_FLAGS);
    }

    public static void qpAccessFlags(long attr, int value) {
        Memory.putInt(attr + QP_ACCESS_FLAGS, value);
    }

    /** The address of the nested {@code struct ibv_qp_cap}. */
    public static long cap(long attr) {
        return attr + CAP;
    }

    /** The address of the nested {@code struct ibv_ah_attr}. */
    public static long ahAttr(long attr) {
        return attr + AH_ATTR;
    }

    /** The address of the nested {@code struct ibv_ah_attr}. */
    public static long altAhAttr(long attr) {
        return attr + ALT_AH_ATTR;
    }

    public static int pkeyIndex(long attr) {
        return Memory.getUnsignedShort(attr + PKEY_INDEX);
    }

    public static void pkeyIndex(long attr, int value) {
        Memory.putShort(attr + PKEY_INDEX, value);
    }

    public static int altPkeyIndex(long attr) {
        return Memory.getUnsignedShort(attr + ALT_PKEY_INDEX);
    }

    public static void altPkeyIndex(long attr, int value) {
        Memory.putShort(attr + ALT_PKEY_INDEX, value);
    }

    public static int enSqdAsyncNotify(long attr) {
        return Memory.getUnsignedByte(attr + EN_SQD_ASYNC_NOTIFY);
    }

    public static void enSqdAsyncNotify(long attr, int value) {
        Memory.putByte(attr + EN_SQD_ASYNC_NOTIFY, value);
    }

    public static int sqDraining(long attr) {
        return Memory.getUnsignedByte(attr + SQ_DRAINING);
    }

    public static void sqDraining(long attr, int value) {
        Memory.putByte(attr + SQ_DRAINING, value);
    }

    public static int maxRdAtomic(long attr) {
        return Memory.getUnsignedByte(attr + MAX_RD_ATOMIC);
    }

    public static void maxRdAtomic(long attr, int value) {
        Memory.putByte(attr + MAX_RD_ATOMIC, value);
    }

    public static int maxDestRdAtomic(long attr) {
        return Memory.getUnsignedByte(attr + MAX_DEST_RD_ATOMIC);
    }

    public static void maxDestRdAtomic(long attr, int value) {
        Memory.putByte(attr + MAX_DEST_RD_ATOMIC, value);
    }

    public static int minRnrTimer(long attr) {
        return Memory.getUnsignedByte(attr + MIN_RNR_TIMER);
    }

    public static void minRnrTimer(long attr, int value) {
        Memory.putByte(attr + MIN_RNR_TIMER, value);
    }

    public static int portNum(long attr) {
        return Memory.getUnsignedByte(attr + PORT_NUM);
    }

    public static void portNum(long attr, int value) {
        Memory.putByte(attr + PORT_NUM, value);
    }

    public static int timeout(long attr) {
        return Memory.getUnsignedByte(attr + TIMEOUT);
    }

    public static void timeout(long attr, int value) {
        Memory.putByte(attr + TIMEOUT, value);
    }

    public static int retryCnt(long attr) {
        return Memory.getUnsignedByte(attr + RETRY_CNT);
    }

    public static void retryCnt(long attr, int value) {
        Memory.putByte(attr + RETRY_CNT, value);
    }

    public static int rnrRetry(long attr) {
        return Memory.getUnsignedByte(attr + RNR_RETRY);
    }

    public static void rnrRetry(long attr, int value) {
        Memory.putByte(attr + RNR_RETRY, value);
    }

    public static int altPortNum(long attr) {
        return Memory.getUnsignedByte(attr + ALT_PORT_NUM);
    }

    public static void altPortNum(long attr, int value) {
        Memory.putByte(attr + ALT_PORT_NUM, value);
    }

    public static int altTimeout(long attr) {
        return Memory.getUnsignedByte(attr + ALT_TIMEOUT);
    }

    public static void altTimeout(long attr, int value) {
        Memory.putByte(attr + ALT_TIMEOUT, value);
    }

    public static int rateLimit(long attr) {
        return Memory.getInt(attr + RATE_LIMIT);
    }

    public static void rateLimit(long attr, int value) {
        Memory.putInt(attr + RATE_LIMIT, value);
    }
}
