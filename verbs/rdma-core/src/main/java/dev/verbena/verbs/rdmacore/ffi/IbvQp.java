package dev.verbena.verbs.rdmacore.ffi;

/**
 * A queue pair.
 *
 * <pre>{@code
 * struct ibv_qp {
 *       52  uint32_t          qp_num;
 *       56  enum ibv_qp_state state;
 *       60  enum ibv_qp_type  qp_type;
 * }
 * }</pre>
 */
@CStruct("struct ibv_qp")
public final class IbvQp {
    @CStruct.Offset(value = "qp_num", bytes = 4)
    static final int QP_NUM = 52;

    @CStruct.Offset(value = "state", bytes = 4)
    static final int STATE = 56;

    @CStruct.Offset(value = "qp_type", bytes = 4)
    static final int QP_TYPE = 60;

    private IbvQp() {}

    public static int qpNum(long qp) {
        return Memory.getInt(qp + QP_NUM);
    }

    public static int state(long qp) {
        return Memory.getInt(qp + STATE);
    }

    public static int qpType(long qp) {
        return Memory.getInt(qp + QP_TYPE);
    }
}
