package dev.verbena.verbs.rdmacore.ffi;

/**
 * A request to receive. Hot path.
 *
 * <pre>{@code
 * struct ibv_recv_wr {
 *        0  uint64_t             wr_id;
 *        8  struct ibv_recv_wr * next;
 *       16  struct ibv_sge *     sg_list;
 *       24  int                  num_sge;
 * }  size 32
 * }</pre>
 */
@CStruct("struct ibv_recv_wr")
public final class IbvRecvWr {
    @CStruct.SizeOf
    public static final int SIZE = 32;

    @CStruct.Offset(value = "wr_id", bytes = 8)
    static final int WR_ID = 0;

    @CStruct.Offset(value = "next", bytes = 8)
    static final int NEXT = 8;

    @CStruct.Offset(value = "sg_list", bytes = 8)
    static final int SG_LIST = 16;

    @CStruct.Offset(value = "num_sge", bytes = 4)
    static final int NUM_SGE = 24;

    private IbvRecvWr() {}

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

    public static int numSge(long wr) {
        return Memory.getInt(wr + NUM_SGE);
    }

    /** Writes every field. */
    public static void set(long wr, long wrId, long next, long sgList, int numSge) {
        Memory.putLong(wr + WR_ID, wrId);
        Memory.putLong(wr + NEXT, next);
        Memory.putLong(wr + SG_LIST, sgList);
        Memory.putInt(wr + NUM_SGE, numSge);
    }
}
