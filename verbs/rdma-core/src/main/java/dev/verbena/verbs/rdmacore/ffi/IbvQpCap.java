package dev.verbena.verbs.rdmacore.ffi;

/**
 * The sizes of a queue pair: asked for when it is made, answered with what was given.
 *
 * <pre>{@code
 * struct ibv_qp_cap {
 *        0  uint32_t max_send_wr;
 *        4  uint32_t max_recv_wr;
 *        8  uint32_t max_send_sge;
 *       12  uint32_t max_recv_sge;
 *       16  uint32_t max_inline_data;
 * }  size 20
 * }</pre>
 */
@CStruct("struct ibv_qp_cap")
public final class IbvQpCap {
    @CStruct.SizeOf
    public static final int SIZE = 20;

    @CStruct.Offset(value = "max_send_wr", bytes = 4)
    static final int MAX_SEND_WR = 0;

    @CStruct.Offset(value = "max_recv_wr", bytes = 4)
    static final int MAX_RECV_WR = 4;

    @CStruct.Offset(value = "max_send_sge", bytes = 4)
    static final int MAX_SEND_SGE = 8;

    @CStruct.Offset(value = "max_recv_sge", bytes = 4)
    static final int MAX_RECV_SGE = 12;

    @CStruct.Offset(value = "max_inline_data", bytes = 4)
    static final int MAX_INLINE_DATA = 16;

    private IbvQpCap() {}

    public static int maxSendWr(long cap) {
        return Memory.getInt(cap + MAX_SEND_WR);
    }

    public static int maxRecvWr(long cap) {
        return Memory.getInt(cap + MAX_RECV_WR);
    }

    public static int maxSendSge(long cap) {
        return Memory.getInt(cap + MAX_SEND_SGE);
    }

    public static int maxRecvSge(long cap) {
        return Memory.getInt(cap + MAX_RECV_SGE);
    }

    public static int maxInlineData(long cap) {
        return Memory.getInt(cap + MAX_INLINE_DATA);
    }

    /** Writes every field. */
    public static void set(long cap, int maxSendWr, int maxRecvWr, int maxSendSge, int maxRecvSge, int maxInlineData) {
        Memory.putInt(cap + MAX_SEND_WR, maxSendWr);
        Memory.putInt(cap + MAX_RECV_WR, maxRecvWr);
        Memory.putInt(cap + MAX_SEND_SGE, maxSendSge);
        Memory.putInt(cap + MAX_RECV_SGE, maxRecvSge);
        Memory.putInt(cap + MAX_INLINE_DATA, maxInlineData);
    }
}
