package dev.verbena.verbs.rdmacore.ffi;

/**
 * The sizes and the limit of a shared receive queue.
 *
 * <pre>{@code
 * struct ibv_srq_attr {
 *        0  uint32_t max_wr;
 *        4  uint32_t max_sge;
 *        8  uint32_t srq_limit;
 * }  size 12
 * }</pre>
 */
@CStruct("struct ibv_srq_attr")
public final class IbvSrqAttr {
    @CStruct.SizeOf
    public static final int SIZE = 12;

    @CStruct.Offset(value = "max_wr", bytes = 4)
    static final int MAX_WR = 0;

    @CStruct.Offset(value = "max_sge", bytes = 4)
    static final int MAX_SGE = 4;

    @CStruct.Offset(value = "srq_limit", bytes = 4)
    static final int SRQ_LIMIT = 8;

    @CStruct.Value
    public static final int IBV_SRQ_MAX_WR = 1;

    @CStruct.Value
    public static final int IBV_SRQ_LIMIT = 2;

    private IbvSrqAttr() {}

    public static int maxWr(long attr) {
        return Memory.getInt(attr + MAX_WR);
    }

    public static int maxSge(long attr) {
        return Memory.getInt(attr + MAX_SGE);
    }

    public static int srqLimit(long attr) {
        return Memory.getInt(attr + SRQ_LIMIT);
    }

    /** Writes every field. */
    public static void set(long attr, int maxWr, int maxSge, int srqLimit) {
        Memory.putInt(attr + MAX_WR, maxWr);
        Memory.putInt(attr + MAX_SGE, maxSge);
        Memory.putInt(attr + SRQ_LIMIT, srqLimit);
    }
}
