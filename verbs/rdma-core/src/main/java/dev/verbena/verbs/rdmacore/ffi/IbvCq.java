package dev.verbena.verbs.rdmacore.ffi;

/**
 * A completion queue.
 *
 * <pre>{@code
 * struct ibv_cq {
 *        8  struct ibv_comp_channel * channel;
 *       28  int                       cqe;
 * }
 * }</pre>
 */
@CStruct("struct ibv_cq")
public final class IbvCq {
    @CStruct.Offset(value = "channel", bytes = 8)
    static final int CHANNEL = 8;

    @CStruct.Offset(value = "cqe", bytes = 4)
    static final int CQE = 28;

    private IbvCq() {}

    public static long channel(long cq) {
        return Memory.getLong(cq + CHANNEL);
    }

    public static int cqe(long cq) {
        return Memory.getInt(cq + CQE);
    }
}
