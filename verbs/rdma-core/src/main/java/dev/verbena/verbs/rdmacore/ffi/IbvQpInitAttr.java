package dev.verbena.verbs.rdmacore.ffi;

/**
 * How {@code ibv_create_qp} is told what to make.
 *
 * <pre>{@code
 * struct ibv_qp_init_attr {
 *        0  void *            qp_context;
 *        8  struct ibv_cq *   send_cq;
 *       16  struct ibv_cq *   recv_cq;
 *       24  struct ibv_srq *  srq;
 *       32  struct ibv_qp_cap cap;
 *       52  enum ibv_qp_type  qp_type;
 *       56  int               sq_sig_all;
 * }  size 64
 * }</pre>
 */
@CStruct("struct ibv_qp_init_attr")
public final class IbvQpInitAttr {
    @CStruct.SizeOf
    public static final int SIZE = 64;

    @CStruct.Offset(value = "qp_context", bytes = 8)
    static final int QP_CONTEXT = 0;

    @CStruct.Offset(value = "send_cq", bytes = 8)
    static final int SEND_CQ = 8;

    @CStruct.Offset(value = "recv_cq", bytes = 8)
    static final int RECV_CQ = 16;

    @CStruct.Offset(value = "srq", bytes = 8)
    static final int SRQ = 24;

    @CStruct.Offset(value = "cap", bytes = 20)
    static final int CAP = 32;

    @CStruct.Offset(value = "qp_type", bytes = 4)
    static final int QP_TYPE = 52;

    @CStruct.Offset(value = "sq_sig_all", bytes = 4)
    static final int SQ_SIG_ALL = 56;

    @CStruct.Value
    public static final int IBV_QPT_RC = 2;

    @CStruct.Value
    public static final int IBV_QPT_UC = 3;

    @CStruct.Value
    public static final int IBV_QPT_UD = 4;

    private IbvQpInitAttr() {}

    /** The address of the nested {@code struct ibv_qp_cap}. */
    public static long cap(long attr) {
        return attr + CAP;
    }

    public static int qpType(long attr) {
        return Memory.getInt(attr + QP_TYPE);
    }

    public static int sqSigAll(long attr) {
        return Memory.getInt(attr + SQ_SIG_ALL);
    }

    /** Writes every field but the nested {@code cap}, which {@link IbvQpCap#set} writes. */
    public static void set(long attr, long sendCq, long recvCq, long srq, int qpType, boolean sqSigAll) {
        Memory.putLong(attr + QP_CONTEXT, 0);
        Memory.putLong(attr + SEND_CQ, sendCq);
        Memory.putLong(attr + RECV_CQ, recvCq);
        Memory.putLong(attr + SRQ, srq);
        Memory.putInt(attr + QP_TYPE, qpType);
        Memory.putInt(attr + SQ_SIG_ALL, sqSigAll ? 1 : 0);
    }
}
